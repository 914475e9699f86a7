"""The Fargate mirror, end to end: a push, or the time, ends in an equal repository elsewhere."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.deployments import Deployment
from support.git_repositories import Repository, new_repository
from support.machines import Builders, Machines, until
from support.mirror_tasks import finished
from support.ways import (
    created,
    deployed,
    identity,
    log,
    messages,
    tasks,
    tell_of_push,
)

HERE, THERE = "us-east-1", "us-west-2"


def filled(machines: Machines, name: str) -> Repository:
    """Make a source with branches and tags."""
    source = created(machines, name, HERE)
    source.set("refs/heads/feature", source.commit("main", "first"))
    source.set("refs/tags/light", source.commit("main", "second"))
    return source


def test_a_push_ends_in_a_mirror(machines: Machines, tmp_path: Path) -> None:
    """Event, rule, function, task, git: the mirror is made; equal after the next push, too."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    source = filled(machines, "shop")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", source.refs()["refs/heads/main"])
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    ended = finished(machines.task(HERE, task))
    assert ended.status == 0, ended.output
    mirror = machines.git.repository(THERE, "shop")
    assert mirror.refs() == source.refs()
    assert all(granted for *_, granted in machines.git.asked_for)
    assert {action for _, action, *_ in machines.git.asked_for} == {
        "GitPull",
        "GitPush",
    }
    machines.emulator.call("stop_task", region=HERE, task=task["taskArn"], exitCode=0)

    source.git("update-ref", "-d", "refs/heads/feature")
    tell_of_push(machines, HERE, "shop", "refs/tags/light", source.commit("main", "third"))
    (_, again) = until(
        lambda: (
            tasks(machines, stack, "MirrorCluster")[1:] and tasks(machines, stack, "MirrorCluster")
        )
    )
    assert finished(machines.task(HERE, again)).status == 0
    assert mirror.refs() == source.refs()
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


def test_a_push_while_a_task_runs_is_not_lost(machines: Machines, tmp_path: Path) -> None:
    """As long as a task has not begun, it will see them all; after that, another is started."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    source = filled(machines, "shop")
    for number in range(3):
        commit = source.commit("main", f"push {number}")
        tell_of_push(machines, HERE, "shop", "refs/heads/main", commit)
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    time.sleep(1)
    assert tasks(machines, stack, "MirrorCluster") == [task]
    process = machines.task(HERE, task)
    last = source.commit("main", "another push")
    tell_of_push(machines, HERE, "shop", "refs/heads/main", last)
    (another,) = until(lambda: tasks(machines, stack, "MirrorCluster")[1:])
    assert finished(process).status == 0
    assert finished(machines.task(HERE, another)).status == 0
    assert machines.git.repository(THERE, "shop").refs()["refs/heads/main"] == last


def test_a_push_to_a_branch_that_is_not_mirrored_starts_no_task(
    machines: Machines, tmp_path: Path
) -> None:
    """One to a branch that is, starts one; it brings that branch and the tags alone."""
    stack = deployed(machines, tmp_path, "fargate-mirror", "Branches=main,release/*")
    source = filled(machines, "shop")
    commit = source.commit("feature", "not to be mirrored")
    tell_of_push(machines, HERE, "shop", "refs/heads/feature", commit)
    until(lambda: "not_mirrored" in log(machines, stack, "MirrorLog"))
    assert tasks(machines, stack, "MirrorCluster") == []
    assert messages(machines, identity(stack, "Waiting"), HERE, 0) == []

    commit = source.commit("release/1", "to be mirrored")
    tell_of_push(machines, HERE, "shop", "refs/heads/release/1", commit)
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    ended = finished(machines.task(HERE, task))
    assert ended.status == 0, ended.output
    wanted = {"refs/heads/main", "refs/heads/release/1", "refs/tags/light"}
    refs = source.refs()
    assert machines.git.repository(THERE, "shop").refs() == {ref: refs[ref] for ref in wanted}
    assert messages(machines, identity(stack, "Lost"), HERE, 0) == []


def test_the_schedule_mirrors_everything(machines: Machines, tmp_path: Path) -> None:
    """A push that nobody heard of is made good by the next run."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    source = filled(machines, "shop")
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Reconcile"))
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    assert finished(machines.task(HERE, task)).status == 0
    assert machines.git.repository(THERE, "shop").refs() == source.refs()


def test_the_repositorys_own_trigger_starts_a_task(machines: Machines, tmp_path: Path) -> None:
    """CodeCommit calls the function as it documents; its right to do so is the template's."""
    stack = deployed(machines, tmp_path, "fargate-mirror-codecommit")
    source = machines.git.repository(HERE, "fresh")
    commit = source.commit("main", "first")
    arn = f"arn:aws:codecommit:{HERE}:123456789012:fresh"
    function = identity(stack, "Starter")
    asked = {"arn": f"arn:aws:lambda:{HERE}:123456789012:function:{function}", "source": arn}
    caller = {"principal": "codecommit.amazonaws.com"}
    assert machines.emulator.call("admits", region=HERE, **asked, **caller)
    asked["source"] = arn.replace("fresh", "other")
    assert not machines.emulator.call("admits", region=HERE, **asked, **caller)
    event = {
        "Records": [
            {
                "eventId": "5a824061-17ca-46a9-bbf9-114edeadbeef",
                "eventSourceARN": arn,
                "eventTime": "2026-01-01T00:00:00.000+0000",
                "eventName": "ReferenceChanges",
                "codecommit": {"references": [{"ref": "refs/heads/main", "commit": commit}]},
            }
        ]
    }
    client = machines.emulator.client("lambda", HERE)
    told = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    assert "FunctionError" not in told, told["Payload"].read()
    (task,) = until(lambda: tasks(machines, stack, "MirrorCluster"))
    assert finished(machines.task(HERE, task)).status == 0
    assert machines.git.repository(THERE, "fresh").refs() == source.refs()


def test_a_task_that_died_is_done_again_and_then_told(machines: Machines, tmp_path: Path) -> None:
    """No image, no memory: another task is started; after three, ECS's event is in `Lost`."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    filled(machines, "shop")
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Reconcile"))
    reason = {
        "stoppedReason": "CannotPullContainerError: no image",
        "stopCode": "TaskFailedToStart",
    }
    for number in range(3):
        (task,) = until(lambda: tasks(machines, stack, "MirrorCluster")[number:])  # noqa: B023
        variables = task["overrides"]["containerOverrides"][0]["environment"]
        assert {"name": "DEATHS", "value": str(number)} in variables
        machines.emulator.call(
            "stop_task", region=HERE, task=task["taskArn"], told=reason, exitCode=137
        )
    (said,) = messages(machines, identity(stack, "Lost"), HERE, 20)
    assert json.loads(said)["detail"]["stoppedReason"] == reason["stoppedReason"]


@pytest.fixture
def broken(machines: Machines) -> Any:
    """Break the machine that builds images."""
    machines.docker = "#!/bin/sh\necho 'no space left on device' >&2; exit 1\n"
    return machines


def test_an_image_that_cannot_be_built_fails_the_stack(broken: Machines, tmp_path: Path) -> None:
    """CloudFormation is answered: it says which build, and undoes everything."""
    stack = Deployment(broken.emulator, "mirror-image", tmp_path)
    with Builders(broken, HERE):
        ended = stack.reader.run(stack.command(), seconds=400)  # what may be bad luck is repeated
    assert ended.returncode != 0
    (failure, *_) = [f for f in stack.failures() if "MirrorImageVersion'" in f]
    assert "FAILED; log " in failure
    assert stack.described()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("no space left" in run.output for run in broken.runs.values())


def test_a_backup_is_made_of_a_repository_elsewhere(machines: Machines, tmp_path: Path) -> None:
    """By the schedule, with a token that Fargate's agent reads and the program never shows."""
    stack = deployed(machines, tmp_path, "git-backup")
    (machines.git.elsewhere / "acme").mkdir(parents=True)
    source = new_repository(machines.git.elsewhere / "acme" / "shop.git")
    source.set("refs/tags/v1", source.commit("main", "first"))
    machines.git.welcome["github.com"] = lambda _, password: password == "a-token"
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Reconcile"))
    task, *_ = until(lambda: tasks(machines, stack, "MirrorCluster"))  # two, if it came twice
    ended = finished(machines.task(HERE, task))
    assert ended.status == 0, ended.output
    assert "a-token" not in ended.output
    assert machines.git.repository(HERE, "shop").refs() == source.refs()
    assert machines.emulator.call("undelivered") == []


def started(machines: Machines, stack: Deployment) -> dict[str, Any]:
    """Start a task by the schedule."""
    seen = len(tasks(machines, stack, "MirrorCluster"))
    machines.emulator.call("forget_tokens")
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Reconcile"))
    # What was put off comes back after half a minute and more.
    return dict(until(lambda: tasks(machines, stack, "MirrorCluster")[seen:], seconds=90)[0])


def test_a_wrong_clock_and_credentials_that_expire_lose_nothing(
    machines: Machines, tmp_path: Path
) -> None:
    """CodeCommit refuses, the task says so and fails; the next one makes it good."""
    stack = deployed(machines, tmp_path, "fargate-mirror")
    source = filled(machines, "shop")
    machines.git.clock = timedelta(hours=1)
    task = started(machines, stack)
    refused = finished(machines.task(HERE, task, MIRROR_PAUSE="0.01"))
    assert refused.status == 1
    machines.emulator.call("stop_task", region=HERE, task=task["taskArn"], exitCode=1)
    assert "shop" in refused.output
    assert machines.git.asked_for == []
    machines.git.clock = timedelta()

    task = started(machines, stack)
    definition = machines.emulator.client("ecs", HERE).describe_task_definition(
        taskDefinition=task["taskDefinitionArn"]
    )["taskDefinition"]
    role = {"arn": definition["taskRoleArn"], "seconds": -1}
    role |= {"principal": "ecs-tasks.amazonaws.com", "source": task["taskArn"]}
    machines.git.on_push = lambda: machines.emulator.call("role", region=HERE, **role)
    expired = finished(machines.task(HERE, task, MIRROR_PAUSE="0.01"))
    assert expired.status == 1
    assert '"event": "failed"' in expired.output
    machines.emulator.call("stop_task", region=HERE, task=task["taskArn"], exitCode=1)
    machines.git.on_push = lambda: None

    ended = finished(machines.task(HERE, started(machines, stack), MIRROR_PAUSE="0.01"))
    assert ended.status == 0, ended.output
    assert machines.git.repository(THERE, "shop").refs() == source.refs()
