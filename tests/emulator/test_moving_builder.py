"""A running branch builder is updated: its queues stay, and what waits in them is built."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.branches import finished
from support.changelog import EARLIER
from support.machines import Machines, until
from support.readmes import ROOT
from support.ways import builds, created, deployed, identity, messages, tasks, tell_of_push

from .test_branch_builder import HERE, WAIT, variables, waiting, with_buildspec

KEPT = ("Pushes", "GivenUp", "Lost", "Bundles", "Outputs", "Builds", "BuildsRole", "WorkerCluster",
        "WorkerRole", "WorkerLog", "BuildsLog", "Starter", "Push", "Resume",
        "ResultsTopic", "AlarmTopic")  # fmt: skip


@pytest.mark.parametrize("followed", [False, True], ids=["path as it stands", "path followed"])
def test_pushes_that_wait_during_an_update_are_built(
    machines: Machines, tmp_path: Path, *, followed: bool
) -> None:
    """Rules of the earlier template sent to the queue themselves, and named no task.

    The update replaces neither queues, nor buckets, nor projects, whichever group the rules chose;
    a worker of the new definition builds what the earlier ones left, and what comes after.
    """
    machines.emulator.call("choose", what="group by path", value=followed)
    earlier = (EARLIER / "branch-builder.yaml").read_text()
    stack = deployed(machines, tmp_path, "branch-builder", text=earlier)
    had = {title: identity(stack, title) for title in KEPT}
    source = created(machines, "shop", HERE)
    before = [with_buildspec(source, branch, branch) for branch in ("main", "other")]
    for branch, commit in zip(("main", "other"), before, strict=True):
        tell_of_push(machines, HERE, "shop", f"refs/heads/{branch}", commit)
    until(lambda: waiting(machines, identity(stack, "Pushes")) == 2)
    old = {task["taskArn"] for task in until(lambda: tasks(machines, stack, "WorkerCluster"))}

    stack.text = (ROOT / "output/branch-builder.yaml").read_text()
    stack.deploy()
    assert {title: identity(stack, title) for title in KEPT} == had

    machines.emulator.call("forget_tokens")
    after = with_buildspec(source, "later", "after")
    tell_of_push(machines, HERE, "shop", "refs/heads/later", after)
    until(lambda: waiting(machines, identity(stack, "Pushes")) == 3)
    (new,) = until(
        lambda: [t for t in tasks(machines, stack, "WorkerCluster") if t["taskArn"] not in old]
    )
    ended = finished(machines.task(HERE, new, **WAIT))
    assert ended.status == 0, ended.output
    assert [event["event"] for event in ended.events] == ["started"] * 3
    built = [variables(build)["COMMIT_ID"] for build in builds(machines, stack, "Builds")]
    assert sorted(built) == sorted([*before, after])
    for queue in ("Pushes", "GivenUp", "Lost"):
        assert messages(machines, identity(stack, queue), HERE, 0) == []
