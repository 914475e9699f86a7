"""start_worker.py, run for real: its own file, real boto3, ECS and a queue on loopback."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from support.branches import BLUEPRINT, FUNCTIONS, PAYLOAD, build_place
from support.cloudformation import resolved
from support.codebuild import Services
from support.ecs_on_loopback import Ecs
from support.payload_runs import load

from cfngen import synthesize
from cfngen.testing import of_type

PUSH = {
    "source": "aws.codecommit",
    "id": "9bcdac79-b31f-4d3d-9410-fbd727c29fab",
    "detail": {"repositoryName": "shop", "referenceName": "main", "commitId": "1" * 40},
}
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
NOON = 1_800_000_000.0  # the beginning of a span of 15 seconds


class Workers(Ecs):
    """A cluster whose tasks nobody names beforehand."""

    def _list(self, given: dict[str, Any]) -> dict[str, Any]:
        assert set(given) == {"cluster"}
        running = [t for t in self.tasks if t.described()["desiredStatus"] == "RUNNING"]
        return {"taskArns": [task.arn for task in running]}


Invoke = Callable[..., dict[str, Any]]


@pytest.fixture
def ecs() -> Iterator[Workers]:
    """Serve an empty cluster."""
    with Workers() as serving:
        yield serving


@pytest.fixture
def queue(aws: str) -> str:
    """Make a queue."""
    sqs = boto3.client("sqs")
    made: str = sqs.create_queue(
        QueueName=f"{uuid.uuid4().hex}.fifo",
        Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"},
    )["QueueUrl"]
    return made


@pytest.fixture
def invoke(ecs: Workers, queue: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Return the handler, with the environment that the template gives it, and a clock."""
    body = synthesize(BLUEPRINT).document.body
    known = {
        "WorkerCluster.Arn": ecs.cluster,
        "WorkerTask": ecs.definition,
        "SubnetId1": "subnet-1",
        "SubnetId2": "subnet-2",
        "WorkerAccess.GroupId": "sg-1",
        "Pushes": queue,
    }
    function = of_type(body, "AWS::Lambda::Function")["Starter"]
    assert function["Code"]["ZipFile"] == (FUNCTIONS / "start_worker.py").read_text()
    for name, value in resolved(function["Environment"]["Variables"], known, body).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", ecs.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    module = load(FUNCTIONS / "start_worker.py")

    def call(event: dict[str, Any], at: float = NOON) -> dict[str, Any]:
        module.time = SimpleNamespace(time=lambda: at)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            answer: dict[str, Any] = module.handler(event, None)
        assert json.loads(out.getvalue()) == answer
        return answer

    yield call
    module.ecs.close()
    module.sqs.close()


def send(queue: str) -> None:
    """Put a push into the queue."""
    boto3.client("sqs").send_message(
        QueueUrl=queue, MessageBody=uuid.uuid4().hex, MessageGroupId="shop"
    )


def test_a_push_starts_a_worker_as_the_stack_says(invoke: Invoke, ecs: Workers) -> None:
    """The very task, where it belongs, and nothing of the event."""
    assert invoke(PUSH)["outcome"] == "started"
    (request,) = ecs.asked("RunTask")
    assert {k: v for k, v in request.items() if k in ("taskDefinition", "launchType")} == {
        "taskDefinition": ecs.definition,
        "launchType": "FARGATE",
    }
    assert request["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "ENABLED",
    }
    assert "shop" not in json.dumps(request)


def test_pushes_within_fifteen_seconds_share_a_worker(invoke: Invoke, ecs: Workers) -> None:
    """A worker looks for 20 seconds, so it sees what comes in 15; the next gets another."""
    for at in (NOON, NOON + 5, NOON + 14.9):
        assert invoke(PUSH, at)["outcome"] == "started"
    assert len(ecs.tasks) == 1
    invoke(PUSH, NOON + 15)
    assert len(ecs.tasks) == 2


def test_the_worker_looks_longer_than_pushes_share_it() -> None:
    """Or the last push of a span might find that nobody is left."""
    worker = (PAYLOAD / "messages.py").read_text()
    starter = (FUNCTIONS / "start_worker.py").read_text()
    assert 'WAIT = int(env.get("WAIT_SECONDS", 20))' in worker
    assert "SECONDS = 15 " in starter
    container = of_type(synthesize(BLUEPRINT).document.body, "AWS::ECS::TaskDefinition")[
        "WorkerTask"
    ]
    names = {one["Name"] for one in container["ContainerDefinitions"][0]["Environment"]}
    assert "WAIT_SECONDS" not in names


def test_a_thousand_pushes_start_no_more_workers_than_are_wanted(
    invoke: Invoke, ecs: Workers
) -> None:
    """Three by default, however long it goes on; one that has ended makes room."""
    outcomes = [invoke(PUSH, NOON + n)["outcome"] for n in range(0, 300, 10)]
    assert len(ecs.tasks) == 3
    assert outcomes[-1] == "busy"
    ecs.tasks[0].move("STOPPED")
    assert invoke(PUSH, NOON + 301)["outcome"] == "started"


def test_the_schedule_starts_a_worker_only_if_pushes_wait_and_nobody_works(
    invoke: Invoke, ecs: Workers, queue: str
) -> None:
    """An empty queue costs no task; nor does a queue that somebody empties."""
    assert invoke(SCHEDULE)["outcome"] == "empty"
    send(queue)
    assert invoke(SCHEDULE)["outcome"] == "started"
    assert invoke(SCHEDULE, NOON + 300)["outcome"] == "busy"
    ecs.tasks[0].move("STOPPED")
    assert invoke(SCHEDULE, NOON + 600)["outcome"] == "started"
    assert len(ecs.tasks) == 2


DEATH = {"source": "aws.ecs", "detail": {"lastStatus": "STOPPED"}}


def test_a_death_starts_a_worker_for_what_is_still_in_the_dead_one_s_hands(
    invoke: Invoke, ecs: Workers, queue: str
) -> None:
    """Messages that nobody sees count; but an empty queue costs no task, and `workers` is kept."""
    assert invoke(DEATH)["outcome"] == "empty"
    send(queue)
    assert boto3.client("sqs").receive_message(QueueUrl=queue, VisibilityTimeout=60)["Messages"]
    assert invoke(SCHEDULE)["outcome"] == "empty"
    assert invoke(DEATH)["outcome"] == "started"
    # Beside one that is at work, one in two minutes, however many die in that time.
    for at in (NOON + 20, NOON + 60, NOON + 100):
        invoke(DEATH, at)
    assert len(ecs.tasks) == 2
    invoke(DEATH, NOON + 120)
    assert len(ecs.tasks) == 3
    assert invoke(DEATH, NOON + 300)["outcome"] == "busy"


def test_it_knows_how_long_a_message_stays_in_hands() -> None:
    """The queue, the worker and the function have one number."""
    body = synthesize(BLUEPRINT).document.body
    seconds = of_type(body, "AWS::SQS::Queue")["Pushes"]["VisibilityTimeout"]
    (container,) = of_type(body, "AWS::ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"]
    assert {"Name": "HELD_SECONDS", "Value": str(seconds)} in container["Environment"]
    assert f"HELD = {seconds} " in (FUNCTIONS / "start_worker.py").read_text()


def pushed(branch: str = "main", repository: str = "shop") -> dict[str, Any]:
    """Return another push."""
    detail = {"repositoryName": repository, "referenceName": branch, "commitId": "2" * 40}
    return {**PUSH, "id": str(uuid.uuid4()), "detail": detail}


def queued(queue: str) -> list[dict[str, Any]]:
    """Take what was queued."""
    how = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "MessageAttributeNames": ["All"]}
    found = boto3.client("sqs").receive_message(QueueUrl=queue, AttributeNames=["All"], **how)
    messages: list[dict[str, Any]] = found.get("Messages", [])
    return messages


def test_a_push_is_queued_as_it_came_behind_those_to_its_branch(
    invoke: Invoke, queue: str, ecs: Workers
) -> None:
    """The whole event, in a group for each branch, whatever that is called; and who is to do it."""
    events = [pushed(), pushed(), pushed("$(id)"), pushed("main", "web"), pushed("a", 'b", "a')]
    for event in events:
        invoke(event)
    messages = queued(queue)
    assert [json.loads(message["Body"]) for message in messages] == events
    groups = [message["Attributes"]["MessageGroupId"] for message in messages]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 4
    assert all(len(group) <= 128 and group.isalnum() for group in groups)
    told = {m["MessageAttributes"]["TaskDefinition"]["StringValue"] for m in messages}
    assert told == {ecs.definition}


def test_a_push_is_queued_once_however_often_its_event_comes(invoke: Invoke, queue: str) -> None:
    """EventBridge delivers at least once, and Lambda tries a failed invocation again."""
    invoke(PUSH)
    invoke(PUSH)
    assert len(queued(queue)) == 1


def test_a_push_is_queued_though_no_worker_can_be_started(
    invoke: Invoke, queue: str, ecs: Workers
) -> None:
    """First it is safe; then comes the worker."""
    ecs.denied.add("RunTask")
    with pytest.raises(Exception, match="RunTask"):
        invoke(PUSH)
    assert len(queued(queue)) == 1


def test_neither_the_schedule_nor_a_hand_queues_anything(invoke: Invoke, queue: str) -> None:
    """They are no pushes."""
    invoke(SCHEDULE)
    invoke({})
    assert queued(queue) == []


@pytest.mark.parametrize(
    "reason",
    [
        "Capacity is unavailable at this time. Please try again later or in a different zone",
        "You've reached the limit on the number of vCPUs you can run concurrently",
    ],
)
def test_no_room_for_a_task_is_no_failure(
    invoke: Invoke, ecs: Workers, queue: str, reason: str
) -> None:
    """The push is in the queue, and the schedule starts a worker once there is room."""
    ecs.failures.append([{"reason": reason}])
    answer = invoke(PUSH)
    assert answer["outcome"] == "waiting"
    assert reason in answer["reason"]
    assert len(queued(queue)) == 1
    assert invoke(SCHEDULE, NOON + 300)["outcome"] == "started"


@pytest.mark.parametrize("how", ["failures", "denied"])
def test_a_refused_task_is_a_failure_that_the_schedule_makes_good(
    invoke: Invoke, ecs: Workers, queue: str, how: str
) -> None:
    """Lambda hears of it, and no push is needed once there is room again."""
    send(queue)
    if how == "failures":
        ecs.failures.append([{"reason": "RESOURCE:ENI"}])
    else:
        ecs.denied.add("RunTask")
    with pytest.raises(Exception, match="RunTask"):
        invoke(PUSH)
    ecs.denied.clear()
    assert invoke(SCHEDULE, NOON + 300)["outcome"] == "started"


def test_by_hand_it_starts_one(invoke: Invoke) -> None:
    """`aws lambda invoke` with an empty event."""
    assert invoke({})["outcome"] == "started"


def test_a_crash_is_made_good_from_end_to_end(
    invoke: Invoke, ecs: Workers, moto_server: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies with a push in hand; the schedule starts another, which builds it."""
    with Services(moto_server) as services:
        place = build_place(tmp_path, services)
        monkeypatch.setenv("QUEUE_URL", place.queue)
        commit = place.push()
        sqs = place.client("sqs")
        (message,) = sqs.receive_message(QueueUrl=place.queue)["Messages"]  # never heard of again
        assert invoke(SCHEDULE)["outcome"] == "empty"  # for a while nobody sees the message
        shown = {"QueueUrl": place.queue, "ReceiptHandle": message["ReceiptHandle"]}
        sqs.change_message_visibility(**shown, VisibilityTimeout=0)  # as when its time has run out
        assert invoke(SCHEDULE, NOON + 300)["outcome"] == "started"
        assert len(ecs.tasks) == 1
        assert place.run().status == 0
        assert [told["COMMIT_ID"] for told in services.variables()] == [commit]
