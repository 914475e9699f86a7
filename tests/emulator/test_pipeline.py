"""The pipelines: what schedules and events do to them, by which right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.deployments import Deployment
from support.machines import Machines, until
from support.ways import identity, listening, messages

HERE = "eu-west-1"
LAYOUTS = ["multi-region-pipeline", "multi-region-pipeline-home"]


@pytest.fixture(params=LAYOUTS)
def stack(request: pytest.FixtureRequest, machines: Machines, tmp_path: Path) -> Deployment:
    """Deploy a pipeline that has windows."""
    (tmp_path / "reader").mkdir()
    stack = Deployment(machines.emulator, request.param, tmp_path / "reader")
    stack.deploy()
    return stack


def test_windows_open_and_close(machines: Machines, stack: Deployment) -> None:
    """Each schedule switches its own stage, by a role that may."""
    for label in ("Eu", "Us", "Au"):
        for what, operation in (("Open", "Enable"), ("Close", "Disable")):
            machines.emulator.call("forget")
            name = identity(stack, f"{what}{label}")
            machines.emulator.call("fire", region=HERE, name=name)
            (switched,) = until(lambda: machines.emulator.call("transitions"))
            assert switched["operation"] == f"{operation}StageTransition"
            assert switched["stageName"] == f"Deploy-{label.lower()}"
            assert switched["transitionType"] == "Inbound"
            title = f"Pipeline{label}" if stack.name.endswith("home") else "Pipeline"
            assert switched["pipelineName"] == identity(stack, title)


def test_a_switch_that_fails_is_kept(machines: Machines, stack: Deployment) -> None:
    """Refused for good, it lies in the queue of lost switches, whose alarm tells of it."""
    name = identity(stack, "WindowRole").rpartition("/")[2]
    iam = machines.emulator.client("iam")
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    kept = [s for s in document["Statement"] if "codepipeline" not in str(s["Action"])]
    less = json.dumps({**document, "Statement": kept})
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=less)
    machines.emulator.call("fire", region=HERE, name=identity(stack, "OpenEu"))
    (lost,) = messages(machines, identity(stack, "LostSwitches"), HERE)
    assert "Deploy-eu" in lost
    assert machines.emulator.call("transitions") == []


def told(machines: Machines, kind: str, detail: dict[str, Any]) -> None:
    """Have CodePipeline tell of something."""
    entry = {
        "Source": "aws.codepipeline",
        "DetailType": f"CodePipeline {kind} Execution State Change",
        "Detail": json.dumps({"execution-id": "0a1b2c3d", **detail}),
    }
    machines.emulator.call("event", region=HERE, entry=entry)


def test_failures_and_windows_are_mailed(machines: Machines, stack: Deployment) -> None:
    """Of this pipeline, by name, and of no other; each with what a reader has to know."""
    queue = listening(machines, identity(stack, "NotifyTopic"), HERE)
    title = "PipelineEu" if stack.name.endswith("home") else "Pipeline"
    ours = {"pipeline": identity(stack, title)}
    where = {"stage": "Deploy-eu", "action": "Deploy", "region": HERE}
    told(machines, "Pipeline", {**ours, "state": "FAILED"})
    told(machines, "Action", {**ours, **where, "state": "FAILED"})
    told(machines, "Stage", {**ours, "stage": "Deploy-eu", "state": "STARTED"})
    told(machines, "Pipeline", {**ours, "state": "SUCCEEDED"})
    told(machines, "Pipeline", {"pipeline": "another", "state": "FAILED"})
    texts: set[str] = set()  # an event may come twice

    def read() -> int:
        texts.update(json.loads(mail)["Message"] for mail in messages(machines, queue, HERE, 1))
        return len(texts)

    until(lambda: read() >= 3)
    read()
    assert len(texts) == 3, texts
    assert any("failed (execution 0a1b2c3d)" in text for text in texts)
    assert any(f"of stage Deploy-eu failed in {HERE}" in text for text in texts)
    assert any("window of stage Deploy-eu has opened" in text for text in texts)
