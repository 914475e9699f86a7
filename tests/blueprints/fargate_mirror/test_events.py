"""Which events start a run or are kept, by an emulator of EventBridge."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import aws_events, shapes
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

if TYPE_CHECKING:
    from support.eventbridge import EventBridge

BLUEPRINT = find("fargate_mirror").load()
EVERY = {
    **aws_events.pushes(),
    **{f"team-x: {kind}": event for kind, event in aws_events.pushes("team-x").items()},
    **aws_events.OTHERS,
    **aws_events.ENDS,
}


def rules(asked: str = "*", **options: Any) -> dict[str, Any]:
    """Return the patterns of a shape's rules, with what the deployment fills in."""
    body = synthesize(BLUEPRINT, options).document.body
    given = {"Repositories": asked, "MirrorCluster.Arn": aws_events.CLUSTER}
    given |= {"ImageParameter": "1.dkr.ecr.us-east-2.amazonaws.com/mirror:1"}
    return {
        name: resolved(rule["EventPattern"], given)
        for name, rule in of_type(body, "AWS::Events::Rule").items()
        if "EventPattern" in rule
    }


def pushes(asked: str = "*", **options: Any) -> list[dict[str, Any]]:
    """Return the patterns of a shape's rules for pushes."""
    found = rules(asked, **options).items()
    return [pattern for name, pattern in found if name.startswith("Push")]


def seen(eventbridge: EventBridge, pattern: dict[str, Any]) -> set[str]:
    """Return which of all recorded events a pattern matches."""
    return {name for name, event in EVERY.items() if eventbridge.matches(pattern, event)}


@pytest.mark.parametrize(
    ("tests", "value", "match"),
    [
        # AWS page "Comparison operators for use in event patterns in Amazon EventBridge".
        ([{"prefix": "team-"}, "app"], "team-x", True),
        ([{"prefix": "team-"}, "app"], "app", True),
        ([{"prefix": "team-"}, "app"], "app2", False),
        ([{"wildcard": "app"}], "app", True),
        ([{"wildcard": "app"}], "app2", False),
        ([{"wildcard": "*"}], "app", True),
        ([{"wildcard": "a.p*"}], "axp", False),
        ([{"anything-but": [0, 1]}], 2, True),
        ([{"anything-but": [0, 1]}], 1, False),
        ([{"anything-but": [0, 1]}], None, True),
        ([{"exists": False}], 2, False),
    ],
)
def test_the_emulator_keeps_aws_documented_rules(
    eventbridge: EventBridge, tests: list[Any], value: Any, match: object
) -> None:
    """What our patterns are made of means there what AWS says it means, in arrays as well."""
    assert eventbridge.matches({"x": tests}, {"x": value}) is match
    assert eventbridge.matches({"x": {"y": tests}}, {"x": [{"y": value}]}) is match


@pytest.mark.parametrize("event", [{"x": []}, {"x": [{}]}, {"x": [{"z": 1}]}, {}])
def test_the_emulator_knows_when_a_field_is_missing(
    eventbridge: EventBridge, event: dict[str, Any]
) -> None:
    """A field that no item of an array has does not exist, and has no value to be another."""
    assert eventbridge.matches({"x": {"y": [{"exists": False}]}}, event)
    assert not eventbridge.matches({"x": {"y": [{"anything-but": [0]}]}}, event)


@pytest.mark.parametrize("trigger", ["events", "direct"])
@pytest.mark.parametrize(
    ("repositories", "found"),
    [
        ("MyDemoRepo", {"MyDemoRepo"}),
        ("My*", {"MyDemoRepo"}),
        ("team-*", {"team-x"}),
        ("*", {"MyDemoRepo", "team-x"}),
        ("MyDemo", set()),
        ("mydemorepo", set()),
        ("MyDemoRep.", set()),
    ],
)
def test_every_change_of_a_ref_starts_a_run_and_nothing_else_does(
    eventbridge: EventBridge, trigger: str, repositories: str, found: set[str]
) -> None:
    """Branches and tags made, moved, merged and deleted, in the repositories that were asked for.

    No pull request, comment, merge without a branch, call of the API or other service does.
    """
    (pattern,) = pushes(repositories, trigger=trigger)
    wanted = set()
    if "MyDemoRepo" in found:
        wanted |= set(aws_events.pushes())
    if "team-x" in found:
        wanted |= {f"team-x: {kind}" for kind in aws_events.pushes()}
    assert seen(eventbridge, pattern) == wanted


@pytest.mark.parametrize(
    ("repositories", "inside", "outside"),
    [
        (["app"], ["app"], ["app2", "ap", "App", "team-app"]),
        (["app", "team-*"], ["app", "team-", "team-x"], ["team", "xteam-x", "app-team-"]),
        (["*"], ["app", "x"], []),
        (["app", "*"], ["app", "x"], []),
    ],
)
def test_repositories_named_at_build_time_are_told_apart(
    eventbridge: EventBridge, repositories: list[str], inside: list[str], outside: list[str]
) -> None:
    """Names are whole names, and only what ends in a star is a beginning."""
    (pattern,) = pushes(repositories=repositories)
    for name in (*inside, *outside):
        event = aws_events.branch("referenceCreated", name, commitId=aws_events.NEW)
        assert eventbridge.matches(pattern, event) is (name in inside), name


def test_many_repositories_are_split_into_rules_that_miss_none(eventbridge: EventBridge) -> None:
    """Each name is seen by exactly one of several rules, whose patterns AWS accepts by length."""
    names = [f"{number:02}-{'x' * 97}" for number in range(20)]
    there = [{"region": "us-west-2"}]
    patterns = pushes(repositories=names, destinations=there)
    assert len(patterns) > 1
    for pattern in patterns:
        assert len(json.dumps(pattern)) <= 2048
    for name in names:
        event = aws_events.tag("referenceDeleted", name, oldCommitId=aws_events.OLD)
        assert sum(eventbridge.matches(pattern, event) for pattern in patterns) == 1


REPORTED = {"all equal (0)", "not all (1)"}
NOT_ENDED = {"interruption announced", "provisioning", "running", "deprovisioning"}
ELSEWHERE = {"another cluster", "another cluster's Spot"}


def test_a_run_that_could_not_say_how_it_ended_is_done_again(eventbridge: EventBridge) -> None:
    """Killed, out of memory, never started, stopped by an operator, interrupted: all but 0 and 1.

    Those two are mirror.py's own, which reports its failures.
    """
    died = set(aws_events.ENDS) - REPORTED - NOT_ENDED - ELSEWHERE
    assert len(died) == 8
    for options in ({}, {"spot": True}, {"source": "https"}):
        assert seen(eventbridge, rules(**options)["TaskDied"]) == died


def test_without_a_function_a_run_that_died_is_kept(eventbridge: EventBridge) -> None:
    """Whatever ended it; but where Spot may interrupt it, which is done again, 143 says no more."""
    failed = {
        "failed (2)",
        "no memory (137)",
        "no Python (127)",
        "no image",
        "no container",
        "interrupted (137)",
    }
    stopped = set(aws_events.ENDS) - REPORTED - NOT_ENDED - ELSEWHERE - failed
    assert stopped
    assert seen(eventbridge, rules(trigger="direct")["TaskDied"]) == failed | stopped
    direct = rules(trigger="direct", spot=True)
    assert seen(eventbridge, direct["TaskDied"]) == failed
    interrupted = seen(eventbridge, direct["SpotInterrupted"])
    assert interrupted == {"interrupted (143)", "interrupted (137)"}


@pytest.mark.parametrize("kind", aws_events.pushes())
def test_a_task_learns_from_the_event_what_has_changed(eventbridge: EventBridge, kind: str) -> None:
    """Without a function, EventBridge itself makes of each event an override that RunTask takes."""
    body = synthesize(BLUEPRINT, {"trigger": "direct"}).document.body
    (target,) = of_type(body, "AWS::Events::Rule")["Push"]["Targets"]
    event = aws_events.pushes()[kind]
    number, arrived = eventbridge.transformed(target["InputTransformer"], event)
    override = json.loads(arrived)
    request = {"taskDefinition": "mirror", "overrides": override}
    assert shapes.problems("ecs", "RunTask", request) == []
    (container,) = override["containerOverrides"]
    (defined,) = of_type(body, "AWS::ECS::TaskDefinition")["MirrorTask"]["ContainerDefinitions"]
    assert container["name"] == defined["Name"]
    values = {v["name"]: v["value"] for v in container["environment"]}
    since = values.pop("MIRROR_SINCE")  # the emulator gives events its own time
    assert time.strptime(since, "%Y-%m-%dT%H:%M:%SZ")
    assert values == {"REPOSITORY": "MyDemoRepo", "EVENT_ID": number}
