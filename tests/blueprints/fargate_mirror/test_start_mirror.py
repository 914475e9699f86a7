"""start_mirror.py, run for real: its own file, real boto3, ECS on loopback, queues in memory."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from support import aws_events, bursts
from support.bursts import LOST, QUEUE, Sqs, plug
from support.ecs_on_loopback import ARN, STATUSES, Ecs
from support.payload_runs import load

from cfngen.project.generate import synthesize
from cfngen.project.registry import find

PAYLOAD = Path(__file__).parents[3] / "blueprints" / "fargate_mirror" / "payload/start_mirror.py"
PROGRAM = Path(__file__).parents[3] / "blueprints/_shared/mirror"
BLUEPRINT = find("fargate_mirror").load()
PREFIX = "arn:aws:codecommit:eu-west-1:123456789012:"
WHEN = "2026-03-01T08:15:30Z"


def change(name: Any = "shop", number: int = 1, **detail: Any) -> dict[str, Any]:
    """Return the event that EventBridge sends when a reference changes."""
    return {
        "version": "0",
        "id": f"event-{number}",
        "source": "aws.codecommit",
        "detail-type": "CodeCommit Repository State Change",
        "account": "123456789012",
        "time": WHEN,
        "region": "eu-west-1",
        "resources": [f"{PREFIX}{name}"],
        "detail": {
            "event": "referenceUpdated",
            "repositoryName": name,
            "repositoryId": "12345678-1234-5678-abcd-12345678abcd",
            "referenceType": "branch",
            "referenceName": "main",
            "referenceFullName": "refs/heads/main",
            "commitId": "3e5983EXAMPLE",
            "oldCommitId": "3e5984EXAMPLE",
        }
        | detail,
    }


def record(name: str = "shop", number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what a trigger of CodeCommit says about a push."""
    return {
        "awsRegion": "eu-west-1",
        "codecommit": {
            "references": [
                {"commit": "5c4ef1", "ref": "refs/heads/main", "created": True},
                {"commit": "5c4ef2", "ref": "refs/tags/v1"},
            ]
        },
        "customData": None,
        "eventId": f"event-{number}",
        "eventName": "ReferenceChanges",
        "eventPartNumber": 1,
        "eventSource": "aws:codecommit",
        "eventSourceARN": f"{PREFIX}{name}",
        "eventTime": "2026-03-01T08:15:30.123+0000",
        "eventTotalParts": 1,
        "eventVersion": "1.0",
    } | changes


class Clock:
    """A clock that only the test and the payload's own naps move."""

    def __init__(self) -> None:
        """Start where tokens have been the same for a while."""
        self.now = 1_800_000_060.0
        self.naps: list[float] = []

    def time(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.naps.append(seconds)
        self.now += seconds


class Lambda:
    """One cold start of the payload, with the queues that it knows."""

    def __init__(self) -> None:
        """Load the file under the name that Lambda gives inline code."""
        self.module: Any = load(PAYLOAD)
        self.clock = self.module.time = Clock()
        self.sqs = Sqs(bursts.Clock())
        plug(self.module.sqs, self.sqs, self.sqs.clock)
        self.lines: list[dict[str, Any]] = []
        self.late: list[str] = []

    def call(self, event: Any) -> Any:
        """Run the handler once; keep what it logged."""
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                return self.module.handler(event, Context())
        finally:
            self.lines = [json.loads(line) for line in out.getvalue().splitlines()]

    def batch(self, *events: Any, receives: int = 1, sent: float = 1_799_999_990) -> dict[str, Any]:
        """Hand it messages as Lambda takes them off the queue; return each outcome's facts."""
        answer = self.call(
            {
                "Records": [
                    {
                        "messageId": f"message-{number}",
                        "receiptHandle": f"{number} 1",
                        "body": event if isinstance(event, str) else json.dumps(event),
                        "eventSource": "aws:sqs",
                        "attributes": {
                            "ApproximateReceiveCount": str(receives),
                            "SentTimestamp": str(int(1000 * (sent + number))),
                        },
                    }
                    for number, event in enumerate(events)
                ]
            }
        )
        self.late = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
        facts: dict[str, Any] = {}
        for line in self.lines:
            facts.setdefault(line["outcome"], []).append(line.get("task") or line.get("reason"))
        facts.pop("measured", None)
        return facts

    __call__ = batch

    def close(self) -> None:
        """Give the connections back."""
        self.module.ecs.close()


class Context:
    """What Lambda tells of the call."""

    def __init__(self, left: int = 120_000) -> None:
        """Say how much time is left."""
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        """Return it, in milliseconds."""
        return self.left


Cold = Callable[..., Lambda]
SETTINGS = {"BRANCHES", "CONTAINER", "LOST_URL", "METRICS", "QUEUE_URL", "REPOSITORIES", "TASK"}
SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def settings(ecs: Ecs, **changes: Any) -> dict[str, Any]:
    """Return RunTask's parameters as the stack gives them; None takes one away."""
    network = {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    given = {
        "cluster": ecs.cluster,
        "taskDefinition": ecs.definition,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": network},
    } | changes
    return {key: value for key, value in given.items() if value is not None}


@pytest.fixture
def ecs() -> Iterator[Ecs]:
    """Serve an empty cluster."""
    with Ecs() as serving:
        yield serving


@pytest.fixture
def cold(aws: str, ecs: Ecs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cold]:
    """Start the function afresh against that cluster, with these settings."""
    started = []
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", ecs.url)
    # botocore waits a second and more between attempts, by its older or its newer default.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.retryhandler.delay_exponential", lambda *_, **__: 0.0)

    def start(env: dict[str, str] | None = None, **changes: Any) -> Lambda:
        monkeypatch.setenv("BRANCHES", "")
        monkeypatch.setenv("CONTAINER", "mirror")
        monkeypatch.setenv("QUEUE_URL", QUEUE)
        monkeypatch.setenv("LOST_URL", LOST)
        monkeypatch.setenv("METRICS", "FargateMirror mirror")
        monkeypatch.setenv("REPOSITORIES", "*")
        monkeypatch.setenv("TASK", json.dumps(settings(ecs, **changes)))
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        started.append(Lambda())
        return started[-1]

    yield start
    for each in started:
        each.close()


# --- What is started ---------------------------------------------------------------------------


def test_a_change_starts_a_task_for_its_repository(cold: Cold, ecs: Ecs) -> None:
    """The task gets the repository, the event's time and id, and exactly the stack's settings."""
    index = cold()
    answer = index(change("shop.front_end-2"))
    (request,) = ecs.asked("RunTask")
    token, by = request.pop("clientToken"), request.pop("startedBy")
    assert request == {
        "cluster": ecs.cluster,
        "taskDefinition": ecs.definition,
        "launchType": "FARGATE",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
        "overrides": {
            "containerOverrides": [
                {
                    "name": "mirror",
                    "environment": [
                        {"name": "REPOSITORY", "value": "shop.front_end-2"},
                        {"name": "MIRROR_SINCE", "value": WHEN},
                        {"name": "EVENT_ID", "value": "event-1"},
                        {"name": "DEATHS", "value": "0"},
                    ],
                }
            ]
        },
    }
    assert len(by) <= 36
    assert token != by
    arn = ecs.tasks[0].arn
    assert answer == {"started": [arn]}
    facts = {"repository": "shop.front_end-2", "messages": 1, "task": arn}
    assert index.lines == [{"outcome": "started", **facts}]


def test_a_trigger_starts_a_task_for_its_repository(cold: Cold, ecs: Ecs) -> None:
    """One record about several references is put into the queue, and is one task."""
    index = cold()
    assert index.call({"Records": [record()]}) == {"outcome": "queued", "messages": 1}
    (message,) = index.sqs.waiting.values()
    assert len(index(message.body)["started"]) == 1
    assert [task.environment() for task in ecs.tasks] == [
        {
            "REPOSITORY": "shop",
            "MIRROR_SINCE": "2026-03-01T08:15:30.123+0000",
            "EVENT_ID": "event-1",
            "DEATHS": "0",
        }
    ]


def test_a_deleted_reference_starts_a_task(cold: Cold, ecs: Ecs) -> None:
    """Deletions are mirrored too, though their events have no commitId."""
    event = change(event="referenceDeleted")
    del event["detail"]["commitId"]
    cold()(event)
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["shop"]


def test_a_trigger_in_another_partition_is_understood(cold: Cold, ecs: Ecs) -> None:
    """The ARNs of China and GovCloud name repositories too."""
    arn = "arn:aws-cn:codecommit:cn-north-1:123456789012:shop"
    cold()({"Records": [record(eventSourceARN=arn)]})
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["shop"]


def test_spot_is_a_strategy_and_no_launch_type(cold: Cold, ecs: Ecs) -> None:
    """A capacity provider replaces the launch type; with weight 0 it would place nothing."""
    cold(launchType=None, capacityProviderStrategy=SPOT)(change())
    (request,) = ecs.asked("RunTask")
    assert "launchType" not in request
    assert request["capacityProviderStrategy"] == SPOT


@pytest.mark.parametrize("setting", ["ENABLED", "DISABLED"])
def test_the_task_gets_a_public_address_only_if_told(cold: Cold, ecs: Ecs, setting: str) -> None:
    """Where there is no NAT gateway, a public address is the way out."""
    network = {"subnets": ["subnet-1"], "assignPublicIp": setting}
    cold(networkConfiguration={"awsvpcConfiguration": network})(change())
    told = ecs.tasks[0].request["networkConfiguration"]["awsvpcConfiguration"]
    assert told == network


@pytest.mark.parametrize("options", [{}, {"spot": True}, {"trigger": "codecommit"}], ids=str)
def test_what_the_template_says_is_what_the_function_needs(
    cold: Cold, ecs: Ecs, options: dict[str, Any]
) -> None:
    """The template's own environment, its references resolved, starts a task in its cluster."""
    body = synthesize(BLUEPRINT, options).document.body
    told = body["Resources"]["Starter"]["Properties"]["Environment"]["Variables"]
    values: dict[str, str] = {"MirrorCluster.Arn": ecs.cluster, "MirrorTask": ecs.definition}
    task = re.sub(r"\$\{([\w.]+)\}", lambda m: values.get(m[1], str(m[1])), told["TASK"]["Fn::Sub"])
    index = cold(env={"TASK": task, "CONTAINER": told["CONTAINER"]})
    index(change())
    (request,) = ecs.asked("RunTask")
    assert told["QUEUE_URL"] == {"Ref": "Waiting"}
    assert told["LOST_URL"] == {"Ref": "Lost"}
    assert set(told) == SETTINGS
    network = request["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == ["SubnetId1", "SubnetId2"]
    assert network["securityGroups"] == ["MirrorAccess.GroupId"]
    assert request.get("capacityProviderStrategy") == (SPOT if options.get("spot") else None)


# --- Branches that are not mirrored ------------------------------------------------------------


def push(*refs: str) -> list[dict[str, Any]]:
    """Return what a trigger, and what EventBridge, tell of changes of references."""
    told = [{"commit": "5c4ef1", "ref": ref} for ref in refs]
    events = [{"Records": [record(codecommit={"references": told})]}]
    if len(refs) == 1:
        kind = "tag" if refs[0].startswith("refs/tags/") else "branch"
        name = refs[0].split("/", 2)[2]
        events += [change(referenceType=kind, referenceName=name, referenceFullName=refs[0])]
    return events


@pytest.mark.parametrize(
    "refs",
    [
        ("refs/heads/wip",),
        ("refs/heads/mainline",),
        ("refs/heads/release",),
        ("refs/heads/heads/main",),
        ("refs/heads/refs/tags/v1",),
        ("refs/heads/wip/1", "refs/heads/wip/2"),
    ],
)
def test_a_branch_that_is_not_mirrored_starts_nothing(
    cold: Cold, ecs: Ecs, refs: tuple[str, ...]
) -> None:
    """Its message does not come again, no person hears of it, and ECS is not asked anything."""
    for event in push(*refs):
        index = cold(env={"BRANCHES": "main, release/*"})
        assert index(event) == {"not_mirrored": [None]}
        assert index.lines == [
            {"outcome": "not_mirrored", "repository": "shop", "refs": [*refs]},
        ]
        assert index.late == []
        assert index.sqs.lost == []
    assert ecs.calls == []


MIRRORED_PUSHES = [
    *push("refs/heads/main"),
    *push("refs/heads/release/1/2"),
    *push("refs/tags/wip"),  # tags are all mirrored
    *push("refs/heads/wip", "refs/heads/main"),
    *push("refs/heads/wip", "refs/tags/v1"),
    *push(),  # CodeCommit does not say: the run will see
]


@pytest.mark.parametrize("event", MIRRORED_PUSHES)
def test_a_push_with_a_branch_that_is_mirrored_starts_a_task(
    cold: Cold, ecs: Ecs, event: dict[str, Any]
) -> None:
    """Whatever else is in it."""
    assert list(cold(env={"BRANCHES": "main, release/*"})(event)) == ["started"]
    assert len(ecs.tasks) == 1


def test_an_event_that_names_no_reference_starts_a_task(cold: Cold, ecs: Ecs) -> None:
    """So do those of the schedule, by hand, and of a task that died."""
    event = change()
    del event["detail"]["referenceFullName"]
    events = [event, scheduled(), {"repository": "by-hand"}, died()]
    index = cold(env={"BRANCHES": "main", "REPOSITORIES": "shop by-hand"})
    assert "not_mirrored" not in index(*events)


def test_a_branch_of_a_repository_that_is_not_mirrored_goes_to_people(cold: Cold, ecs: Ecs) -> None:
    """Which branch it was makes no difference to that."""
    index = cold(env={"BRANCHES": "main", "REPOSITORIES": "blog"})
    assert list(index(change(referenceFullName="refs/heads/wip"))) == ["lost"]


MATCHES = ["*", "main", "m*n", "*main", "x/*,main", "a+b", "\u00fc*,(", "main, m*", ",", ""]
REFS = [
    *("main", "mn", "xmain", "x/main", "x", "x/", "a+b", "aab", "\u00fcber", "(", "m", "MAIN"),
]


@pytest.mark.parametrize("branches", MATCHES)
def test_function_and_program_agree_on_what_is_mirrored(
    cold: Cold, ecs: Ecs, branches: str
) -> None:
    """An event that is dropped is one that the program would find nothing to do for."""
    refs = [f"refs/{kind}/{name}" for kind in ("heads", "tags") for name in REFS]
    index = cold(env={"BRANCHES": branches})
    function = [bool(index.module.REFS.fullmatch(ref)) for ref in refs]
    asked = "import git, sys; print([bool(git.MIRRORED.fullmatch(ref)) for ref in sys.argv[1:]])"
    program = subprocess.run(
        [sys.executable, "-c", asked, *refs],
        cwd=PROGRAM,
        env={**os.environ, "MIRROR_BRANCHES": branches, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(program.stdout.lower()) == function


# --- For all repositories ----------------------------------------------------------------------


def scheduled(number: int = 1) -> dict[str, Any]:
    """Return the event that EventBridge sends at a time."""
    return {
        "version": "0",
        "id": f"schedule-{number}",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": WHEN,
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/mirror-Reconcile-1A2B3C"],
        "detail": {},
    }


FEW = {"REPOSITORIES": "shop blog"}


@pytest.mark.parametrize("event", [scheduled(7), {"repository": ""}], ids=["schedule", "by hand"])
def test_a_few_repositories_are_one_task(cold: Cold, ecs: Ecs, event: dict[str, Any]) -> None:
    """Nothing happened at that time that would have to be there: no repository and no moment."""
    index = cold(env=FEW)
    answer = index(event)
    (task,) = ecs.tasks
    told = task.environment()
    assert (told["REPOSITORY"], told["MIRROR_SINCE"]) == ("", "")
    assert "REPOSITORIES" not in told
    assert answer == {"started": [task.arn]}


def test_many_repositories_are_several_tasks(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule's event becomes messages for 50 repositories each, all that were asked for."""
    index = cold(env={"REPOSITORIES": "r* shop"})
    names = [f"r{n}" for n in range(119)]
    there = boto3.client("codecommit", endpoint_url="http://127.0.0.1:9")
    monkeypatch.setattr(index.module.boto3, "client", lambda _: there)
    with Stubber(there) as stub:
        for some, more in ((names[:60], {"nextToken": "t"}), (names[60:], {})):
            rows = [{"repositoryName": name} for name in [*some, f"other-{some[0]}"]]
            stub.add_response("list_repositories", {"repositories": rows, **more})
        assert index(scheduled()) == {}
    messages = [message.body for message in index.sqs.waiting.values()]
    assert len(messages) == 3
    assert len(index(*messages)["started"]) == 3
    parts = [task.environment() for task in ecs.tasks]
    assert [told["PART"] for told in parts] == ["0", "1", "2"]
    assert sorted(" ".join(told["REPOSITORIES"] for told in parts).split()) == sorted(names)
    assert max(len(told["REPOSITORIES"].split()) for told in parts) == 50
    assert {told["REPOSITORY"] for told in parts} == {""}
    for task in ecs.tasks:
        assert len(json.dumps(task.request["overrides"])) <= 8192  # RunTask's limit
    assert index(*messages) == {"covered": [task.arn for task in ecs.tasks]}


def test_a_list_that_is_refused_is_asked_for_again(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CodeCommit turns the call away: the schedule's event stays."""
    index = cold()
    there = boto3.client("codecommit", endpoint_url="http://127.0.0.1:9")
    monkeypatch.setattr(index.module.boto3, "client", lambda _: there)
    with Stubber(there) as stub:
        stub.add_client_error("list_repositories", "ThrottlingException")
        assert "Throttling" in index(scheduled())["waits"][0]
    assert index.late == ["message-0"]
    assert ecs.calls == []


def test_two_schedules_do_not_overlap(cold: Cold, ecs: Ecs) -> None:
    """A run for all that has not begun serves the next one; with two at work, that waits."""
    index = cold(env=FEW)
    assert index(scheduled(1))["started"] == [ecs.tasks[0].arn]
    assert index(scheduled(2)) == {"covered": [ecs.tasks[0].arn]}
    ecs.tasks[0].move("RUNNING")
    assert index(scheduled(3))["started"] == [ecs.tasks[1].arn]
    ecs.tasks[1].move("RUNNING")
    assert index(scheduled(4)) == {"waits": ["two tasks are at work"]}
    assert index(change("shop"))["started"] == [ecs.tasks[2].arn], "neither stands for the other"


# --- A task that died ---------------------------------------------------------------------------


def died(task: Any = None, **detail: Any) -> dict[str, Any]:
    """Return what ECS says of a task that has not said how it ended."""
    told = task.request["overrides"] if task else {"containerOverrides": [{"name": "mirror"}]}
    arn = task.arn if task else f"{ARN}:task/mirror/gone"
    container = aws_events.container(exitCode=137)
    return aws_events.task(container, overrides=told, taskArn=arn, **detail)


def test_a_repository_is_given_back_three_times(cold: Cold, ecs: Ecs) -> None:
    """Its task is killed: another one, for the same push; then people are told, with the reason."""
    index = cold()
    index(change())
    for number in (1, 2):
        ecs.tasks[-1].move("STOPPED")
        index.clock.now += 60
        assert index(died(ecs.tasks[-1]))["started"] == [ecs.tasks[number].arn]
        told = ecs.tasks[-1].environment()
        assert (told["REPOSITORY"], told["DEATHS"]) == ("shop", str(number))
        assert (told["MIRROR_SINCE"], told["EVENT_ID"]) == (WHEN, "event-1")
    last = died(ecs.tasks[-1], stoppedReason="OutOfMemoryError")
    assert index(last) == {"lost": ["RefusedError: 3 tasks died; the last one: OutOfMemoryError"]}
    (message,) = index.sqs.lost
    assert json.loads(message.body) == last
    assert index.late == []


@pytest.mark.parametrize(
    "why",
    [
        {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."},
        {"stopCode": "TaskFailedToStart", "stoppedReason": "Capacity is unavailable at this time."},
    ],
    ids=lambda why: str(why["stopCode"]),
)
def test_capacity_that_goes_away_is_no_death(cold: Cold, ecs: Ecs, why: dict[str, str]) -> None:
    """It may happen any number of times."""
    index = cold()
    index(change())
    for _ in range(7):
        ecs.tasks[-1].move("STOPPED")
        index.clock.now += 60
        assert index(died(ecs.tasks[-1], **why))["started"] == [ecs.tasks[-1].arn]
    assert ecs.tasks[-1].environment()["DEATHS"] == "0"


def test_a_part_of_the_schedule_is_given_back(cold: Cold, ecs: Ecs) -> None:
    """The same repositories, as the same part."""
    index = cold()
    part = {"part": 3, "names": ["a", "b"], "since": "", "id": "e", "deaths": 0}
    index(part)
    ecs.tasks[0].move("STOPPED")
    index(died(ecs.tasks[0]))
    first, second = (task.environment() for task in ecs.tasks)
    assert second == {**first, "DEATHS": "1"}
    assert first["REPOSITORIES"] == "a b"
    assert len({task.request["startedBy"] for task in ecs.tasks}) == 1


def test_ecs_is_asked_if_its_event_does_not_say_what_a_task_was_for(cold: Cold, ecs: Ecs) -> None:
    """For an hour after its end it knows; then people are told."""
    index = cold()
    index(change())
    ecs.tasks[0].move("STOPPED")
    event = died(ecs.tasks[0])
    event["detail"]["overrides"] = {"containerOverrides": [{"name": "mirror"}]}
    index(event)
    assert ecs.tasks[1].environment()["DEATHS"] == "1"
    assert "does not say" in index(died())["lost"][0]


# --- What is refused ---------------------------------------------------------------------------

OTHERS: list[Any] = [
    *({"detail": {}}, {}, {"Records": [{}]}, {"Records": "shop"}),
    {"Records": [None]},
    {"Records": [record() | {"eventSourceARN": None}]},
    {"Records": [{"eventSourceARN": PREFIX + "shop"}]},
    {"Records": [record(eventSourceARN="shop")]},
    {"Records": [record(), record()]},
    change() | {"detail": None},
    change() | {"detail": {}},
    {key: value for key, value in change().items() if key != "id"},
    {key: value for key, value in change().items() if key != "time"},
    {key: value for key, value in scheduled().items() if key != "id"},
    {"source": "aws.ecs", "detail": {}},
    {"part": "x", "names": ["a"], "since": "", "id": "", "deaths": 0},
    {"part": 1, "names": ["a", "b c"], "since": "", "id": "", "deaths": 0},
    {"part": 1},
    *("not JSON", "", "7", "null", "[]", '"shop"'),
]


@pytest.mark.parametrize("event", OTHERS, ids=lambda event: json.dumps(event)[:60])
def test_what_can_never_be_served_is_kept_for_people(cold: Cold, ecs: Ecs, event: Any) -> None:
    """It goes to `Lost` as it is, with the reason, and does not come again; others are served."""
    index = cold()
    facts = index(event, change("blog"))
    assert facts["started"] == [ecs.tasks[0].arn]
    assert len(facts["lost"]) == 1
    assert index.late == []
    (message,) = index.sqs.lost
    assert message.body == (event if isinstance(event, str) else json.dumps(event))
    assert message.attributes["ERROR_MESSAGE"]["StringValue"] == facts["lost"][0]


HOSTILE: list[Any] = [
    *(" ", "a b", "a/b", "../a", "a;b", "$(id)", "a'b", 'a"b', "a:b", "a*", "* 1"),
    *("shop\n", "\nshop", "a\n{}", "shop\r", "shop\0", "sh\u2028op", "\u30b7", "\u0661", "\u212a"),
    *("a" * 101, "arn:aws:codecommit:eu-west-1:123456789012:shop"),
    *(7, True, ["shop"], {"shop": 1}),
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_refused(cold: Cold, ecs: Ecs, name: Any) -> None:
    """Only what CodeCommit itself allows gets near a task; no line of the log is forged."""
    index = cold()
    assert len(index(change(name))["lost"]) == 1
    assert ecs.asked("RunTask") == []
    assert len(index.lines) == 1


@pytest.mark.parametrize("name", ["a b", "shop\n", "a" * 101], ids=ascii)
def test_a_hostile_name_in_a_trigger_is_refused(cold: Cold, ecs: Ecs, name: str) -> None:
    """CodeCommit's own call raises, so that the event ends as a dead letter."""
    index = cold()
    with pytest.raises(ValueError, match="not to be mirrored"):
        index.call({"Records": [record(name)]})
    assert index.sqs.waiting == {}


@pytest.mark.parametrize("name", ["shop2", "sho", "team", "xteam-a", "Shop"])
def test_what_is_not_to_be_mirrored_starts_nothing(cold: Cold, ecs: Ecs, name: str) -> None:
    """An event about a repository that nobody asked for goes to people."""
    index = cold(env={"REPOSITORIES": "shop team-*"})
    assert list(index(change(name))) == ["lost"]
    assert len(index(change("team-a"), change("shop"))["started"]) == 2


@pytest.mark.parametrize("name", ["a", "A" * 100, ".-_", "1", "a.b-c_D9"])
def test_every_name_that_codecommit_allows_is_served(cold: Cold, ecs: Ecs, name: str) -> None:
    """One to a hundred letters, digits, dots, hyphens and underscores."""
    cold()(change(name))
    assert ecs.tasks[0].environment()["REPOSITORY"] == name


def test_lost_that_cannot_be_written_loses_nothing(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message comes again."""
    index = cold()

    def refuse(*_: Any, **__: Any) -> None:
        raise bursts.RefusalError("AccessDenied", "no")

    monkeypatch.setattr(index.sqs, "put", refuse)
    assert "AccessDenied" in index("nonsense")["waits"][0]
    assert index.late == ["message-0"]


# --- What has to wait ---------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [[], [{"arn": "x", "reason": "RESOURCE:ENI"}]])
def test_a_task_that_cannot_be_placed_is_tried_again(
    cold: Cold, ecs: Ecs, failures: list[dict[str, str]]
) -> None:
    """RunTask says with status 200 that it failed: the message stays, the log has the reason."""
    ecs.failures = [failures]
    index = cold()
    (reason,) = index(change())["waits"]
    assert reason == f"RunTask: {failures}"
    assert index.late == ["message-0"]
    index.clock.now += 60
    assert index(change())["started"] == [ecs.tasks[0].arn]


@pytest.mark.parametrize("operation", ["ListTasks", "DescribeTasks", "RunTask"])
def test_a_missing_permission_waits_until_it_is_there(cold: Cold, ecs: Ecs, operation: str) -> None:
    """Nothing is taken for covered, and nothing is lost."""
    index = cold()
    index(change(number=1))
    ecs.list_lag = 100 if operation == "RunTask" else 0
    ecs.denied = {operation}
    assert operation in index(change(number=2))["waits"][0]
    assert index.late == ["message-0"]
    assert len(ecs.tasks) == 1


def test_a_full_account_is_not_asked_for_each_of_a_batch(cold: Cold, ecs: Ecs) -> None:
    """After three refusals the rest waits; one repository that is refused does not stop others."""
    ecs.failures = [[{"arn": "x", "reason": "quota"}] for _ in range(4)]
    index = cold()
    facts = index(*(change(f"r{n}") for n in range(20)))
    assert len(facts["waits"]) == len(index.late) == 20
    assert len(ecs.asked("RunTask")) == 3
    assert len(ecs.asked("ListTasks")) == 1
    index.clock.now += 60
    facts = index(*(change(f"r{n}") for n in range(20)))
    assert (len(facts["waits"]), len(facts["started"])) == (1, 19)


def test_one_message_stands_for_all_that_wait(cold: Cold, ecs: Ecs) -> None:
    """The oldest comes again, with when it was pushed; what died is not forgotten over it."""
    ecs.failures = [[{"arn": "x", "reason": "quota"}]]
    index = cold()
    task = bursts.Task("arn:t", {"overrides": told_of("shop")}, 0, 0, 0)
    index(change(number=3), change(number=1), died(task))
    assert index.late == ["message-0", "message-2"]


def told_of(name: str) -> dict[str, Any]:
    """Return the overrides of a task for a repository."""
    variables = [{"name": "REPOSITORY", "value": name}]
    return {"containerOverrides": [{"name": "mirror", "environment": variables}]}


def test_messages_come_again_at_different_times(cold: Cold, ecs: Ecs) -> None:
    """Within four minutes at first, within a quarter of an hour after many attempts."""
    for receives, least, most in ((1, 30, 240), (500, 240, 900)):
        ecs.failures = [[{"arn": "x", "reason": "quota"}] for _ in range(3)]
        index = cold()
        for number in range(40):
            index.sqs.put("x")
            index.sqs.waiting[number].receives = 1
        index(*(change(f"r{n}") for n in range(40)), receives=receives)
        waits = [m.visible - index.sqs.clock.now for m in index.sqs.waiting.values()]
        assert least - 1 <= min(waits) < max(waits) <= most
        assert len({int(wait) for wait in waits}) > 20


def test_how_long_a_repository_has_waited_is_measured(cold: Cold, ecs: Ecs) -> None:
    """In CloudWatch's embedded format, for the alarm; nothing is written if nothing waits."""
    index = cold()
    index(change())
    assert [line["outcome"] for line in index.lines] == ["started"]
    ecs.failures = [[]]
    index(change("blog"), sent=index.clock.now - 1000)
    line = index.lines[-1]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "FargateMirror"
    assert directive["Dimensions"] == [["Stack"]]
    assert directive["Metrics"] == [{"Name": "WaitingSeconds", "Unit": "Seconds"}]
    assert (line["Stack"], line["WaitingSeconds"]) == ("mirror", 1000)


def test_what_could_not_be_started_for_days_is_kept_for_people(cold: Cold, ecs: Ecs) -> None:
    """Before SQS itself would move it, without a reason."""
    ecs.failures = [[]]
    index = cold()
    assert index(change(), receives=990)["lost"] == ["It could not be started for days."]
    assert index.late == []
    assert len(index.sqs.lost) == 1


def test_a_function_whose_time_runs_out_starts_nothing(cold: Cold, ecs: Ecs) -> None:
    """What it has not come to waits, instead of being cut off in the middle."""
    index = cold()
    records = [{"body": json.dumps(change()), "eventSource": "aws:sqs", "messageId": "m"}]
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1"}
    records[0] |= {"receiptHandle": "0 1", "attributes": attributes}
    answer = index.module.handler({"Records": records}, Context(30_000))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert ecs.tasks == []


@pytest.mark.parametrize("lost", [1, 3])
def test_a_lost_answer_makes_no_second_task(cold: Cold, ecs: Ecs, lost: int) -> None:
    """boto3 tries RunTask again when an answer is lost; the token makes that the same task."""
    ecs.lost = lost
    assert cold()(change())["started"] == [ecs.tasks[0].arn]
    assert len(ecs.tasks) == 1


def test_ecs_is_asked_with_patience_and_with_an_end(cold: Cold, ecs: Ecs) -> None:
    """Throttled calls are tried again, a few times; no call outlasts the function."""
    index = cold()
    ecs.throttled = 2
    assert index(change(number=1))["started"] == [ecs.tasks[0].arn]
    assert len(ecs.asked("ListTasks")) == 3
    ecs.throttled = 1000
    assert "Throttling" in index(change(number=2))["waits"][0]
    # boto3's own defaults: three attempts, in older versions five.
    assert len(ecs.asked("ListTasks")) - 3 in (3, 5)
    config = index.module.ecs.meta.config
    assert 0 < config.connect_timeout <= 60
    assert 0 < config.read_timeout <= 60


# --- Coalescing --------------------------------------------------------------------------------


def test_each_repository_of_a_batch_gets_one_task(cold: Cold, ecs: Ecs) -> None:
    """Messages about the same repository share a task; the first of its pushes counts as when."""
    names = ["shop", "blog", "shop", "wiki", "blog"]
    index = cold()
    times = [f"2026-03-01T08:15:3{9 - number}Z" for number in range(5)]
    index(*(change(name) | {"time": at} for name, at in zip(names, times, strict=True)))
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["shop", "blog", "wiki"]
    assert [task.environment()["MIRROR_SINCE"][-3:-1] for task in ecs.tasks] == ["37", "35", "36"]
    assert [line["messages"] for line in index.lines] == [2, 2, 1]


def test_a_task_that_has_not_fetched_serves_the_next_event(cold: Cold, ecs: Ecs) -> None:
    """A second push while the task is PROVISIONING needs no second task."""
    index = cold()
    index(change(number=1))
    index.clock.now += 40
    assert index(change(number=2)) == {"covered": [ecs.tasks[0].arn]}
    assert index.late == []
    assert len(ecs.asked("RunTask")) == 1


@pytest.mark.parametrize("seconds", [0, 40])
@pytest.mark.parametrize("status", STATUSES[1:4])
def test_a_task_that_may_have_fetched_serves_no_later_event(
    cold: Cold, ecs: Ecs, status: str, seconds: int
) -> None:
    """From PENDING on, the next push gets a task of its own, however soon it comes; one only."""
    index = cold()
    index(change(number=1))
    ecs.tasks[0].move(status)
    index.clock.now += seconds
    assert index(change(number=2)) == {"started": [ecs.tasks[1].arn]}
    ecs.tasks[1].move(status)
    assert index(change(number=3)) == {"waits": ["two tasks are at work"]}
    assert index.late == ["message-0"]
    ecs.tasks[0].move("STOPPED")
    assert index(change(number=3)) == {"started": [ecs.tasks[2].arn]}


def test_a_task_that_is_being_stopped_serves_nobody(cold: Cold, ecs: Ecs) -> None:
    """Somebody stopped it while it was PROVISIONING: it will never fetch."""
    index = cold()
    index(change(number=1))
    ecs.tasks[0].stopping = True
    assert index(change(number=2))["started"] == [ecs.tasks[1].arn]


def test_another_repositorys_task_serves_nobody_else(cold: Cold, ecs: Ecs) -> None:
    """Tasks are shared by events of one repository only; capitals count."""
    index = cold()
    for name in ("shop", "Shop", "shop2"):
        assert len(index(change(name))["started"]) == 1
    assert len(ecs.tasks) == 3


def test_a_task_that_is_not_listed_yet_is_found_by_its_token(cold: Cold, ecs: Ecs) -> None:
    """ListTasks lags behind RunTask; the conflict over the token tells of the rival's task."""
    ecs.list_lag = 1000
    first, second = cold(), cold()
    first(change(number=1))
    second.clock.now += 10
    assert second(change(number=2)) == {"covered": [ecs.tasks[0].arn]}


@pytest.mark.parametrize("lag", ["describe_lag", "nameless", "running"])
def test_an_unlisted_task_that_may_have_fetched_is_waited_for(
    cold: Cold, ecs: Ecs, lag: str
) -> None:
    """A conflict alone is no proof that it serves the event, and starts no third one either."""
    ecs.list_lag = 1000
    index = cold()
    index(change(number=1))
    if lag == "running":
        ecs.tasks[0].move("RUNNING")
    else:
        setattr(ecs, lag, 8)
    assert index(change(number=2)) == {"waits": ["another call has started a task"]}
    assert len(ecs.tasks) == 1


def test_tokens_of_tasks_that_ended_are_in_nobodys_way(cold: Cold, ecs: Ecs) -> None:
    """A token outlives its task by an hour; the next ones go on where it was."""
    index = cold()
    for number in range(8):
        index(change(number=number))
        assert len(ecs.tasks) == number + 1
        ecs.tasks[number].move("STOPPED")
        index.clock.now += 60
    assert len({request["startedBy"] for request in ecs.asked("RunTask")}) == 1


def test_nothing_is_started_while_tokens_change(cold: Cold, ecs: Ecs) -> None:
    """For five seconds each ten minutes two calls might not see each other's tasks."""
    index = cold()
    index.clock.now = 1_800_000_002
    assert index(change()) == {"waits": ["tokens have changed"]}
    index.clock.now += 5
    assert index(change())["started"] == [ecs.tasks[0].arn]


def test_a_new_revision_of_the_task_does_not_confuse_tokens(cold: Cold, ecs: Ecs) -> None:
    """While the stack is updated, old and new settings conflict like any two events."""
    ecs.list_lag = 1000
    cold()(change())
    ecs.definition = f"{ecs.definition}1"
    assert cold()(change())["covered"] == [ecs.tasks[0].arn]


def test_a_burst_at_once_is_one_task(cold: Cold, ecs: Ecs) -> None:
    """20 calls that all see an empty list start one task between them."""
    ecs.list_lag = 10_000
    indices = [cold() for _ in range(20)]
    gate = threading.Barrier(20)

    def push(number: int) -> dict[str, Any]:
        gate.wait()
        record = {"eventSource": "aws:sqs", "body": json.dumps(change(number=number))}
        record |= {"messageId": "m", "receiptHandle": "0 1"}
        attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1"}
        message = {**record, "attributes": attributes}
        answer = indices[number].module.handler({"Records": [message]}, Context())
        return dict(answer)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(push, range(20)))
    assert len(ecs.tasks) == 1
    assert answers == [{"batchItemFailures": []}] * 20


# --- Called by hand, by CodeCommit, by a rule of before ------------------------------------------


@pytest.mark.parametrize(
    "event", [{"repository": "shop"}, {"repository": ""}, change(), scheduled(), died()], ids=str
)
def test_what_calls_the_function_is_put_into_the_queue(
    cold: Cold, ecs: Ecs, event: dict[str, Any]
) -> None:
    """Whoever calls, it waits for room like all others."""
    index = cold(env=FEW)
    if event.get("source") == "aws.ecs":
        event["detail"]["overrides"] = told_of("shop")
    assert index.call(event) == {"outcome": "queued", "messages": 1}
    (message,) = index.sqs.waiting.values()
    assert json.loads(message.body) == event
    assert ecs.calls == []


def test_a_queue_that_refuses_raises(cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda tries CodeCommit's call again, and keeps the event in `Lost` after three attempts."""
    index = cold()
    failed = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(index.sqs, "answer", lambda *_: {"Successful": [], **failed})
    with pytest.raises(RuntimeError, match="InternalError"):
        index.call({"Records": [record()]})


# --- Called by CodePipeline ---------------------------------------------------------------------


def job(name: str | None = "shop", token: str = "") -> dict[str, Any]:
    """Return what CodePipeline hands to a function.

    Source: AWS page "Invoke an AWS Lambda function in a pipeline in CodePipeline".
    """
    told = {"FunctionName": "Starter", **({"UserParameters": name} if name is not None else {})}
    data = {
        "actionConfiguration": {"configuration": told},
        "inputArtifacts": [],
        "outputArtifacts": [],
        "artifactCredentials": {"accessKeyId": "A", "secretAccessKey": "S", "sessionToken": "T"},
        **({"continuationToken": token} if token else {}),
    }
    of = {"id": "11111111-abcd-1111-abcd-111111abcdef", "accountId": "111111111111", "data": data}
    return {"CodePipeline.job": of}


@dataclass
class Pipeline:
    """CodePipeline, as far as a job is answered."""

    index: Lambda
    monkeypatch: pytest.MonkeyPatch

    def answer(self, event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Hand over a job; return which operation answered it, and with what."""
        answers: list[tuple[str, dict[str, Any]]] = []

        class Answers:
            def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
                answers.append((operation, given))
                return {}

        client = boto3.client("codepipeline", endpoint_url="http://127.0.0.1:9")
        plug(client, Answers(), bursts.Clock())
        with self.monkeypatch.context() as patch:
            patch.setattr(self.index.module.boto3, "client", lambda _: client)
            self.index.call(event)
        ((operation, given),) = answers
        assert given.pop("jobId") == event["CodePipeline.job"]["id"]
        return operation, given


def test_a_pipelines_job_ends_with_its_task(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on while the task is at work, and succeeds once both sides are equal."""
    pipeline = Pipeline(cold(), monkeypatch)
    operation, given = pipeline.answer(job())
    assert operation == "PutJobSuccessResult"
    token = given["continuationToken"]
    assert token == ecs.tasks[0].arn
    assert ecs.tasks[0].environment()["REPOSITORY"] == "shop"
    ecs.tasks[0].move("RUNNING")
    assert pipeline.answer(job(token=token)) == (operation, {"continuationToken": token})
    ecs.tasks[0].move("STOPPED")
    ecs.tasks[0].exit_code = 0
    assert pipeline.answer(job(token=token)) == ("PutJobSuccessResult", {})
    assert len(ecs.tasks) == 1


def test_a_pipelines_job_waits_for_room(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused RunTask is asked for again at CodePipeline's next call."""
    pipeline = Pipeline(cold(), monkeypatch)
    ecs.failures = [[{"arn": "x", "reason": "quota"}]]
    _, given = pipeline.answer(job())
    assert ecs.tasks == []
    pipeline.index.clock.now += 60
    _, given = pipeline.answer(job(token=given["continuationToken"]))
    assert given["continuationToken"] == ecs.tasks[0].arn


@pytest.mark.parametrize("code", [1, 2, 137, None])
def test_a_pipelines_job_fails_with_its_task(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    """The message has the task and how it ended."""
    pipeline = Pipeline(cold(), monkeypatch)
    _, given = pipeline.answer(job())
    ecs.tasks[0].move("STOPPED")
    ecs.tasks[0].exit_code = code
    operation, given = pipeline.answer(job(token=given["continuationToken"]))
    assert operation == "PutJobFailureResult"
    assert given["failureDetails"]["type"] == "JobFailed"
    assert f"ended with [{code}]" in given["failureDetails"]["message"]


@pytest.mark.parametrize("name", [None, "", "a b", "../x", "other", "*", "shop\n"], ids=ascii)
def test_a_pipeline_that_names_no_repository_of_ours_fails_at_once(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    """Nothing is started."""
    pipeline = Pipeline(cold(env=FEW), monkeypatch)
    operation, _ = pipeline.answer(job(name))
    assert operation == "PutJobFailureResult"
    assert ecs.calls == []


def test_a_task_that_nobody_knows_any_more_fails_the_job(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour after its end ECS has forgotten it."""
    token = f"{ARN}:task/mirror/gone"
    operation, given = Pipeline(cold(), monkeypatch).answer(job(token=token))
    assert operation == "PutJobFailureResult"
    assert "does not know" in given["failureDetails"]["message"]


# --- Against moto ------------------------------------------------------------------------------


@pytest.fixture
def world(aws: str) -> Iterator[dict[str, Any]]:
    """Make a cluster, a task definition and a network; give the function's settings."""
    network, operator = boto3.client("ec2"), boto3.client("ecs", endpoint_url=aws)
    vpc = network.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # moto describes a task by its address's name, which it has only where names are on.
    network.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = network.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = network.create_security_group(GroupName="mirror", Description="-", VpcId=vpc)
    name = f"mirror-{uuid.uuid4().hex[:8]}"
    cluster = operator.create_cluster(
        clusterName=name, capacityProviders=["FARGATE", "FARGATE_SPOT"]
    )
    task = operator.register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        # moto adds the containers' memory up and fails without one.
        containerDefinitions=[
            {"name": "mirror", "image": "mirror", "essential": True, "memory": 512}
        ],
    )
    yield {
        "cluster": cluster["cluster"]["clusterArn"],
        "taskDefinition": task["taskDefinition"]["taskDefinitionArn"],
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group["GroupId"]]}
        },
    }
    network.close()
    operator.close()


@pytest.mark.parametrize("provider", ["", "FARGATE_SPOT"])
def test_ecs_describes_the_task_as_it_was_meant(
    aws: str, cold: Cold, world: dict[str, Any], provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second ECS, which nobody here wrote, takes the request and starts what was meant."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", aws)
    spot = {"launchType": None, "capacityProviderStrategy": SPOT} if provider else {}
    index = cold(**world, **spot)
    (arn,) = index(change())["started"]
    (task,) = index.module.ecs.describe_tasks(cluster=world["cluster"], tasks=[arn])["tasks"]
    assert task["taskDefinitionArn"] == world["taskDefinition"]
    assert task["clusterArn"] == world["cluster"]
    assert task.get("launchType", "") == ("" if provider else "FARGATE")
    assert task.get("capacityProviderName", "") == provider
    (container,) = task["overrides"]["containerOverrides"]
    assert container["name"] == "mirror"
    assert {"name": "REPOSITORY", "value": "shop"} in container["environment"]
    details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
    network = world["networkConfiguration"]["awsvpcConfiguration"]
    assert [details["subnetId"]] == network["subnets"]
    by = task["startedBy"]
    listed = index.module.ecs.list_tasks(cluster=world["cluster"], startedBy=by)["taskArns"]
    assert listed == [arn]
    # Its tasks are RUNNING at once, so the next event starts another.
    assert index(change(number=2))["started"] != [arn]


# --- The file itself ---------------------------------------------------------------------------


def test_lambda_has_all_that_the_file_imports() -> None:
    """Nothing but the standard library, boto3 and botocore is there in the runtime."""
    imported = set()
    for node in ast.walk(ast.parse(PAYLOAD.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    assert imported - {"boto3", "botocore"} <= sys.stdlib_module_names


def test_the_file_is_readable_in_a_template() -> None:
    """It is text that YAML can show as it is."""
    text = PAYLOAD.read_text()
    assert text.isascii()
    assert text.endswith("\n")
    assert "\t" not in text
    assert all(line == line.rstrip() and len(line) <= 100 for line in text.split("\n"))


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_missing_setting_is_no_default(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A function without its settings raises and starts nothing."""
    cold()
    monkeypatch.delenv(name)
    with pytest.raises(KeyError, match=name):
        Lambda()(change())
    assert ecs.tasks == []


@pytest.mark.parametrize("text", ["", "{}", "[]", "{'cluster': 1}"])
def test_settings_that_are_none_start_nothing(
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """What cannot be read, or names no cluster, raises before ECS is asked."""
    cold()
    monkeypatch.setenv("TASK", text)
    with pytest.raises((ValueError, KeyError, TypeError)):
        Lambda()(change())
    assert ecs.calls == []


def test_a_task_definition_is_no_default_either(cold: Cold, ecs: Ecs) -> None:
    """Without one, boto3 refuses the request."""
    assert "taskDefinition" in cold(taskDefinition=None)(change())["waits"][0]
    assert ecs.tasks == []
