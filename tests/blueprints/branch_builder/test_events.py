"""Which pushes start what, by an emulator of EventBridge."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support import aws_events, shapes
from support.branches import BLUEPRINT, HOSTILE
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.testing import of_type

if TYPE_CHECKING:
    from support.eventbridge import EventBridge

WORKER = partial(re.sub, '"name": "mirror"', '"name": "worker"')
COMMIT = "7f0103f0c4e1d2b3a495867708192a3b4c5d6e7f"
EVERY = {**aws_events.pushes(), **aws_events.OTHERS, **aws_events.ENDS}
BUILT = {"branch created", "branch updated", "branch merged"}
# What closes the text that it stands in, and goes on as a request of its own.
INJECTION = 'x","type":"PLAINTEXT"}],"buildspecOverride":"version:"}'


def rules(asked: str = "*", **options: Any) -> dict[str, Any]:
    """Return a shape's rules, with what the deployment fills in."""
    body = synthesize(BLUEPRINT, options).document.body
    given = {"Repositories": asked, "SourceAccount": "222233334444", "Outputs": "outputs"}
    given |= {"ImageParameter": "1.dkr.ecr.us-east-2.amazonaws.com/worker:1"}
    given |= {"WorkerCluster.Arn": aws_events.CLUSTER, "ProjectName": "builds"}
    return {
        name: resolved(rule, given, body)
        for name, rule in of_type(body, "AWS::Events::Rule").items()
    }


def pushes(asked: str = "*", **options: Any) -> list[dict[str, Any]]:
    """Return the patterns of a shape's rules for pushes."""
    found = rules(asked, **options).items()
    return [rule["EventPattern"] for name, rule in found if name.startswith("Push")]


def push(branch: str, repository: str = "MyDemoRepo") -> dict[str, Any]:
    """Return the event of a push to a branch."""
    event = aws_events.branch("referenceUpdated", repository, commitId=COMMIT)
    event["detail"] |= {"referenceName": branch, "referenceFullName": f"refs/heads/{branch}"}
    return event


def built(eventbridge: EventBridge, names: list[str], **options: Any) -> set[str]:
    """Return which branches a shape builds."""
    (pattern,) = pushes(**options)
    return {name for name in names if eventbridge.matches(pattern, push(name))}


@pytest.mark.parametrize("mode", ["fargate", "direct"])
def test_branches_that_come_or_change_are_built_and_nothing_else_is(
    eventbridge: EventBridge, mode: str
) -> None:
    """No tag, no deletion, no merge without a branch, no pull request, no other service."""
    (pattern,) = pushes(mode=mode)
    assert {name for name, e in EVERY.items() if eventbridge.matches(pattern, e)} == BUILT


@pytest.mark.parametrize(
    ("asked", "repositories", "found"),
    [
        ("MyDemoRepo", (), True),
        ("My*", (), True),
        ("Other*", (), False),
        ("", ("MyDemoRepo", "x"), True),
        ("", ("My*",), True),
        ("", ("*",), True),
        ("", ("MyDemo",), False),
    ],
)
def test_repositories_are_those_that_were_asked_for(
    eventbridge: EventBridge, asked: str, repositories: tuple[str, ...], found: object
) -> None:
    """By name, by the beginning of names, or all."""
    patterns = pushes(asked, repositories=list(repositories))
    assert any(eventbridge.matches(p, push("main")) for p in patterns) is found


@pytest.mark.parametrize(
    ("branches", "exclude", "inside", "outside"),
    [
        (["*"], [], ["main", "feature/x"], []),
        (["*"], ["test", "develop", "staging"], ["main", "test2", "a/test"],
         ["test", "develop", "staging"]),
        (["feature/*"], [], ["feature/x", "feature/x/y"], ["feature", "main", "my/feature/x"]),
        (["main", "*/fix"], [], ["main", "a/fix", "a/b/fix"], ["main2", "fix", "a/fixes"]),
        (["feature/*"], ["feature/wip-*", "*/tmp"], ["feature/x"],
         ["feature/wip-1", "feature/tmp", "main"]),
        (["*"], ["*-wip"], ["wip", "wip-x"], ["x-wip"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["fargate", "direct"])
def test_branches_are_chosen_by_globs(
    eventbridge: EventBridge,
    mode: str,
    branches: list[str],
    exclude: list[str],
    inside: list[str],
    outside: list[str],
) -> None:
    """What is excluded is not built, whatever includes it; a star stands for slashes, too."""
    names = [*inside, *outside]
    found = built(eventbridge, names, mode=mode, branches=branches, exclude=exclude)
    assert found == set(inside)


def test_the_worker_gets_branches_of_any_name(eventbridge: EventBridge) -> None:
    """It is the one who can deal with them."""
    assert built(eventbridge, [*HOSTILE, INJECTION]) == {*HOSTILE, INJECTION}


@pytest.mark.parametrize("projects", ["shared", "repository"])
def test_no_name_that_could_change_a_request_gets_into_one(
    eventbridge: EventBridge, projects: str
) -> None:
    """Quotes and backslashes are not let through; what is makes a request of the same shape."""
    options: dict[str, Any] = {"mode": "direct", "projects": projects}
    if projects == "repository":
        options["repositories"] = ["MyDemoRepo"]
    names = [*HOSTILE, INJECTION, "a\\", 'a\\"b', '"', "ends\\"]
    harmless = {name for name in names if '"' not in name and "\\" not in name}
    assert built(eventbridge, names, **options) == harmless
    (target,) = rules(**options)["Push"]["Targets"]
    clone = "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/MyDemoRepo"
    for name in sorted(harmless):
        event, text = eventbridge.transformed(target["InputTransformer"], push(name))
        request = json.loads(text)
        assert shapes.problems("codebuild", "StartBuild", {"projectName": "x", **request}) == []
        told = {v["name"]: v["value"] for v in request.pop("environmentVariablesOverride")}
        assert told == {
            "REPOSITORY_NAME": "MyDemoRepo",
            "BRANCH_NAME": name,
            "COMMIT_ID": COMMIT,
            "OUTPUT_LOCATION": f"s3://outputs/MyDemoRepo/{name}/{COMMIT}/{event}",
        }
        wanted = {"sourceVersion": COMMIT}
        if projects == "shared":
            wanted |= {"sourceTypeOverride": "CODECOMMIT", "sourceLocationOverride": clone}
        assert request == wanted


def test_without_the_pattern_such_a_name_would_change_the_request(
    eventbridge: EventBridge,
) -> None:
    """The defence is needed: the emulator, like EventBridge, escapes nothing."""
    transformer = {
        "InputPathsMap": {"branch": "$.detail.referenceName"},
        "InputTemplate": '{"text": "at <branch>"}',
    }
    _, text = eventbridge.transformed(transformer, push('x", "buildspecOverride": "y'))
    assert json.loads(text) == {"text": "at x", "buildspecOverride": "y"}


def test_each_repository_has_its_rule_and_project(eventbridge: EventBridge) -> None:
    """Directly, a rule has one project, so that the wrong one cannot be started."""
    found = rules(mode="direct", projects="repository", repositories=["shop", "web"])
    for rule, name in (("Push", "shop"), ("Push2", "web")):
        pattern = found[rule]["EventPattern"]
        assert eventbridge.matches(pattern, push("main", name))
        assert not eventbridge.matches(pattern, push("main", "other"))
        (target,) = found[rule]["Targets"]
        assert target["Arn"] == f"<{name.title()}Builds.Arn>"
    assert not eventbridge.matches(found["Push"]["EventPattern"], push("main", "web"))


def test_many_repositories_are_split_into_rules_that_aws_takes(eventbridge: EventBridge) -> None:
    """Each is seen by one of them; no pattern has more than 2,048 characters."""
    names = [f"{number:02}-{'x' * 80}" for number in range(24)]
    patterns = pushes(repositories=names, branches=["feature/*"], exclude=["*-wip"])
    assert len(patterns) > 1
    for pattern in patterns:
        assert len(json.dumps(pattern)) <= 2048
    for name in names:
        event = push("feature/x", name)
        assert sum(eventbridge.matches(pattern, event) for pattern in patterns) == 1


def test_from_another_account_only_its_events_count(eventbridge: EventBridge) -> None:
    """On the bus of the stack's name."""
    rule = rules(other_account=True)["Push"]
    assert rule["EventBusName"] == "<Bus>"
    event = push("main")
    assert not eventbridge.matches(rule["EventPattern"], event)
    assert eventbridge.matches(rule["EventPattern"], {**event, "account": "222233334444"})


def test_a_worker_that_could_not_say_how_it_ended_is_kept(eventbridge: EventBridge) -> None:
    """Killed, out of memory, never started, or exit status 1 or 2."""
    pattern = rules()["WorkerDied"]["EventPattern"]
    events = {name: json.loads(WORKER(json.dumps(event))) for name, event in EVERY.items()}
    assert {name for name, e in events.items() if eventbridge.matches(pattern, e)} == {
        "not all (1)",
        "failed (2)",
        "no memory (137)",
        "no Python (127)",
        "no image",
        "no container",
        "interrupted (137)",
    }


def worker(**facts: Any) -> dict[str, Any]:
    """Return the worker's container."""
    return aws_events.container(name="worker", **facts)


AGENT = {"name": "aws-guardduty-agent-x"}  # which GuardDuty adds to tasks
FAILED = aws_events.FAILED_TO_START
# What a security agent beside the worker must not hide, and must not look like.
BESIDE: dict[str, tuple[dict[str, Any], bool]] = {
    "ended, the agent killed": (
        aws_events.task(worker(exitCode=0), aws_events.container(exitCode=137, **AGENT)),
        False,
    ),
    "stopped, the agent first": (
        aws_events.task(aws_events.container(exitCode=2, **AGENT), worker(exitCode=143)),
        False,
    ),
    "killed, the agent ended": (
        aws_events.task(worker(exitCode=137), aws_events.container(exitCode=0, **AGENT)),
        True,
    ),
    "not started, the agent ended": (
        aws_events.task(worker(), aws_events.container(exitCode=0, **AGENT), **FAILED),
        True,
    ),
    "not started, without a status": (
        aws_events.task(
            worker(exitCode=None), aws_events.container(exitCode=None, **AGENT), **FAILED
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_security_agent_s_container_counts_for_nothing(
    eventbridge: EventBridge, name: str
) -> None:
    """Its end is no death, and hides none; a status of null is a task that never started."""
    event, died = BESIDE[name]
    assert eventbridge.matches(rules()["WorkerDied"]["EventPattern"], event) is died


def build_event(status: str = "FAILED", project: str = "<Builds>") -> dict[str, Any]:
    """Return the end of a build, as CodeBuild sends it."""
    return aws_events.event(
        "aws.codebuild",
        "CodeBuild Build State Change",
        "arn:aws:codebuild:us-east-2:123456789012:build/x:1",
        {
            "build-status": status,
            "project-name": project,
            "build-id": "arn:aws:codebuild:us-east-2:123456789012:build/x:1",
            "additional-information": {
                "logs": {"deep-link": "https://console.aws.amazon.com/log"},
                "source": {"type": "S3", "location": "bundles/shop/main/7f01.zip"},
                "source-version": COMMIT,
            },
        },
    )


@pytest.mark.parametrize("mode", ["fargate", "direct"])
def test_people_hear_how_builds_ended(eventbridge: EventBridge, mode: str) -> None:
    """Of our projects, and in words that name what was built."""
    rule = rules(mode=mode)["BuildEnded"]
    for status in ("SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "FAULT"):
        assert eventbridge.matches(rule["EventPattern"], build_event(status))
    assert not eventbridge.matches(rule["EventPattern"], build_event("IN_PROGRESS"))
    assert not eventbridge.matches(rule["EventPattern"], build_event(project="other"))
    _, text = eventbridge.transformed(rule["Targets"][0]["InputTransformer"], build_event())
    message = json.loads(text)
    assert "bundles/shop/main/7f01.zip" in message
    assert "FAILED" in message
    assert "https://console.aws.amazon.com/log" in message
    assert (COMMIT in message) is (mode == "direct")
