"""CloudFormation may do what its caller may, or the role that it is given, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import ACCOUNT, REGION, Emulator

STACKS = ("cloudformation:*", "*")
QUEUES = ("sqs:*", f"arn:aws:sqs:{REGION}:{ACCOUNT}:made-*")
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made-here"}}}


def caller(account: Emulator, *rights: tuple[str, str]) -> Any:
    """Return a client of CloudFormation's for a user who may do some things."""
    iam = account.client("iam")
    iam.create_user(UserName="caller")
    iam.put_user_policy(UserName="caller", PolicyName="x", PolicyDocument=allowing(*rights))
    made = iam.create_access_key(UserName="caller")["AccessKey"]
    keys = {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
    }
    return account.client("cloudformation", **keys)


def role(account: Emulator, service: str, *rights: tuple[str, str]) -> str:
    """Make a role for a service, that may do some things; return its ARN."""
    iam, name = account.client("iam"), f"for-{service}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if rights:
        iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=allowing(*rights))
    return arn


def allowing(*rights: tuple[str, str]) -> str:
    """Return a policy document: actions, each with what it is allowed on."""
    each = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in rights]
    return json.dumps({"Version": "2012-10-17", "Statement": each})


def ends(client: Any, resources: dict[str, Any], **more: Any) -> tuple[str, str]:
    """Create a stack; return its status, and what failed."""
    body = json.dumps({"Resources": resources})
    asked = {"StackName": "stack", "TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]}
    number = client.create_stack(**asked, **more)["StackId"]
    status = client.describe_stacks(StackName=number)["Stacks"][0]["StackStatus"]
    events = client.describe_stack_events(StackName=number)["StackEvents"]
    failed = [e["ResourceStatusReason"] for e in events if e["ResourceStatus"] == "CREATE_FAILED"]
    return status, " ".join(failed)


def test_a_stack_is_made_with_the_rights_of_its_caller(account: Emulator) -> None:
    """Who may do all of CloudFormation's own makes no queue by it; nothing of it is left."""
    status, why = ends(caller(account, STACKS), QUEUE)
    assert status == "ROLLBACK_COMPLETE"
    assert "user/caller is not authorized to perform: sqs:CreateQueue" in why
    assert not account.client("sqs").list_queues().get("QueueUrls")


def test_a_caller_with_the_rights_makes_it(account: Emulator) -> None:
    """On the queue's own name, and on no other."""
    client = caller(account, STACKS, QUEUES)
    assert ends(client, QUEUE) == ("CREATE_COMPLETE", "")
    client.delete_stack(StackName="stack")
    other = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "other"}}}
    assert ends(client, other)[0] == "ROLLBACK_COMPLETE"


def test_a_role_has_to_be_handed_over(account: Emulator) -> None:
    """Without iam:PassRole, no role; and with it, the role's rights count, not the caller's."""
    arn = role(account, "cloudformation", QUEUES)
    client = caller(account, STACKS)
    with pytest.raises(ClientError, match="iam:PassRole"):
        ends(client, QUEUE, RoleARN=arn)
    policy = allowing(STACKS, ("iam:PassRole", arn))
    iam = account.client("iam")
    iam.put_user_policy(UserName="caller", PolicyName="x", PolicyDocument=policy)
    assert ends(client, QUEUE, RoleARN=arn) == ("CREATE_COMPLETE", "")
    iam.put_role_policy(
        RoleName="for-cloudformation", PolicyName="x", PolicyDocument=allowing(STACKS)
    )
    number = client.describe_stacks(StackName="stack")["Stacks"][0]["StackId"]
    client.delete_stack(StackName=number)  # the stack has kept its role
    ended = client.describe_stacks(StackName=number)["Stacks"][0]["StackStatus"]
    assert ended == "DELETE_FAILED"


def test_a_role_for_another_service_deploys_nothing(account: Emulator) -> None:
    """Its trust policy is asked before anything is made."""
    arn = role(account, "ec2", ("*", "*"))
    with pytest.raises(ClientError, match="cannot be assumed"):
        ends(account.client("cloudformation"), QUEUE, RoleARN=arn)


@pytest.mark.parametrize("service", ["lambda", "ec2"])
def test_a_function_is_not_made_with_a_role_that_lambda_cannot_assume(
    service: str, account: Emulator
) -> None:
    """Whoever deploys: Lambda itself refuses."""
    code = {"ZipFile": "def handler(event, context): pass"}
    properties = {
        "Code": code,
        "Handler": "index.handler",
        "Role": role(account, service),
        "Runtime": "python3.13",
    }
    function = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    status, why = ends(account.client("cloudformation"), function)
    assert (status == "CREATE_COMPLETE") is (service == "lambda")
    assert ("cannot be assumed by Lambda" in why) is (service != "lambda")


def test_a_stack_set_needs_its_roles(account: Emulator) -> None:
    """Those that are there by default are not there."""
    properties = {
        "StackSetName": "set",
        "PermissionModel": "SELF_MANAGED",
        "TemplateBody": json.dumps({"Resources": QUEUE}),
        "Parameters": [],
        "StackInstancesGroup": [
            {"DeploymentTargets": {"Accounts": [ACCOUNT]}, "Regions": ["us-east-1"]}
        ],
    }
    stack_set = {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}
    status, why = ends(account.client("cloudformation"), stack_set)
    assert status == "ROLLBACK_COMPLETE"
    assert "AWSCloudFormationStackSetAdministrationRole" in why
