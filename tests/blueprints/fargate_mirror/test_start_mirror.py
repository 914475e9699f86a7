"""start_mirror.py, run for real: its own file, real boto3, ECS on loopback."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.stub import Stubber
from support.ecs_on_loopback import ARN, STATUSES, Ecs
from support.payload_runs import load

from cfngen.project.generate import synthesize
from cfngen.project.registry import find

PAYLOAD = Path(__file__).parents[3] / "blueprints" / "fargate_mirror" / "payload/start_mirror.py"
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
        """Start at the beginning of one of the payload's spans of 15 s."""
        self.now = 1_800_000_000.0
        self.naps: list[float] = []

    def time(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.naps.append(seconds)
        self.now += seconds


class Lambda:
    """One cold start of the payload."""

    def __init__(self) -> None:
        """Load the file under the name that Lambda gives inline code."""
        self.module: Any = load(PAYLOAD)
        self.clock = self.module.time = Clock()
        self.lines: list[dict[str, Any]] = []

    def __call__(self, event: Any) -> dict[str, list[str]]:
        """Run the handler once; keep what it logged."""
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                answer: dict[str, list[str]] = self.module.handler(event, None)
                return answer
        finally:
            self.lines = [json.loads(line) for line in out.getvalue().splitlines()]

    def close(self) -> None:
        """Give the connections back."""
        self.module.ecs.close()


Cold = Callable[..., Lambda]
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

    def start(**changes: Any) -> Lambda:
        monkeypatch.setenv("CONTAINER", "mirror")
        monkeypatch.setenv("TASK", json.dumps(settings(ecs, **changes)))
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
                    ],
                }
            ]
        },
    }
    assert len(by) <= 36
    assert token != by
    arn = ecs.tasks[0].arn
    assert answer == {"started": [arn], "coalesced": []}
    assert index.lines == [{"repository": "shop.front_end-2", "outcome": "started", "task": arn}]


def test_a_trigger_starts_a_task_for_its_repository(cold: Cold, ecs: Ecs) -> None:
    """One record about several references is one task."""
    assert len(cold()({"Records": [record()]})["started"]) == 1
    assert [task.environment() for task in ecs.tasks] == [
        {
            "REPOSITORY": "shop",
            "MIRROR_SINCE": "2026-03-01T08:15:30.123+0000",
            "EVENT_ID": "event-1",
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
    cold: Cold, ecs: Ecs, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """The template's own environment, its references resolved, starts a task in its cluster."""
    body = synthesize(BLUEPRINT, options).document.body
    told = body["Resources"]["Starter"]["Properties"]["Environment"]["Variables"]
    values: dict[str, str] = {"MirrorCluster.Arn": ecs.cluster, "MirrorTask": ecs.definition}
    task = re.sub(r"\$\{([\w.]+)\}", lambda m: values.get(m[1], str(m[1])), told["TASK"]["Fn::Sub"])
    index = cold()
    monkeypatch.setattr(index.module, "TASK", json.loads(task))
    monkeypatch.setattr(index.module, "CONTAINER", told["CONTAINER"])
    index(change())
    (request,) = ecs.asked("RunTask")
    assert set(told) == {"CONTAINER", "TASK"}
    network = request["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == ["SubnetId1", "SubnetId2"]
    assert network["securityGroups"] == ["MirrorAccess.GroupId"]
    assert request.get("capacityProviderStrategy") == (SPOT if options.get("spot") else None)


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


def interrupted(number: int = 1, repository: str = "shop") -> dict[str, Any]:
    """Return what ECS says of a task whose spare capacity was taken away."""
    arn = f"{ARN}:task/mirror/0123456789abcdef0123456789abcdef"
    told = [{"name": "REPOSITORY", "value": repository}]
    return {
        "version": "0",
        "id": f"spot-{number}",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": WHEN,
        "region": "eu-west-1",
        "resources": [arn],
        "detail": {
            "clusterArn": f"{ARN}:cluster/mirror",
            "taskArn": arn,
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "stopCode": "SpotInterruption",
            "stoppedReason": "Your Spot Task was interrupted.",
            "capacityProviderName": "FARGATE_SPOT",
            "overrides": {"containerOverrides": [{"name": "mirror", "environment": told}]},
        },
    }


ALL = [scheduled, interrupted]


@pytest.mark.parametrize("make", ALL)
def test_the_schedule_and_spot_start_a_run_for_all(
    cold: Cold, ecs: Ecs, make: Callable[..., dict[str, Any]]
) -> None:
    """Nothing happened at that time that would have to be there: no repository and no moment."""
    index = cold()
    answer = index(make(7))
    (task,) = ecs.tasks
    assert task.environment() == {
        "REPOSITORY": "",
        "MIRROR_SINCE": "",
        "EVENT_ID": make(7)["id"],
    }
    assert answer == {"started": [task.arn], "coalesced": []}
    assert index.lines == [{"repository": "", "outcome": "started", "task": task.arn}]


@pytest.mark.parametrize("first", ALL)
@pytest.mark.parametrize("second", ALL)
@pytest.mark.parametrize("lag", [0, 1000])
def test_runs_for_all_are_coalesced_among_themselves(
    cold: Cold,
    ecs: Ecs,
    first: Callable[..., dict[str, Any]],
    second: Callable[..., dict[str, Any]],
    lag: int,
) -> None:
    """A run for all that has not begun serves every later call for one, whoever calls."""
    ecs.list_lag = lag
    index = cold()
    index(first(1))
    assert index(second(2)) == {"started": [], "coalesced": [ecs.tasks[0].arn]}
    ecs.tasks[0].move("PENDING")
    assert index(second(3)) == {"started": [ecs.tasks[1].arn], "coalesced": []}


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("lag", [0, 1000])
def test_a_run_for_all_and_one_for_a_repository_are_two(
    cold: Cold, ecs: Ecs, make: Callable[..., dict[str, Any]], lag: int
) -> None:
    """Neither stands for the other, whichever came first."""
    ecs.list_lag = lag
    index = cold()
    assert index(make(1))["started"] == [ecs.tasks[0].arn]
    assert index(change(number=2))["started"] == [ecs.tasks[1].arn]
    assert index(make(3))["coalesced"] == [ecs.tasks[0].arn]
    assert index(change(number=4))["coalesced"] == [ecs.tasks[1].arn]
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["", "shop"]
    by = [task.request["startedBy"] for task in ecs.tasks]
    assert len(set(by)) == 2


@pytest.mark.parametrize("make", ALL)
def test_an_event_for_all_without_an_id_is_refused(
    cold: Cold, ecs: Ecs, make: Callable[..., dict[str, Any]]
) -> None:
    """What EventBridge would never send raises."""
    event = make()
    del event["id"]
    with pytest.raises(KeyError, match="id"):
        cold()(event)
    assert ecs.calls == []


# --- What is refused ---------------------------------------------------------------------------

OTHERS: list[Any] = [
    *(None, [], "shop", 7, {}, {"Records": [{}]}, {"Records": "shop"}),
    {"Records": [None]},
    {"Records": {"eventSourceARN": PREFIX + "shop"}},
    {"Records": [record() | {"eventSourceARN": None}]},
    {"Records": [{"eventSourceARN": PREFIX + "shop"}]},
    {"Records": [record(eventSourceARN="shop")]},
    change() | {"detail": None},
    change() | {"detail": {}},
    {key: value for key, value in change().items() if key != "id"},
    {key: value for key, value in change().items() if key != "time"},
]


@pytest.mark.parametrize("event", OTHERS, ids=lambda event: json.dumps(event)[:60])
def test_what_is_not_about_a_repository_is_refused(cold: Cold, ecs: Ecs, event: Any) -> None:
    """Any other event raises, so that it ends as a dead letter instead of in silence."""
    with pytest.raises((AttributeError, IndexError, KeyError, TypeError)):
        cold()(event)
    assert ecs.calls == []


HOSTILE: list[Any] = [
    *(" ", "a b", "a/b", "../a", "a;b", "$(id)", "a'b", 'a"b', "a:b", "a*"),
    *("shop\n", "\nshop", "a\n{}", "shop\r", "shop\0", "sh\u2028op", "\u30b7", "\u0661", "\u212a"),
    *("a" * 101, "arn:aws:codecommit:eu-west-1:123456789012:shop"),
    *(None, 7, True, ["shop"], {"shop": 1}),
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_refused(cold: Cold, ecs: Ecs, name: Any) -> None:
    """Only what CodeCommit itself allows gets near a task; no line of the log is forged."""
    index = cold()
    kind, match = (
        (ValueError, "not a repository")
        if isinstance(name, str)
        else (TypeError, "string|unhashable")
    )
    with pytest.raises(kind, match=match) as refused:
        index(change(name))
    assert ecs.calls == []
    assert "\n" not in str(refused.value)
    assert len(index.lines) <= 1
    assert all(line["outcome"] == "failed" for line in index.lines)


@pytest.mark.parametrize("name", ["a b", "shop\n", "a" * 101], ids=ascii)
def test_a_hostile_name_in_a_trigger_is_refused(cold: Cold, ecs: Ecs, name: str) -> None:
    """The same holds for the last part of an ARN."""
    with pytest.raises(ValueError, match="repository"):
        cold()({"Records": [record(name)]})
    assert ecs.calls == []


@pytest.mark.parametrize("name", ["a", "A" * 100, ".-_", "1", "a.b-c_D9"])
def test_every_name_that_codecommit_allows_is_served(cold: Cold, ecs: Ecs, name: str) -> None:
    """One to a hundred letters, digits, dots, hyphens and underscores."""
    cold()(change(name))
    assert ecs.tasks[0].environment()["REPOSITORY"] == name


# --- What goes wrong ---------------------------------------------------------------------------


def test_a_task_that_cannot_be_placed_raises(cold: Cold, ecs: Ecs) -> None:
    """RunTask says with status 200 that it failed: what, why and how is in the error."""
    ecs.failures = [[{"arn": "arn:x", "reason": "RESOURCE:ENI", "detail": "no address"}]]
    index = cold()
    with pytest.raises(RuntimeError, match=r"arn:x.*RESOURCE:ENI.*no address"):
        index(change())
    assert index.lines[0]["outcome"] == "failed"
    assert "RESOURCE:ENI" in index.lines[0]["task"]


def test_an_answer_without_a_task_raises(cold: Cold, ecs: Ecs) -> None:
    """No task and no failure is no success."""
    ecs.failures = [[]]
    with pytest.raises(RuntimeError, match="RunTask"):
        cold()(change())


def test_a_task_beside_a_failure_raises(cold: Cold) -> None:
    """An answer that names a failure is never a success."""
    index = cold()
    with Stubber(index.module.ecs) as stub:
        stub.add_response("list_tasks", {"taskArns": []})
        failure = {"arn": "arn:x", "reason": "AGENT", "detail": "?"}
        stub.add_response("run_task", {"tasks": [{"taskArn": "arn:t"}], "failures": [failure]})
        with pytest.raises(RuntimeError, match="AGENT"):
            index(change())


@pytest.mark.parametrize("operation", ["ListTasks", "DescribeTasks", "RunTask"])
def test_a_missing_permission_raises(cold: Cold, ecs: Ecs, operation: str) -> None:
    """Lambda tries again and then writes a dead letter; nothing is taken for coalesced."""
    index = cold()
    index(change(number=1))
    ecs.list_lag = 100 if operation == "RunTask" else 0
    ecs.denied = {operation}
    with pytest.raises(ClientError, match=operation):
        index(change(number=2))
    assert index.lines[0]["outcome"] == "failed"
    assert len(ecs.tasks) == 1


def test_a_retry_after_a_failure_starts_the_task(cold: Cold, ecs: Ecs) -> None:
    """Lambda's next attempt at the same event is not held up by the first one's token."""
    ecs.failures = [[{"arn": "arn:x", "reason": "RESOURCE:ENI", "detail": "no address"}]]
    index = cold()
    with pytest.raises(RuntimeError):
        index(change())
    index.clock.now += 60
    assert index(change())["started"] == [ecs.tasks[0].arn]


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
    with pytest.raises(ClientError, match="Throttling"):
        index(change(number=2))
    # boto3's own defaults: three attempts, in older versions five.
    assert len(ecs.asked("ListTasks")) - 3 in (3, 5)
    config = index.module.ecs.meta.config
    assert 0 < config.connect_timeout <= 60
    assert 0 < config.read_timeout <= 60


# --- Several records ---------------------------------------------------------------------------


def test_each_repository_of_an_event_gets_one_task(cold: Cold, ecs: Ecs) -> None:
    """Records about the same repository share a task; others get their own."""
    names = ["shop", "blog", "shop", "wiki", "blog"]
    index = cold()
    answer = index({"Records": [record(name, n) for n, name in enumerate(names)]})
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["shop", "blog", "wiki"]
    assert answer == {"started": [task.arn for task in ecs.tasks], "coalesced": []}
    assert [line["repository"] for line in index.lines] == ["shop", "blog", "wiki"]


@pytest.mark.parametrize("names", [["a b", "shop"], ["shop", "a b"], ["a b", "shop", "c d"]])
def test_a_failure_is_raised_after_the_others_had_their_turn(
    cold: Cold, ecs: Ecs, names: list[str]
) -> None:
    """One bad repository neither keeps the others from being mirrored nor goes unnoticed."""
    index = cold()
    with pytest.raises(ValueError, match="not a repository"):
        index({"Records": [record(name) for name in names]})
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["shop"]
    outcomes = {line["repository"]: line["outcome"] for line in index.lines}
    assert outcomes == {name: "started" if name == "shop" else "failed" for name in names}


def test_an_unplaced_task_does_not_stop_the_next_repository(cold: Cold, ecs: Ecs) -> None:
    """The same holds when ECS fails for one of them."""
    ecs.failures = [[{"arn": "arn:x", "reason": "RESOURCE:ENI", "detail": "no address"}]]
    with pytest.raises(RuntimeError, match="RESOURCE:ENI"):
        cold()({"Records": [record("shop"), record("blog")]})
    assert [task.environment()["REPOSITORY"] for task in ecs.tasks] == ["blog"]


# --- Coalescing --------------------------------------------------------------------------------


def test_a_task_that_has_not_fetched_serves_the_next_event(cold: Cold, ecs: Ecs) -> None:
    """A second push while the task is PROVISIONING needs no second task."""
    index = cold()
    index(change(number=1))
    index.clock.now += 40
    assert index(change(number=2)) == {"started": [], "coalesced": [ecs.tasks[0].arn]}
    assert index.lines == [{"repository": "shop", "outcome": "coalesced", "task": ecs.tasks[0].arn}]
    assert len(ecs.asked("RunTask")) == 1


@pytest.mark.parametrize("seconds", [0, 40])
@pytest.mark.parametrize("status", STATUSES[1:])
def test_a_task_that_may_have_fetched_serves_no_later_event(
    cold: Cold, ecs: Ecs, status: str, seconds: int
) -> None:
    """From PENDING on, the next push gets a task of its own, however soon it comes."""
    index = cold()
    index(change(number=1))
    ecs.tasks[0].move(status)
    index.clock.now += seconds
    assert index(change(number=2)) == {"started": [ecs.tasks[1].arn], "coalesced": []}


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


def test_a_waiting_task_is_found_among_those_at_work(cold: Cold, ecs: Ecs) -> None:
    """Older tasks that still run do not hide the one that has yet to fetch."""
    index = cold()
    for number in range(3):
        index(change(number=number))
        if number < 2:
            ecs.tasks[number].move("RUNNING")
    ecs.tasks.reverse()
    index.clock.now += 60  # no token leads to it either
    assert index(change(number=9))["coalesced"] == [ecs.tasks[0].arn]


def test_a_task_that_is_not_listed_yet_is_found_by_its_token(cold: Cold, ecs: Ecs) -> None:
    """ListTasks lags behind RunTask; the conflict over the token tells of the rival's task."""
    ecs.list_lag = 1000
    first, second = cold(), cold()
    first(change(number=1))
    second.clock.now += 10
    assert second(change(number=2)) == {"started": [], "coalesced": [ecs.tasks[0].arn]}


def test_an_unlisted_task_that_may_have_fetched_serves_no_later_event(cold: Cold, ecs: Ecs) -> None:
    """A conflict alone is no proof: the rival's task must still be PROVISIONING."""
    ecs.list_lag = 1000
    index = cold()
    for number in range(10):
        assert index(change(number=number))["started"] == [ecs.tasks[number].arn]
        ecs.tasks[number].move("PENDING")
    assert len({request["startedBy"] for request in ecs.asked("RunTask")}) == 1


def test_followers_of_a_chain_meet_at_its_end(cold: Cold, ecs: Ecs) -> None:
    """All invocations of a moment try the same tokens in the same order."""
    ecs.list_lag = 1000
    indices = [cold() for _ in range(3)]
    for number in range(4):
        indices[number % 3](change(number=number))
        ecs.tasks[number].move("RUNNING")
    indices[0](change(number=4))
    assert [index(change(number=5 + n))["coalesced"] for n, index in enumerate(indices)] == [
        [ecs.tasks[4].arn]
    ] * 3


def test_a_busy_day_makes_no_long_chains(cold: Cold, ecs: Ecs) -> None:
    """Tokens outlive their tasks by an hour, so those of a minute ago are not tried again."""
    index = cold()
    for number in range(30):
        index(change(number=number))
        ecs.tasks[number].move("RUNNING")
        index.clock.now += 60
    assert len(ecs.tasks) == len(ecs.asked("RunTask")) == 30


@pytest.mark.parametrize("lag", ["describe_lag", "nameless"])
def test_a_rivals_task_that_nobody_can_see_yet_is_waited_for(
    cold: Cold, ecs: Ecs, lag: str
) -> None:
    """A conflict over a task that DescribeTasks does not know yet starts no task of its own."""
    ecs.list_lag = 1000
    index = cold()
    index(change(number=1))
    setattr(ecs, lag, 8)
    assert index(change(number=2))["coalesced"] == [ecs.tasks[0].arn]
    assert 0 < sum(index.clock.naps) <= 5


def test_nobody_waits_for_ever(cold: Cold, ecs: Ecs) -> None:
    """After a few seconds it is Lambda's turn to try again."""
    ecs.list_lag = ecs.describe_lag = 1000
    index = cold()
    index(change(number=1))
    with pytest.raises(RuntimeError, match="rivals"):
        index(change(number=2))
    assert 1 <= sum(index.clock.naps) <= 10
    assert len(ecs.tasks) == 1


def test_a_redelivered_event_is_the_same_task(cold: Cold, ecs: Ecs) -> None:
    """EventBridge delivers at least once: a second delivery at once finds the first one's task."""
    ecs.list_lag = 1000
    index = cold()
    first = index(change())
    ecs.tasks[0].move("RUNNING")
    assert index(change())["started"] == first["started"]
    assert len(ecs.tasks) == 1


def test_a_new_revision_of_the_task_does_not_confuse_the_chain(cold: Cold, ecs: Ecs) -> None:
    """While the stack is updated, old and new settings conflict like any two events."""
    ecs.list_lag = 1000
    cold()(change())
    ecs.definition = f"{ecs.definition}1"
    assert cold()(change())["coalesced"] == [ecs.tasks[0].arn]


@pytest.mark.parametrize("lag", [0, 60])
def test_a_thousand_tags_are_a_few_tasks_and_the_last_one_arrives(
    cold: Cold, ecs: Ecs, lag: int
) -> None:
    """Of 100 events from 20 threads each is served by a task that fetched after it happened."""
    ecs.list_lag, ecs.describe_lag = lag, lag // 20
    ecs.provisioning = 150
    indices = [cold() for _ in range(4)]
    for index in indices:
        index.clock.sleep = lambda _: time.sleep(0.002)  # type: ignore[method-assign]
    answers: list[tuple[float, dict[str, list[str]]]] = []
    gate = threading.Barrier(20)

    def push(worker: int) -> None:
        gate.wait()
        for number in range(5):
            happened = time.monotonic()
            event = change(number=100 * worker + number)
            answers.append((happened, indices[worker % 4].module.handler(event, None)))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(push, range(20)))
    assert len(answers) == 100
    fetched = {task.arn: task.fetched for task in ecs.tasks}
    for happened, answer in answers:
        (arn,) = answer["started"] + answer["coalesced"]
        assert fetched[arn] >= happened
    # Every 150 calls the task moves on; 100 events make a few hundred calls.
    assert 1 <= len(ecs.tasks) <= len(ecs.calls) // 150 + 1
    assert len(ecs.tasks) <= 10
    assert sum(len(answer["started"]) for _, answer in answers) == len(ecs.tasks)


def test_a_burst_at_once_is_one_task(cold: Cold, ecs: Ecs) -> None:
    """20 invocations that all see an empty list start one task between them."""
    ecs.list_lag = 10_000
    index = cold()
    gate = threading.Barrier(20)

    def push(number: int) -> dict[str, list[str]]:
        gate.wait()
        answer: dict[str, list[str]] = index.module.handler(change(number=number), None)
        return answer

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(push, range(20)))
    (task,) = ecs.tasks
    assert sorted(len(answer["started"]) for answer in answers) == [0] * 19 + [1]
    assert all(answer["started"] + answer["coalesced"] == [task.arn] for answer in answers)


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


@pytest.mark.parametrize("name", ["CONTAINER", "TASK"])
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
    with pytest.raises(ParamValidationError, match="taskDefinition"):
        cold(taskDefinition=None)(change())
    assert ecs.tasks == []
