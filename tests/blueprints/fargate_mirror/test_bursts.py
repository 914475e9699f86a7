"""Bursts of pushes against a full account: nobody's mirror stays behind, and few tasks are started.

start_mirror.py itself, with boto3's own clients, against queues and Fargate in virtual time.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support import aws_events
from support.bursts import (
    CLUSTER,
    DAY,
    DEFINITION,
    LOST,
    QUEUE,
    Clock,
    Fargate,
    Polling,
    Sqs,
    Task,
    plug,
)
from support.payload_runs import load

PAYLOAD = Path(__file__).parents[3] / "blueprints" / "fargate_mirror" / "payload/start_mirror.py"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
SETTINGS = {
    "CONTAINER": "mirror",
    "TASK": json.dumps(
        {
            "cluster": CLUSTER,
            "taskDefinition": DEFINITION,
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
        }
    ),
    "QUEUE_URL": QUEUE,
    "LOST_URL": LOST,
    "BRANCHES": "",
    "METRICS": "FargateMirror mirror",
    "REPOSITORIES": "*",
}


@dataclass
class World:
    """The stack in virtual time, and all pushes that there were."""

    clock: Clock
    fargate: Fargate
    sqs: Sqs
    polling: Polling
    pushes: list[tuple[str, float]] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)

    def push(self, repository: str) -> None:
        """Let a branch change; each third event comes twice."""
        self.pushes.append((repository, self.clock.now))
        event = aws_events.branch("referenceUpdated", repository, commitId="1", oldCommitId="2")
        for _ in range(2 if len(self.pushes) % 3 == 0 else 1):
            self.sqs.put({**event, "id": f"event-{len(self.pushes)}"})

    def ended(self, task: Task) -> None:
        """Tell of a task that did not say how it ended."""
        if task.status not in (0, 1):
            told = {"overrides": task.request["overrides"], "taskArn": task.arn}
            died = aws_events.task(aws_events.container(exitCode=task.status), **told)
            self.sqs.put(died)

    def run(self, seconds: float, *, until_quiet: bool = False) -> None:
        """Let time pass, until nothing waits or runs any more if that is wanted."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.polling.step()
            alive = Counter(task.request["startedBy"] for task in self.fargate.alive())
            self.most |= alive
            gathering = any(batch for _, batch in self.polling.gathered)
            seen_next = min((m.visible for m in self.sqs.waiting.values()), default=end)
            planned = min((at for at, *_ in self.clock.plans), default=end)
            idle = 1 if gathering else min(seen_next, planned, end) - self.clock.now
            self.clock.run(max(1, idle))
            if until_quiet and not (alive or gathering or self.sqs.waiting):
                return

    def stale(self) -> set[str]:
        """Return the repositories that changed after all tasks that mirrored them had begun."""
        last = {}
        for task in self.fargate.tasks:
            if task.status == 0 and task.stopped <= self.clock.now:
                name = task.told["REPOSITORY"]
                last[name] = max(last.get(name, 0.0), task.provisioned)
        return {name for name, at in self.pushes if last.get(name, 0.0) < at}


@pytest.fixture
def world(aws: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """Start the stack, empty."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.retryhandler.delay_exponential", lambda *_, **__: 0.0)
    clock = Clock()
    fargate, sqs = Fargate(clock), Sqs(clock)
    module: Any = load(PAYLOAD)
    module.time, module.random = clock, random.Random(0)  # noqa: S311 - the same each time
    plug(module.ecs, fargate, clock)
    plug(module.sqs, sqs, clock)
    made = World(clock, fargate, sqs, Polling(clock, sqs, module.handler))
    fargate.ended = made.ended
    return made


@pytest.mark.slow
def test_a_push_to_each_of_500_repositories_with_room_for_six_tasks(world: World) -> None:
    """None is stale at the end, each had one task, and the account's room was used throughout."""
    for number in range(500):
        world.push(f"r{number}")
        world.run(1 if number % 50 == 49 else 0)
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert world.sqs.lost == world.sqs.expired == []
    assert len(world.fargate.tasks) <= 510
    busy = sum(task.stopped - task.born for task in world.fargate.tasks)
    took = max(task.stopped for task in world.fargate.tasks) - world.pushes[0][1]
    assert busy / took / world.fargate.quota > 0.8


@pytest.mark.parametrize("quota", [6, 1000])
def test_500_pushes_to_one_repository_are_a_few_tasks(world: World, quota: int) -> None:
    """Of ten seconds' pushes, one batch and perhaps a second one starts a task."""
    world.fargate.quota = quota
    for number in range(500):
        world.push("shop")
        world.run(1 if number % 50 == 49 else 0)
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert len(world.fargate.tasks) <= 3
    assert len(world.fargate.calls) < 100
    assert world.sqs.lost == []


@pytest.mark.slow
@pytest.mark.parametrize("quota", [6, 1000])
def test_a_big_repository_has_two_tasks_at_once_however_often_it_is_pushed_to(
    world: World, quota: int
) -> None:
    """500 pushes in an hour, half an hour a run: two at once, and the last push arrives."""
    world.fargate.seconds, world.fargate.quota = 1800, quota
    for _ in range(500):
        world.push("big")
        world.run(7)
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert max(world.most.values()) == 2
    assert len(world.fargate.tasks) <= 8
    assert world.sqs.lost == []


@pytest.mark.slow
def test_an_account_that_is_full_for_days_loses_nothing(world: World) -> None:
    """What waits for four days is started then: attempts do not run out, nor does its time."""
    world.fargate.quota = 0
    for number in range(5):
        world.push(f"r{number}")
    world.run(4 * DAY)
    assert len(world.sqs.waiting) == 5
    assert world.sqs.lost == world.sqs.expired == []
    world.fargate.quota = 6
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()


@pytest.mark.slow
def test_what_cannot_be_started_for_a_week_is_told_while_it_can_still_be_read(world: World) -> None:
    """It is given up with a reason, before SQS would delete it for its age."""
    world.fargate.quota = 0
    world.push("shop")
    world.run(11 * DAY, until_quiet=True)
    (message,) = world.sqs.lost
    assert "for days" in message.attributes["ERROR_MESSAGE"]["StringValue"]
    assert 4 * DAY < message.sent - world.pushes[0][1] < 10 * DAY
    assert world.sqs.expired == []


def test_what_dies_is_done_again(world: World) -> None:
    """Two tasks of three are killed, by a host that retires: all repositories get there."""
    dead = iter([137, None, 0, 143, 0, 137, 0] + [0] * 100)
    world.fargate.dies = lambda _: next(dead)
    for number in range(5):
        world.push(f"r{number}")
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert world.sqs.lost == []


def test_what_always_dies_is_given_up(world: World) -> None:
    """After three deaths people are told, once; others go on."""
    world.fargate.dies = lambda task: 137 if task.told["REPOSITORY"] == "bad" else 0
    for name in ("bad", "good", "fine"):
        world.push(name)
    world.run(DAY, until_quiet=True)
    assert world.stale() == {"bad"}
    (message,) = world.sqs.lost
    assert "3 tasks died" in message.attributes["ERROR_MESSAGE"]["StringValue"]
    assert json.loads(message.body)["source"] == "aws.ecs"
    assert len(world.fargate.tasks) == 5


def test_two_calls_at_once_start_one_task(world: World) -> None:
    """Neither sees the other's task, which ECS does not list for a minute yet."""
    world.fargate.lag = 60
    for _ in range(400):  # more than a batch
        world.push("shop")
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert max(world.most.values()) <= 2
    assert len(world.fargate.tasks) <= 3


@pytest.mark.parametrize("lag", [0, 4])
def test_tokens_that_change_start_no_third_task(world: World, lag: int) -> None:
    """A push every two seconds, and tasks of a minute, over several spans of tokens."""
    world.fargate.lag = lag
    for _ in range(900):
        world.push("shop")
        world.run(2)
    world.run(DAY, until_quiet=True)
    assert world.stale() == set()
    assert max(world.most.values()) == 2
    assert world.sqs.lost == []


def test_the_stand_in_tells_a_loss(world: World) -> None:
    """Without messages that come again, a full account leaves repositories behind."""
    handler = world.polling.handler
    world.polling.handler = lambda *given: {**handler(*given), "batchItemFailures": []}
    for number in range(20):
        world.push(f"r{number}")
    world.run(DAY, until_quiet=True)
    assert len(world.stale()) == 14
