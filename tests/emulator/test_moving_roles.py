"""A stack of pipelines that had the roles that deploy takes those of a stack of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.changelog import EARLIER, migration
from support.deployments import Deployment
from support.emulator import Emulator
from support.ways import identity, outputs

NAME, HERE = "multi-region-pipeline-home", "eu-west-1"
# output/multi-region-pipeline-home.yaml as it was when the template had all of its roles, but for
# the reasons of its windows: CodePipeline refuses those that it had.
EARLIER_TEXT = (EARLIER / f"{NAME}.yaml").read_bytes()
PIPELINES = ("Pipeline", "PipelineEu", "PipelineUs", "PipelineAu")
MOVED = {
    "PipelineRole",
    *(f"{purpose}{kind}Role"
      for purpose in ("Infrastructure", "Application") for kind in ("Action", "Execution")),
}  # fmt: skip
# How the earlier template was deployed, by the README of its time.
BEFORE = """
aws cloudformation deploy \\
  --template-file earlier.yaml \\
  --stack-name "$STACK" \\
  --capabilities CAPABILITY_IAM \\
  --no-fail-on-empty-changeset \\
  --parameter-overrides \\
    ConnectionArn="$CONNECTION" \\
    FullRepositoryId="$REPOSITORY" \\
    InfrastructurePolicyArns="$INFRASTRUCTURE" \\
    ApplicationPolicyArns="$APPLICATION" \\
    NotifyEmail="$EMAIL" \\
    LogDays=60
"""


@pytest.fixture
def earlier(account: Emulator, tmp_path: Path) -> Deployment:
    """Deploy the earlier template, without the stack of roles."""
    stack = Deployment(account, NAME, tmp_path)
    cloudformation = account.client("cloudformation", HERE)
    cloudformation.delete_stack(StackName="deployment-roles")  # which today's README makes before
    (tmp_path / "earlier.yaml").write_bytes(EARLIER_TEXT)
    ended = stack.reader.run(BEFORE)
    assert ended.returncode == 0, (ended.stdout, ended.stderr, stack.failures())
    return stack


def role_names(account: Emulator, text: str) -> set[str]:
    """Return the names of the account's roles that have a text in them."""
    pages = account.client("iam").get_paginator("list_roles").paginate()
    return {
        role["RoleName"] for page in pages for role in page["Roles"] if text in role["RoleName"]
    }


def test_a_running_stack_takes_the_roles_of_a_stack_of_their_own(
    account: Emulator, earlier: Deployment
) -> None:
    """By the changelog's commands: pipelines stay and change roles, windows stay, old roles go."""
    old = earlier.resources()
    assert set(old) >= MOVED
    answers = {p["ParameterKey"]: p["ParameterValue"] for p in earlier.described()["Parameters"]}
    ended = earlier.reader.run("\n".join(migration(NAME)))
    assert ended.returncode == 0, (ended.stdout, ended.stderr, earlier.failures())

    roles = earlier.beside("deployment-roles")
    assert roles.described()["StackStatus"] == "CREATE_COMPLETE"
    assert earlier.described()["StackStatus"] == "UPDATE_COMPLETE"
    given = {p["ParameterKey"]: p["ParameterValue"] for p in roles.described()["Parameters"]}
    for name in ("InfrastructurePolicyArns", "ApplicationPolicyArns", "StoresName"):
        assert given[name] == answers[name]
    now = {p["ParameterKey"]: p["ParameterValue"] for p in earlier.described()["Parameters"]}
    moved = {"InfrastructurePolicyArns", "ApplicationPolicyArns"}
    assert {k: v for k, v in answers.items() if k not in moved} == {
        k: v for k, v in now.items() if k != "RolesStack"
    }

    new = earlier.resources()
    assert set(old) - set(new) == MOVED
    added = {new[title]["ResourceType"] for title in set(new) - set(old)}
    assert not added & {"AWS::IAM::Role", "AWS::CodePipeline::Pipeline"}
    stayed = set(old) & set(new)
    replaced = {t for t in stayed if new[t]["PhysicalResourceId"] != old[t]["PhysicalResourceId"]}
    assert replaced == {"PipelinePolicy"}

    exported = outputs(roles)
    client = account.client("codepipeline", HERE)
    for title in PIPELINES:
        pipeline = client.get_pipeline(name=identity(earlier, title))["pipeline"]
        assert pipeline["roleArn"] == exported["PipelineRoleArn"]
        assert roles_of_deployments(pipeline) == (
            set()
            if title == "Pipeline"
            else {v for k, v in exported.items() if k[:8] != "Pipeline"}
        )

    schedules = account.client("scheduler", HERE)
    for label in ("Eu", "Us", "Au"):
        for what in ("Open", "Close"):
            schedule = schedules.get_schedule(Name=identity(earlier, f"{what}{label}"))
            assert f'"Deploy-{label.lower()}"' in schedule["Target"]["Input"]

    iam = account.client("iam")
    for title in MOVED:
        with pytest.raises(ClientError) as caught:
            iam.get_role(RoleName=old[title]["PhysicalResourceId"])
        assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
        assert len(role_names(account, f"-{title}-")) == 1
    policies = iam.list_role_policies(RoleName=exported["PipelineRoleName"])["PolicyNames"]
    assert policies == [earlier.stack]


def roles_of_deployments(pipeline: dict[str, Any]) -> set[str]:
    """Return the roles of a pipeline's actions that deploy, and those that they pass on."""
    actions = [action for stage in pipeline["stages"] for action in stage["actions"]]
    deploying = [a for a in actions if a["actionTypeId"]["provider"] == "CloudFormation"]
    passed = {a["configuration"]["RoleArn"] for a in deploying if "RoleArn" in a["configuration"]}
    return passed | {action["roleArn"] for action in deploying}


def test_the_new_role_of_a_pipeline_may_do_what_the_old_one_might(
    account: Emulator, earlier: Deployment
) -> None:
    """Action by action, in new names; uploads in parts may be given up beside, and nothing else."""
    iam = account.client("iam")

    def policy(role: str, name: str) -> list[Any]:
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        return list(found["Statement"])

    before = policy(identity(earlier, "PipelineRole"), "Permissions")
    old = earlier.resources()
    ended = earlier.reader.run("\n".join(migration(NAME)))
    assert ended.returncode == 0, (ended.stdout, ended.stderr, earlier.failures())
    roles = earlier.beside("deployment-roles")
    after = policy(identity(roles, "PipelineRole"), earlier.stack)
    renamed = {old[title]["PhysicalResourceId"]: identity(roles, title) for title in MOVED}
    expected = [
        {**statement, "Resource": renaming(statement["Resource"], renamed)} for statement in before
    ]
    assert rights(expected) <= rights(after)
    more = {action for action, _ in rights(after) - rights(expected)}
    assert more - {action for action, _ in rights(expected)} == {"s3:AbortMultipartUpload"}
    on = [{on for _, on in rights(statements)} for statements in (after, expected)]
    assert on[0] == on[1]


def rights(statements: list[Any]) -> set[tuple[str, str]]:
    """Return each action with each ARN that it is allowed on."""
    return {
        (action, on)
        for statement in statements
        for action in listed(statement["Action"])
        for on in listed(statement["Resource"])
    }


def listed(value: Any) -> list[str]:
    """Return what may stand alone as a list."""
    return value if isinstance(value, list) else [value]


def renaming(resources: Any, names: dict[str, str]) -> Any:
    """Return ARNs with the names of roles replaced."""
    if isinstance(resources, list):
        return [renaming(one, names) for one in resources]
    head, slash, name = resources.rpartition("/")
    return f"{head}{slash}{names.get(name, name)}"
