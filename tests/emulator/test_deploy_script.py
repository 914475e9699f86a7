"""The script that `cfngen deploy-script` prints, run by the real `aws` command."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from support.deploy_scripts import ROOT, planned, sources
from support.emulator import ACCOUNT, Emulator
from support.readmes import Reader

from cfngen.deploy.role import Destination, policy
from cfngen.deploy.role.formats import document, documents
from cfngen.deploy.script import Step
from cfngen.deploy.script.parameter_files import mistakes
from cfngen.deploy.script.shell import shell
from cfngen.deploy.script.shell_variables import variables

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
    "BacklogSpaceKey": "acme",
    "BacklogProjectKey": "SHOP",
    "BacklogRepository": "web",
    "BacklogKey": "/backlog/key",
    "BacklogHostKeys": "acme.git.backlog.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
    "RepositoryName": "web-mirror",
    "DestinationRegion": "us-west-2",
}
# A project of somebody who prefers one large template.
PROJECT = """
[templates.whole-mirror]
blueprint = "fargate_mirror"
options.image = "build"
options.dashboard = true

[templates.custom-resources]
blueprint = "custom_resources"

[templates.mirror-program]
blueprint = "mirror_program"

[templates.template-bucket]
blueprint = "template_bucket"
"""


def body(name: str) -> Any:
    """Return a template."""
    return next(source.body for source in sources() if source.name == name)


def chosen(*names: str) -> list[Step]:
    """Return the deployments of some templates, in the order of the plan."""
    return [step for step in planned() if step.template in names]


def network(account: Emulator) -> dict[str, str]:
    """Return the network that is there."""
    subnets = account.client("ec2", "eu-west-1").describe_subnets()["Subnets"]
    one, other = (subnet["SubnetId"] for subnet in subnets[:2])
    return {"VpcId": subnets[0]["VpcId"], "SubnetId1": one, "SubnetId2": other}


@pytest.mark.parametrize(
    "names",
    [
        ("artifact-stores", "multi-region-pipeline-single-stage"),
        ("artifact-stores", "deployment-roles", "multi-region-pipeline-home"),
        ("custom-resources", "mirror-program", "build-network", "build-files", "backlog-proxy-efs"),
        ("custom-resources", "mirror-program", "mirror-image", "fargate-mirror"),
        ("custom-resources", "worker-image", "branch-builder"),
        ("template-bucket",),
        ("mirror-destination",),
    ],
    ids=" ".join,
)
def test_a_plan_deploys_all_that_it_names(
    names: tuple[str, ...], account: Emulator, tmp_path: Path
) -> None:
    """With answers as variables at first, then from files: nothing is left to change.

    What an earlier stack of the plan puts out is fetched, so that the script runs in one go.
    """
    plan = chosen(*names)
    assert [step.template for step in plan] == list(names), "in this order"
    reader = Reader(account, tmp_path, "eu-west-1")
    known = ANSWERS | network(account)
    asked = {one.name for step in plan for one in step.parameters if not one.output}
    answers = [
        f"export {variable}={shlex.quote(known[name])}"
        for (_, _, name), variable in variables(plan).items()
        if name in asked
    ]
    ended = reader.run("\n".join([*answers, f"export account_id={ACCOUNT}", shell(plan)]))
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    client = account.client("cloudformation", "eu-west-1")
    outputs: dict[str, str] = {}
    for step in plan:
        (stack,) = client.describe_stacks(StackName=step.stack)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        given = {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}
        for one in step.parameters:
            if one.output:
                assert given[one.name] == outputs[one.name]
        outputs |= {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}

    files = {step.template: f"{step.template}.json" for step in plan if step.parameters}
    for step in plan:
        if step.parameters:
            filled = [f"{p.name}={(known | outputs)[p.name]}" for p in step.parameters]
            text = json.dumps(filled)
            assert list(mistakes(step, text)) == []
            (tmp_path / files[step.template]).write_text(text)
    again = reader.run("\n".join([f"export account_id={ACCOUNT}", shell(plan, files)]))
    assert again.returncode == 0, (again.stdout, again.stderr)
    assert again.stdout.count("No changes to deploy") == len(plan)


def test_a_large_template_goes_through_the_bucket_that_is_named(
    account: Emulator, tmp_path: Path
) -> None:
    """`cfngen deploy-script --bucket`, with the bucket that `template_bucket` makes."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "cfngen.toml").write_text(PROJECT)
    reader = Reader(account, tmp_path, "eu-west-1")
    cfngen = Path(sys.executable).with_name("cfngen")
    answers = {**network(account), "Repositories": "shop", "DestinationRegion": "us-west-2"}
    exports = "\n".join(f"export {name}={value}" for name, value in answers.items())
    ended = reader.run(
        f"""cd project
{cfngen} build
{cfngen} plan custom-resources mirror-program template-bucket | sh
BUCKET=$(aws cloudformation describe-stacks --stack-name template-bucket \
  --query "Stacks[0].Outputs[?OutputKey=='TemplateBucket'].OutputValue" --output text)
{exports}
{cfngen} plan whole-mirror --bucket "$BUCKET" | sh
aws s3 ls "s3://$BUCKET/"
"""
    )
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    client = account.client("cloudformation", "eu-west-1")
    (stack,) = client.describe_stacks(StackName="whole-mirror")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert re.search(r" [0-9a-f]{32}\.template$", ended.stdout.strip())
    assert len(account.call("started_builds", region="eu-west-1")) == 1, "it builds its own image"


RECIPES = [
    block
    for block in re.findall(
        r"^```bash\n(.*?)^```$", (ROOT / "docs/deploying.md").read_text(), re.S | re.M
    )
    if "aws iam" in block
]


def test_the_recipes_for_a_role_make_it(account: Emulator, tmp_path: Path) -> None:
    """One inline policy, and a managed one for each document where one has no room for all."""
    inline, managed = RECIPES
    reader = Reader(account, tmp_path, "eu-west-1")
    for name in ("pyproject.toml", "cfngen", "blueprints"):
        (tmp_path / name).symlink_to(ROOT / name)
    reader.environment["PATH"] = f"{Path(sys.executable).parent}:{reader.environment['PATH']}"
    other = inline.replace("mirror-destination", "branch-builder")
    for block in (inline, other, managed):
        ended = reader.run(block)
        assert ended.returncode == 0, (ended.stdout, ended.stderr)
    iam = account.client("iam", "us-east-1")
    for name in ("mirror-destination", "branch-builder"):
        role = f"deploy-{name}"
        found = iam.get_role_policy(RoleName=role, PolicyName="deploy")["PolicyDocument"]
        whole = policy(name, body(name), Destination(name))
        (expected,) = documents(whole, inline=True)
        assert found == document(expected)
    attached = iam.list_attached_role_policies(RoleName="deploy-branch-builder")["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == [
        "deploy-branch-builder-1",
        "deploy-branch-builder-2",
    ]
    for one, part in zip(attached, documents(whole), strict=True):
        version = iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId="v1")
        assert version["PolicyVersion"]["Document"] == document(part)
