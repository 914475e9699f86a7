"""The plug-in: that ministack is the one it rests upon, and that it does not look away."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from support.emulator import PLUGIN, PYTHON, Emulator

PROBE = """\
import os, sys
os.environ.update(MINISTACK_ACCOUNT_ID="123456789012", GATEWAY_PORT="1")
sys.path.insert(0, {plugin!r})
import internals
{change}
print("\\n".join(internals.changed()))
"""


def changed(change: str = "") -> list[str]:
    """Return what the plug-in misses after a change to ministack."""
    done = subprocess.run(
        [PYTHON, "-c", PROBE.format(plugin=str(PLUGIN), change=change)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("- ")]


@pytest.mark.usefixtures("emulator")
def test_ministack_is_the_one_that_the_plug_in_was_written_for() -> None:
    """After an upgrade, this says which names to look at."""
    assert changed() == []


@pytest.mark.usefixtures("emulator")
def test_a_name_that_is_gone_or_takes_something_else_is_told() -> None:
    """Both, by name."""
    gone = "import ministack.services.eventbridge as e; del e._invoke_target"
    assert changed(gone) == ["- ministack.services.eventbridge._invoke_target is not there"]
    other = "import ministack.services.ecr as e; e._put_image = lambda what: None"
    assert changed(other) == ["- ministack.services.ecr._put_image does not take data"]


def test_requests_against_a_model_are_refused(emulator: Emulator) -> None:
    """A value that is no member of an enumeration, and one that only begins as its pattern does."""
    with pytest.raises(ClientError, match="computeTypeOverride is 'HUGE', none of") as refused:
        emulator.client("codebuild").start_build(projectName="x", computeTypeOverride="HUGE")
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    closing = {"pipelineName": "x", "stageName": "x", "transitionType": "Inbound"}
    with pytest.raises(ClientError, match="reason is 'Open 01:00', which does not match"):
        emulator.client("codepipeline").disable_stage_transition(**closing, reason="Open 01:00")
    assert len(emulator.call("invalid")) == 2
    emulator.reset()


def test_a_queue_that_does_not_let_rules_in_gets_nothing(emulator: Emulator) -> None:
    """What is lost without a dead-letter queue is at least noted."""
    queue = emulator.client("sqs").create_queue(QueueName="closed")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:123456789012:closed"
    events = emulator.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.test"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    emulator.call("event", entry={"Source": "aws.test", "DetailType": "x", "Detail": "{}"})
    asked = {"QueueUrl": queue, "WaitTimeSeconds": 1}
    assert "Messages" not in emulator.client("sqs").receive_message(**asked)
    (lost,) = emulator.call("undelivered")
    emulator.reset()
    assert "does not let events.amazonaws.com in" in lost["error"]


def test_nobody_speaks_for_a_service(emulator: Emulator) -> None:
    """Events in the name of AWS's services come from them alone."""
    entry = {"Source": "aws.codecommit", "DetailType": "x", "Detail": "{}"}
    answer = emulator.client("events").put_events(Entries=[entry])
    emulator.reset()
    assert answer["FailedEntryCount"] == 1


def test_an_unknown_key_opens_nothing(emulator: Emulator) -> None:
    """Nor does a role's key with another secret: requests are signed, and the signature counts."""
    unknown = {"aws_access_key_id": "AKIAWRONG", "aws_secret_access_key": "x"}
    client = emulator.client("sqs", **unknown)
    with pytest.raises(ClientError, match="token included in the request is invalid"):
        client.list_queues()
    asked = {"arn": role_for(emulator, "codebuild"), "principal": "codebuild.amazonaws.com"}
    keys = emulator.call("role", **asked)
    client = emulator.client("sqs", **{**keys, "aws_secret_access_key": "x"})
    with pytest.raises(ClientError, match="signature"):
        client.list_queues()
    emulator.reset()


def role_for(emulator: Emulator, service: str, condition: dict[str, Any] | None = None) -> str:
    """Make a role that one service may assume, under a condition."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition or {}}]}
    asked = {"RoleName": f"for-{service}", "AssumeRolePolicyDocument": json.dumps(trust)}
    return str(emulator.client("iam").create_role(**asked)["Role"]["Arn"])


ACCOUNT = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
STARTS = "arn:aws:scheduler:eu-west-1:123456789012:"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/x"
PIPELINE = "arn:aws:codepipeline:eu-west-1:123456789012:x"
# Service, what it acts for, the condition of the trust policy, and whether it gets the keys.
TRUST = [
    ("codebuild", "arn:aws:codebuild:eu-west-1:123456789012:project/x", ACCOUNT, True),
    ("ecs-tasks", "arn:aws:ecs:eu-west-1:123456789012:task/x/1", ACCOUNT, True),
    ("events", RULE, ACCOUNT, True),
    ("scheduler", f"{STARTS}schedule/ours/x", ACCOUNT, True),
    (
        *("scheduler", f"{STARTS}schedule/ours/x"),
        *({"ArnEquals": {"aws:SourceArn": f"{STARTS}schedule-group/ours"}}, True),
    ),
    (
        *("scheduler", f"{STARTS}schedule/ours/x"),
        *({"ArnEquals": {"aws:SourceArn": f"{STARTS}schedule/ours/x"}}, False),
    ),
    ("lambda", "arn:aws:lambda:eu-west-1:123456789012:function:x", {}, True),
    ("lambda", "arn:aws:lambda:eu-west-1:123456789012:function:x", ACCOUNT, False),
    ("apigateway", "arn:aws:execute-api:eu-west-1:123456789012:x", ACCOUNT, False),
    ("codepipeline", PIPELINE, ACCOUNT, True),
    ("codepipeline", PIPELINE, {"ArnEquals": {"aws:SourceArn": PIPELINE}}, False),
    ("cloudformation", "arn:aws:cloudformation:eu-west-1:123456789012:stackset/x:1", ACCOUNT, True),
    ("cloudformation", "arn:aws:cloudformation:eu-west-1:123456789012:stack/x/1", ACCOUNT, False),
    ("cloudformation", "", ACCOUNT, False),
]


@pytest.mark.parametrize(("service", "source", "condition", "gets"), TRUST)
def test_a_service_says_of_itself_what_is_documented(
    service: str, source: str, condition: dict[str, Any], *, gets: bool, emulator: Emulator
) -> None:
    """Account and ARN where a page shows them, a group's ARN for a schedule, nothing else."""
    arn = role_for(emulator, service, condition)
    asked = {"arn": arn, "principal": f"{service}.amazonaws.com", "source": source}
    try:
        if gets:
            assert emulator.call("role", **asked)["aws_session_token"]
        else:
            with pytest.raises(RuntimeError, match="sts:AssumeRole"):
                emulator.call("role", **asked)
    finally:
        emulator.reset()


@pytest.mark.parametrize(
    ("condition", "lets"),
    [({}, True), ({"ArnEquals": {"aws:SourceArn": RULE}}, True), (ACCOUNT, False)],
)
def test_a_rule_says_to_a_queue_which_it_is_and_not_whose(
    condition: dict[str, Any], *, lets: bool, emulator: Emulator
) -> None:
    """EventBridge's statements for queues have the rule's ARN alone."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("sqs").create_queue(QueueName="x", Attributes={"Policy": policy})
    asked = {"arn": "arn:aws:sqs:eu-west-1:123456789012:x", "source": RULE}
    try:
        assert emulator.call("admits", principal="events.amazonaws.com", **asked) is lets
    finally:
        emulator.reset()


def test_nobody_gets_the_keys_of_a_role_that_does_not_trust_it(emulator: Emulator) -> None:
    """Nor those of a role that is not there, or whose path is another."""
    arn = role_for(emulator, "codebuild")
    for role, service in (
        (arn, "ecs-tasks"),
        (arn.replace("for-", "not-"), "codebuild"),
        (arn.replace("role/", "role/elsewhere/"), "codebuild"),
    ):
        with pytest.raises(RuntimeError, match="sts:AssumeRole"):
            emulator.call("role", arn=role, principal=f"{service}.amazonaws.com")
    emulator.reset()


def test_the_versions_are_pinned() -> None:
    """To the last digit."""
    lines = (Path(__file__).parent / "ministack.txt").read_text().splitlines()
    assert all("==" in line for line in lines if line and not line.startswith("#"))


def assumes(emulator: Emulator, trusted: Any, conditions: Any = None, may: Any = None) -> bool:
    """Tell whether a function's role can assume one that has a trust policy.

    Args:
        emulator: where both are.
        trusted: what the other one trusts.
        conditions: of that.
        may: what the function's role may do.
    """
    iam = emulator.client("iam")
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    names = {"first": {**service, "Action": "sts:AssumeRole"}}
    names["second"] = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    names["second"] |= {"Condition": conditions} if conditions else {}
    for name, statement in names.items():
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    if may:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        iam.put_role_policy(RoleName="first", PolicyName="May", PolicyDocument=policy)
    asked = {"RoleArn": FIRST.replace("first", "second"), "RoleSessionName": "session"}
    keys = emulator.call("role", arn=FIRST, principal="lambda.amazonaws.com")
    sts = emulator.client("sts", **keys)
    try:
        return bool(sts.assume_role(**asked, ExternalId="stack"))
    except sts.exceptions.ClientError:
        return False
    finally:
        emulator.reset()


FIRST, ACCOUNT = "arn:aws:iam::123456789012:role/first", "arn:aws:iam::123456789012:root"
MAY = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}


@pytest.mark.parametrize(
    ("trusted", "external_id", "may", "expected"),
    [
        (FIRST, None, None, True),
        (FIRST, "stack", None, True),
        (FIRST, "other", None, False),
        (FIRST, "other", MAY, False),
        (FIRST, None, {**MAY, "Effect": "Deny"}, False),
        (ACCOUNT, None, None, False),
        (ACCOUNT, None, MAY, True),
    ],
)
def test_a_role_is_assumed_by_who_is_named_or_may(
    emulator: Emulator, trusted: str, external_id: str | None, may: Any, *, expected: bool
) -> None:
    """A trust policy that names a role suffices; one that names the account does not."""
    condition = {"StringEquals": {"sts:ExternalId": external_id}} if external_id else None
    assert assumes(emulator, trusted, condition, may) is expected


def test_what_is_there_keeps_its_type(emulator: Emulator) -> None:
    """CloudFormation refuses another one before it changes anything, in its own words."""
    cloudformation = emulator.client("cloudformation")
    bodies = [
        json.dumps({"Resources": {"Thing": {"Type": f"AWS::{kind}"}}})
        for kind in ("SQS::Queue", "SNS::Topic")
    ]
    cloudformation.create_stack(StackName="kept", TemplateBody=bodies[0])
    said = r"Update of resource type is not permitted.* following resources: \[Thing\]"
    with pytest.raises(ClientError, match=said):
        cloudformation.update_stack(StackName="kept", TemplateBody=bodies[1])
    with pytest.raises(ClientError, match=said):
        cloudformation.create_change_set(
            StackName="kept", ChangeSetName="other", TemplateBody=bodies[1]
        )
    emulator.reset()


def test_a_custom_resource_keeps_its_function(emulator: Emulator) -> None:
    """An update to another one fails, in CloudFormation's words, and is rolled back."""
    cloudformation = emulator.client("cloudformation")
    code = (
        "import json, urllib.request as u\n"
        "def handler(event, context):\n"
        "    said = {k: event[k] for k in ('StackId', 'RequestId', 'LogicalResourceId')}\n"
        "    said |= {'Status': 'SUCCESS', 'PhysicalResourceId': 'x', 'Data': {}}\n"
        "    body, headers = json.dumps(said).encode(), {'content-type': ''}\n"
        "    u.urlopen(u.Request(event['ResponseURL'], body, headers, method='PUT'))\n"
    )
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        },
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": code},
        },
    }

    def body(name: str) -> str:
        token = {"ServiceToken": {"Fn::GetAtt": [name, "Arn"]}}
        thing = {"Type": "Custom::Thing", "Properties": token}
        resources = {"Role": role, "One": function, "Two": function, "Thing": thing}
        return json.dumps({"Resources": resources})

    asked = {"StackName": "served", "Capabilities": ["CAPABILITY_IAM"]}
    cloudformation.create_stack(**asked, TemplateBody=body("One"))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="served")
    cloudformation.update_stack(**asked, TemplateBody=body("Two"))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_update_complete").wait(StackName="served")
    events = cloudformation.describe_stack_events(StackName="served")["StackEvents"]
    said = [event.get("ResourceStatusReason", "") for event in events]
    assert "Modifying service token is not allowed." in said
    emulator.reset()
