"""A stack goes on living when its template is built anew with other options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.deployments import Deployment
from support.emulator import Emulator
from support.inventory import inventory
from support.readmes import ROOT, WAYS
from support.stacks import permissions, trust

from cfngen import synthesize
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.project.manifest import load
from cfngen.project.registry import blueprints

SHIPPED = load(ROOT).templates
NIGHT = {"zone": "Europe/Berlin", "hours": "01:00-05:00"}
ELSEWHERE = {"label": "de", "region": "eu-central-1", "window": NIGHT}
NETWORK = ("VpcId={vpc}", "PrivateSubnetId1={one}", "PrivateSubnetId2={two}")
FILES = (*NETWORK, "FileSystemId={files}", "SecurityGroupId={group}")
WEST, EAST = {"region": "us-west-2"}, {"region": "ap-southeast-2"}
STATEFUL = (
    *("AWS::CodeCommit::Repository", "AWS::ECR::Repository", "AWS::EFS::FileSystem"),
    *("AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SQS::Queue"),
    "AWS::SecretsManager::Secret",
)

# Template · options before · options after · parameters that the second asks more for.
CHANGES: list[Any] = [
    pytest.param("backlog-proxy", {}, {"cache": "efs"}, FILES, id="cache-to-efs"),
    pytest.param("backlog-proxy", {"cache": "efs"}, {}, (), id="cache-to-s3"),
    pytest.param("backlog-proxy", {}, {"vpc": True}, NETWORK, id="into-a-network"),
    pytest.param("backlog-proxy", {"vpc": True}, {"cache": "efs"}, FILES, id="in-a-network-to-efs"),
    pytest.param("backlog-proxy", {}, {"access_logs": True}, (), id="access-logs"),
    pytest.param(
        "fargate-mirror",
        {"destinations": [WEST]},
        {"destinations": [WEST, EAST]},
        (),
        id="mirror-to-a-region-more",
    ),
    pytest.param("fargate-mirror", {}, {"cache": "efs"}, (), id="mirror-cache-to-efs"),
    pytest.param("fargate-mirror", {}, {"trigger": "direct"}, (), id="without-a-function"),
    pytest.param(
        "branch-builder",
        {"repositories": ["shop"], "projects": "repository"},
        {"repositories": ["shop", "web"], "projects": "repository"},
        (),
        id="a-repository-more",
    ),
    pytest.param("branch-builder", {}, {"newest_only": True}, (), id="newest-only"),
    pytest.param(
        "artifact-stores",
        {},
        {"regions": ["us-east-1", "ap-southeast-2", "eu-central-1"]},
        (),
        id="stores-in-a-region-more",
    ),
    pytest.param(
        "artifact-stores", {}, {"regions": ["us-east-1"]}, (), id="stores-in-a-region-less"
    ),
    pytest.param("build-network", {}, {"nat": "per_zone"}, (), id="a-gateway-per-zone"),
]


def drawn(name: str, options: dict[str, Any]) -> str:
    """Draw a template of a blueprint with other options."""
    blueprint = blueprints()[WAYS[name].blueprint].load()
    return synthesize(blueprint, {**SHIPPED[name].table, **options}, name=name).text


def changed(
    account: Emulator, stack: Deployment, text: str, more: tuple[str, ...] = ()
) -> Deployment:
    """Deploy another text as the same stack, through a bucket if it is too big."""
    ec2 = account.client("ec2", stack.way.region)
    subnets = ec2.describe_subnets()["Subnets"]
    known = {"vpc": subnets[0]["VpcId"]}
    there = [s["SubnetId"] for s in subnets if s["VpcId"] == known["vpc"]]
    known |= {"one": there[0], "two": there[1]}
    if any("{files}" in parameter for parameter in more):
        efs, named = account.client("efs", stack.way.region), "build-files"
        known["files"] = efs.create_file_system(CreationToken=named)["FileSystemId"]
        group = ec2.create_security_group(GroupName=named, Description=named, VpcId=known["vpc"])
        known["group"] = group["GroupId"]
    after = stack.beside(stack.stack)
    after.text, after.ours = text, False
    after.deploy(*(parameter.format(**known) for parameter in more))
    return after


def let_gateways_log(account: Emulator, region: str) -> None:
    """Give API Gateway a role for its logs, as an account has it once in a region."""
    iam = account.client("iam")
    allowed = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    role = iam.create_role(
        RoleName="gateway-logs", AssumeRolePolicyDocument=json.dumps(trust("apigateway"))
    )["Role"]
    document = json.dumps(permissions(allowed))
    iam.put_role_policy(RoleName="gateway-logs", PolicyName="Logs", PolicyDocument=document)
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role["Arn"]}
    account.client("apigateway", region).update_account(patchOperations=[change])


@pytest.mark.parametrize(("name", "old", "new", "more"), CHANGES)
def test_a_stack_changes_its_options(
    name: str,
    old: dict[str, Any],
    new: dict[str, Any],
    more: tuple[str, ...],
    account: Emulator,
    tmp_path: Path,
) -> None:
    """What the new template still has keeps its data; what it has no more is deleted or kept."""
    first = Deployment(account, name, tmp_path, stack=f"changing-{name}")
    needed = FILES if old.get("cache") == "efs" else NETWORK
    first = changed(account, first, drawn(name, old), needed if old else ())
    had = first.resources()
    if new.get("access_logs"):
        let_gateways_log(account, first.way.region)
    second = changed(account, first, drawn(name, new), more)
    has = second.resources()
    assert second.described()["StackStatus"] == "UPDATE_COMPLETE"
    assert set(has) == set(second.template["Resources"])
    for title in set(had) & set(has):
        if had[title]["ResourceType"] in STATEFUL:
            assert has[title]["PhysicalResourceId"] == had[title]["PhysicalResourceId"], title


def test_a_pipeline_gets_a_region_more(account: Emulator, tmp_path: Path) -> None:
    """First a store in the region, then a stage; the other stages stay, their windows too."""
    name = "multi-region-pipeline"
    pipeline = Deployment(account, name, tmp_path)
    pipeline.deploy()
    had = pipeline.resources()
    regions = ["us-east-1", "ap-southeast-2", "eu-central-1"]
    other = tmp_path / "stores"
    other.mkdir()
    stores = Deployment(account, "artifact-stores", other)
    changed(account, stores, drawn("artifact-stores", {"regions": regions}))
    more = [*SHIPPED[name].table["regions"], ELSEWHERE]
    after = changed(account, pipeline, drawn(name, {"regions": more}))
    has = after.resources()
    assert {t: has[t]["PhysicalResourceId"] for t in had} == {
        t: r["PhysicalResourceId"] for t, r in had.items()
    }
    client = account.client("codepipeline", "eu-west-1")
    told = client.get_pipeline(name=has["Pipeline"]["PhysicalResourceId"])["pipeline"]
    assert "eu-central-1" in told["artifactStores"]
    assert len(told["artifactStores"]) == 4


def test_what_cannot_be_deployed_is_undone(account: Emulator, tmp_path: Path) -> None:
    """A repository of that name is there already: the stack fails, and leaves nothing."""
    account.client("codecommit", "us-east-1").create_repository(repositoryName="web-mirror")
    stack = Deployment(account, "backlog-proxy", tmp_path)
    there = inventory(account, "us-east-1")
    ended = stack.reader.run(stack.command())
    assert ended.returncode != 0
    assert any("already exists" in failure for failure in stack.failures())
    assert stack.described()["StackStatus"] == "ROLLBACK_COMPLETE"
    left = {name for _, name in inventory(account, "us-east-1") - there}
    assert left == {stack.stack}


def test_a_template_over_the_limit_goes_through_a_bucket(account: Emulator, tmp_path: Path) -> None:
    """`--s3-bucket`, as cfngen advises: without it, the command refuses by itself."""
    text = drawn("fargate-mirror", {"image": "build", "dashboard": True})
    assert len(text.encode()) > INLINE_LIMIT
    stack = Deployment(account, "fargate-mirror", tmp_path, text=text)
    ended = stack.reader.run(stack.command())
    assert ended.returncode != 0
    assert "S3 Bucket" in ended.stderr
    with pytest.raises(AssertionError, match="say which bucket"):
        stack.deploy()
    place = {"LocationConstraint": "eu-west-1"}
    account.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration=place)
    stack.deploy(bucket="templates")
    assert stack.described()["StackStatus"] == "CREATE_COMPLETE"
