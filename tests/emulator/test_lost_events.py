"""Events whose task could not be started, in deployed stacks: they are kept, and made good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.deployments import Deployment
from support.machines import Machines, until
from support.mirror_tasks import finished
from support.ways import created, deployed, identity, log, messages, tasks, tell_of_push

from cfngen import synthesize
from cfngen.project.registry import find

HERE = "us-east-1"
# What starts tasks, by template: its blueprint, its cluster, its log, the rule that makes good.
STARTS = {
    "branch-builder": ("branch_builder", "WorkerCluster", "WorkerLog", "Resume"),
    "fargate-mirror": ("fargate_mirror", "MirrorCluster", "MirrorLog", "Reconcile"),
}


def forbid(machines: Machines, stack: Deployment, *actions: str) -> None:
    """Let the function that starts tasks do something no more; without actions, all it may."""
    iam = machines.emulator.client("iam")
    which = {"RoleName": identity(stack, "StarterRole"), "PolicyName": "Forbidden"}
    if not actions:
        iam.delete_role_policy(**which)
        return
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(**which, PolicyDocument=document)


def test_a_task_of_a_mirror_that_is_refused_waits(machines: Machines, tmp_path: Path) -> None:
    """The push stays in the queue, with the reason in the log, and its task is started later."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    forbid(machines, stack, "ecs:RunTask")
    commit = created(machines, "shop", HERE).commit("main", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    until(lambda: "AccessDenied" in log(machines, stack, "MirrorLog"))
    assert tasks(machines, stack, "MirrorCluster") == []
    forbid(machines, stack)
    (task,) = until(lambda: tried_again(machines, stack))
    ended = finished(machines.task(HERE, task))
    assert ended.status == 0, ended.output
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []
    assert machines.emulator.call("undelivered") == []


def tried_again(machines: Machines, stack: Deployment) -> list[dict[str, Any]]:
    """Let what waits come again; return the tasks that there are."""
    machines.emulator.call("seen_again", region=HERE, queue=identity(stack, "Waiting"))
    return tasks(machines, stack, "MirrorCluster")


@pytest.mark.parametrize("name", ["branch-builder"])
def test_a_task_that_is_refused_is_told_and_made_good(
    machines: Machines, tmp_path: Path, name: str
) -> None:
    """After three attempts the event is in `Lost`, sent by the function's role; then the schedule.

    It is there once, nothing got lost on the way, and the next run does what the push asked for.
    """
    blueprint, cluster, _, again = STARTS[name]
    stack = deployed(
        machines, tmp_path, name, text=synthesize(find(blueprint).load(), {}, name=name).text
    )
    forbid(machines, stack, "ecs:RunTask")
    commit = created(machines, "shop", HERE).commit("main", "first")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    (lost,) = messages(machines, identity(stack, "Lost"), HERE, 20)
    assert json.loads(lost)["detail"]["commitId"] == commit
    assert tasks(machines, stack, cluster) == []
    assert machines.emulator.call("undelivered") == []

    forbid(machines, stack)
    machines.emulator.call("fire", region=HERE, name=identity(stack, again))
    (task,) = until(lambda: tasks(machines, stack, cluster))
    ended = finished(machines.task(HERE, task, WAIT_SECONDS="1"))
    assert ended.status == 0, ended.output
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


@pytest.mark.parametrize("name", STARTS)
def test_a_second_attempt_starts_no_second_task(
    machines: Machines, tmp_path: Path, name: str
) -> None:
    """An event that is delivered twice, to a function that fails twice before, is one task.

    A worker's start is the same one within 15 seconds, which attempts may happen to lie across; the
    second worker finds an empty queue.
    """
    _, cluster, title, _ = STARTS[name]
    machines.emulator.call("choose", what="twice", value=1)
    stack = deployed(machines, tmp_path, name)
    forbid(machines, stack, "ecs:RunTask")
    commit = created(machines, "shop", HERE).commit("main", "first")
    machines.emulator.call("slower", factor=20)
    tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    until(lambda: "AccessDenied" in log(machines, stack, title))
    forbid(machines, stack)
    if name == "fargate-mirror":
        until(lambda: tried_again(machines, stack))
    until(lambda: tasks(machines, stack, cluster))
    assert machines.emulator.call("undelivered") == []
    periods = started_periods(machines, stack, title) if name == "branch-builder" else {0}
    assert len(tasks(machines, stack, cluster)) == len(periods) <= 2
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


def started_periods(machines: Machines, stack: Deployment, title: str) -> set[int]:
    """Return the periods of 15 seconds in which a log tells of a start."""
    logs = machines.emulator.client("logs", HERE)
    events = logs.filter_log_events(logGroupName=identity(stack, title))["events"]
    return {e["timestamp"] // 15_000 for e in events if '"outcome": "started"' in e["message"]}
