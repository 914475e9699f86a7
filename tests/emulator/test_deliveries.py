"""What becomes of events that fail: attempts, dead letters, duplicates, receipts, full accounts.

These are claims about the emulator, which claims of blueprints rest upon.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import ACCOUNT, REGION, Emulator
from support.machines import until

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/all"
FAILS = "def handler(event, _):\n    raise ValueError('no')\n"
ENTRY = {"Source": "aws.test", "DetailType": "x", "Detail": "{}"}


@pytest.fixture
def aws(emulator: Emulator) -> Iterator[Emulator]:
    """Give an emulator that is empty afterwards."""
    yield emulator
    emulator.reset()


def queue(aws: Emulator, name: str, *services: str, **attributes: str) -> tuple[str, str]:
    """Make a queue that lets services in; return its address and ARN."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
        for service in services
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    given = {"Policy": policy, **attributes}
    url = aws.client("sqs").create_queue(QueueName=name, Attributes=given)["QueueUrl"]
    return str(url), f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def taken(aws: Emulator, url: str, seconds: int = 5) -> list[dict[str, Any]]:
    """Take what is in a queue off it."""
    sqs, found = aws.client("sqs"), []
    asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    while more := sqs.receive_message(**asked, WaitTimeSeconds=seconds).get("Messages"):
        for message in more:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found, seconds = [*found, *more], 1
    return found


def role(aws: Emulator, *may_send: str) -> str:
    """Make a function's role that may send to some queues."""
    iam = aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document))["Role"]
    if may_send:
        may = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": list(may_send)}
        document = {"Version": "2012-10-17", "Statement": [may]}
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(document))
    return str(made["Arn"])


def function(aws: Emulator, code: str, held: str, failures: str = "") -> str:
    """Make a function; return its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", code)
    client = aws.client("lambda")
    more = {"DeadLetterConfig": {"TargetArn": failures}} if failures else {}
    made = client.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Handler="index.handler",
        Role=held,
        Code={"ZipFile": packed.getvalue()},
        **more,
    )
    client.add_permission(
        FunctionName="f",
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=RULE,
    )
    return str(made["FunctionArn"])


def happens(aws: Emulator, **target: Any) -> None:
    """Have an event happen that a rule hands to a target."""
    events = aws.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.test"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "target", **target}])
    aws.call("event", entry=ENTRY)


def calls(aws: Emulator) -> int:
    """Return how often the function was called."""
    logs = aws.client("logs")
    try:
        found = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return sum(line["message"].startswith("START") for line in found)


def test_a_function_that_fails_is_called_three_times(aws: Emulator) -> None:
    """Then its own dead-letter queue has the event, by its own role; the rule's has nothing."""
    (_, failures), (_, of_rule) = queue(aws, "failures"), queue(aws, "of-rule", "events")
    arn = function(aws, FAILS, role(aws, failures), failures)
    happens(aws, Arn=arn, DeadLetterConfig={"Arn": of_rule})
    (message,) = taken(aws, "failures")
    assert json.loads(message["Body"])["source"] == "aws.test"
    assert "no" in message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert calls(aws) == 3
    assert taken(aws, "of-rule", 0) == []
    assert aws.call("undelivered") == []


def test_a_role_that_may_not_send_loses_the_event(aws: Emulator) -> None:
    """Lambda sends to a function's dead-letter queue with the rights of the function's role."""
    _, failures = queue(aws, "failures")
    arn = function(aws, FAILS, role(aws, failures), failures)
    aws.client("iam").delete_role_policy(RoleName="r", PolicyName="p")
    happens(aws, Arn=arn)
    until(lambda: calls(aws) == 3)
    (lost,) = until(lambda: aws.call("undelivered"))
    assert "AccessDenied" in lost["then"]
    assert taken(aws, "failures", 0) == []


def test_an_invocation_by_hand_has_the_same_attempts(aws: Emulator) -> None:
    """`Event` is answered at once, and what comes of it is the function's queue's."""
    _, failures = queue(aws, "failures")
    function(aws, FAILS, role(aws, failures), failures)
    answer = aws.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    (message,) = taken(aws, "failures")
    assert json.loads(message["Body"]) == {}


@pytest.mark.parametrize(
    ("what", "of"),
    [
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing", "does not let"),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing", "NonExistentQueue"),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:missing", "NotFound"),
        (f"arn:aws:sns:us-west-2:{ACCOUNT}:elsewhere", "another region"),
        (f"arn:aws:sqs:us-west-2:{ACCOUNT}:elsewhere", "another region"),
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "does not know"),
    ],
)
def test_what_cannot_be_handed_over_goes_to_the_rules_queue_at_once(
    aws: Emulator, what: str, of: str
) -> None:
    """No such target, one in another region, one of a kind that the emulator does not know."""
    _, of_rule = queue(aws, "of-rule", "events")
    happens(aws, Arn=what, DeadLetterConfig={"Arn": of_rule})
    (message,) = taken(aws, "of-rule")
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (RULE, what)
    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert of in attributes["ERROR_MESSAGE"] + attributes.get("ERROR_CODE", "")


def test_each_third_event_comes_twice(aws: Emulator) -> None:
    """Delivery is at least once."""
    url, arn = queue(aws, "target", "events")
    happens(aws, Arn=arn)
    for _ in range(2):
        aws.call("event", entry=ENTRY)
    found = until(lambda: aws.call("undelivered") == [] and taken(aws, url, 1))
    bodies = [message["Body"] for message in found]
    assert (len(bodies), len(set(bodies))) == (4, 3)


@pytest.mark.parametrize(("followed", "group"), [(False, "$.source"), (True, "aws.test")])
def test_a_group_by_path_is_read_as_the_test_chooses(
    aws: Emulator, *, followed: bool, group: str
) -> None:
    """As it stands, unless a test says otherwise: that is the harder of two readings."""
    given = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url, arn = queue(aws, "target.fifo", "events", **given)
    aws.call("choose", what="group by path", value=followed)
    happens(aws, Arn=arn, SqsParameters={"MessageGroupId": "$.source"})
    asked = {"QueueUrl": url, "WaitTimeSeconds": 5}
    names = {"MessageSystemAttributeNames": ["MessageGroupId"]}
    (message,) = aws.client("sqs").receive_message(**asked, **names)["Messages"]
    assert message["Attributes"]["MessageGroupId"] == group


@pytest.mark.parametrize("operation", ["delete_message", "change_message_visibility"])
def test_a_receipt_that_ran_out_is_refused(aws: Emulator, operation: str) -> None:
    """And so is an earlier one, while another consumer has the message."""
    given = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url, _ = queue(aws, "target.fifo", **given)
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g")
    more = {} if operation == "delete_message" else {"VisibilityTimeout": 60}
    (first,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]
    time.sleep(1.1)
    asked = {"QueueUrl": url, "ReceiptHandle": first["ReceiptHandle"], **more}
    with pytest.raises(ClientError, match="The receipt handle has expired"):
        getattr(sqs, operation)(**asked)
    (second,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    with pytest.raises(ClientError, match="The receipt handle has expired"):
        getattr(sqs, operation)(**asked)
    getattr(sqs, operation)(**{**asked, "ReceiptHandle": second["ReceiptHandle"]})


@pytest.mark.parametrize(("source", "dead"), [("a.fifo", "b"), ("a", "b.fifo")])
def test_the_dead_letters_of_an_ordered_queue_are_in_an_ordered_queue(
    aws: Emulator, source: str, dead: str
) -> None:
    """And the other way round."""

    def kind(name: str) -> dict[str, str]:
        return {"FifoQueue": "true"} if name.endswith(".fifo") else {}

    _, arn = queue(aws, dead, **kind(dead))
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    with pytest.raises(ClientError, match="same type of queue"):
        queue(aws, source, **kind(source), RedrivePolicy=policy)


def assumed(aws: Emulator, service: str, action: str) -> str:
    """Make a role that a service assumes, for one action; return its ARN."""
    iam, name = aws.client("iam"), f"for-{service}"
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]
    may = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [may]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return str(made["Arn"])


def project(aws: Emulator, name: str, **more: Any) -> str:
    """Make a project whose builds go on until a test ends them; return its ARN."""
    made = aws.client("codebuild").create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:4.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/build",
        **more,
    )
    aws.call("endings", project=name, status=None)
    return str(made["project"]["arn"])


def phases(aws: Emulator) -> list[str]:
    """Return the phases that builds are in, in the order of their start."""
    return [build["currentPhase"] for build in aws.call("started_builds")]


def test_an_account_that_is_full_of_builds_refuses_one_more(aws: Emulator) -> None:
    """One runs and five wait; an end makes room for one to run and one to wait."""
    project(aws, "usual")
    aws.call("build_limit", builds=1)
    codebuild = aws.client("codebuild")
    first = codebuild.start_build(projectName="usual")["build"]["id"]
    for _ in range(5):
        codebuild.start_build(projectName="usual")
    assert phases(aws) == ["PROVISIONING", *["QUEUED"] * 5]
    with pytest.raises(ClientError, match="Cannot have more than 5 builds in queue") as refusal:
        codebuild.start_build(projectName="usual")
    assert refusal.value.response["Error"]["Code"] == "AccountLimitExceededException"
    aws.call("end_build", id=first, status="SUCCEEDED")
    codebuild.start_build(projectName="usual")
    assert phases(aws) == ["COMPLETED", "PROVISIONING", *["QUEUED"] * 5]


def test_a_project_with_a_limit_waits_in_no_queue(aws: Emulator) -> None:
    """StartBuild fails at once, and so it does where the account is full of others' builds."""
    project(aws, "limited", concurrentBuildLimit=1)
    codebuild = aws.client("codebuild")
    codebuild.start_build(projectName="limited")
    with pytest.raises(ClientError, match="active builds for the project"):
        codebuild.start_build(projectName="limited")
    project(aws, "another", concurrentBuildLimit=5)
    aws.call("build_limit", builds=1)
    with pytest.raises(ClientError, match="active builds for the account"):
        codebuild.start_build(projectName="another")


def test_a_rule_starts_its_build_once_there_is_room(aws: Emulator) -> None:
    """A full account passes: the event is neither lost nor a dead letter."""
    _, of_rule = queue(aws, "of-rule", "events")
    arn = project(aws, "limited", concurrentBuildLimit=1)
    first = aws.client("codebuild").start_build(projectName="limited")["build"]["id"]
    held = assumed(aws, "events", "codebuild:StartBuild")
    happens(aws, Arn=arn, RoleArn=held, Input="{}", DeadLetterConfig={"Arn": of_rule})
    time.sleep(0.5)  # several attempts
    assert len(phases(aws)) == 1
    aws.call("end_build", id=first, status="SUCCEEDED")
    until(lambda: len(phases(aws)) == 2)
    assert taken(aws, "of-rule", 0) == []
    assert aws.call("undelivered") == []


ECHO = "def handler(event, _):\n    return {answer}\n"
POLLS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def polling(**changes: Any) -> str:
    """Return a template of a queue and a function that polls it, with some changes to what fits."""
    made = {"may": POLLS, "seconds": 30, "batch": 10, "answer": "None", **changes}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    may = {"Effect": "Allow", "Action": made["may"], "Resource": "*"}

    def document(statement: dict[str, Any]) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [statement]}

    resources: dict[str, tuple[str, dict[str, Any]]] = {
        "Queue": ("SQS::Queue", {"QueueName": "polled", "VisibilityTimeout": made["seconds"]}),
        "Role": (
            "IAM::Role",
            {
                "AssumeRolePolicyDocument": document({**trust, "Action": "sts:AssumeRole"}),
                "Policies": [{"PolicyName": "p", "PolicyDocument": document(may)}],
            },
        ),
        "Function": (
            "Lambda::Function",
            {
                "FunctionName": "f",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 3,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": ECHO.format(answer=made["answer"])},
            },
        ),
        "Polling": (
            "Lambda::EventSourceMapping",
            {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Function"},
                "BatchSize": made["batch"],
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        ),
    }
    return json.dumps(
        {
            "Resources": {
                n: {"Type": f"AWS::{t}", "Properties": p} for n, (t, p) in resources.items()
            }
        }
    )


def stacked(aws: Emulator, template: str) -> str:
    """Deploy a template; return how that ended, with reasons."""
    client = aws.client("cloudformation")
    client.create_stack(StackName="s", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])

    def ended() -> str:
        status = str(client.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"])
        return "" if status.endswith("IN_PROGRESS") else status

    status = until(ended)
    events = client.describe_stack_events(StackName="s")["StackEvents"]
    return " ".join([status, *(event.get("ResourceStatusReason", "") for event in events)])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"may": POLLS[:1]}, "permissions to call DeleteMessage on SQS"),
        ({"seconds": 2}, "visibility timeout: 2 seconds is less than Function timeout: 3"),
        ({"batch": 11}, "Maximum batch window in seconds must be greater than 0"),
    ],
)
def test_a_queue_is_polled_only_as_lambda_does(
    aws: Emulator, wrong: dict[str, Any], said: str
) -> None:
    """Without the rights, with a timeout or a batch that does not fit, there is no mapping."""
    ended = stacked(aws, polling(**wrong))
    assert ended.startswith("ROLLBACK_COMPLETE")
    assert said in ended


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        ("None", True),
        ("{'batchItemFailures': []}", True),
        ("{'batchItemFailures': [{'itemIdentifier': 'another'}]}", False),
        ("{'batchItemFailures': [{'id': event['Records'][0]['messageId']}]}", False),
        ("{'batchItemFailures': [{'itemIdentifier': ''}]}", False),
    ],
)
def test_an_answer_that_lambda_does_not_understand_fails_its_batch(
    aws: Emulator,
    answer: str,
    deleted: bool,  # noqa: FBT001
) -> None:
    """Its messages come again; nothing, or no failure, is a success."""
    assert stacked(aws, polling(answer=answer, seconds=3)).startswith("CREATE_COMPLETE")
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="polled")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def there() -> int:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    if deleted:
        until(lambda: calls(aws) == 1 and there() == 0)
    else:
        until(lambda: calls(aws) > 1)
        assert there() == 1
