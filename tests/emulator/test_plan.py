"""The script that `cfngen plan` prints, run by the real `aws` command."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from support.emulator import Emulator
from support.plans import planned
from support.readmes import Reader

from cfngen.plan import Step
from cfngen.plan.printing import shell, skeleton, variables

ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ANSWERS = {
    "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/"
    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    "FullRepositoryId": "acme/service-x",
    "InfrastructurePolicyArns": ARN,
    "ApplicationPolicyArns": ARN,
    "MirrorAccount": "210987654321",
    "MirrorStack": "fargate-mirror",
    "Repositories": "mirror-*",
    "Region": "eu-west-1",
}


def chosen(*names: str) -> list[Step]:
    """Return the deployments of some templates, in the order of the plan."""
    return [step for step in planned() if step.template in names]


@pytest.mark.parametrize(
    "names",
    [("artifact-stores", "multi-region-pipeline-single-stage"), ("mirror-destination",)],
    ids=" ".join,
)
def test_a_plan_deploys_all_that_it_names(
    names: tuple[str, ...], account: Emulator, tmp_path: Path
) -> None:
    """With answers as variables at first, then from files: nothing is left to change."""
    plan = chosen(*names)
    reader = Reader(account, tmp_path, "eu-west-1")
    answers = [
        f"export {variable}={shlex.quote(ANSWERS[name])}"
        for (_, name), variable in variables(plan).items()
    ]
    ended = reader.run("\n".join([*answers, shell(plan)]))
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    client = account.client("cloudformation", "eu-west-1")
    for step in plan:
        (stack,) = client.describe_stacks(StackName=step.stack)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"

    files = {step.template: f"{step.template}.json" for step in plan if step.parameters}
    for step in plan:
        if step.parameters:
            text = skeleton(step)
            filled = [f"{one.name}={ANSWERS[one.name]}" for one in step.parameters]
            assert len(json.loads(text)) == len(filled)
            (tmp_path / files[step.template]).write_text(json.dumps(filled))
    again = reader.run(shell(plan, files))
    assert again.returncode == 0, (again.stdout, again.stderr)
    assert again.stdout.count("No changes to deploy") == len(plan)
