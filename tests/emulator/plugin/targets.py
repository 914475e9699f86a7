"""What a rule or a schedule does to its targets: with which right, and where what fails goes.

EventBridge's targets in ECS and CodeBuild are asked under the target's role; queues,
topics, functions are asked whether their policy lets EventBridge in. What is refused goes to the
target's dead-letter queue, as after EventBridge's last attempt.
"""

from __future__ import annotations

import contextvars
import json
import threading
from typing import Any

import evidence
import own
from ministack.core import iam_evaluator, responses
from ministack.services import eventbridge

Target = dict[str, Any]
Rule = dict[str, Any]
RULES, SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
NOT_DELIVERED: list[dict[str, str]] = []  # what had no dead-letter queue to go to


def run_task(target: Target, told: dict[str, Any], client: Any) -> None:
    """Run a task of ECS."""
    how = target["EcsParameters"]
    network = how.get("NetworkConfiguration", {})
    vpc = network.get("AwsVpcConfiguration") or network.get("awsvpcConfiguration") or {}
    answer = client.run_task(
        cluster=target["Arn"],
        taskDefinition=how["TaskDefinitionArn"],
        count=how.get("TaskCount", 1),
        launchType=how.get("LaunchType", "EC2"),
        networkConfiguration={
            "awsvpcConfiguration": {key[:1].lower() + key[1:]: vpc[key] for key in vpc}
        },
        overrides=told,
    )
    if answer["failures"]:
        raise own.RefusalError(str(answer["failures"]))


def start_build(target: Target, told: dict[str, Any], client: Any) -> None:
    """Start a build: the input is StartBuild's, but for the project."""
    client.start_build(projectName=target["Arn"].partition(":project/")[2], **told)


def universal(target: Target, told: dict[str, Any], client: Any) -> None:
    """Call the operation that a schedule's target names."""
    operation = target["Arn"].rpartition(":")[2]
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)
    getattr(client, snake)(**{key[:1].lower() + key[1:]: told[key] for key in told})


WITH_A_ROLE = {"ecs": run_task, "codebuild": start_build}


def policy_of(service: str, arn: str) -> tuple[str, str | None]:
    """Return what EventBridge does to a resource, and the policy that has to let it."""
    client = own.here(service)
    if service == "sqs":
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        return "sqs:SendMessage", found.get("Attributes", {}).get("Policy")
    if service == "sns":
        found = client.get_topic_attributes(TopicArn=arn)
        return "sns:Publish", found["Attributes"].get("Policy")
    try:
        return "lambda:InvokeFunction", client.get_policy(FunctionName=arn)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return "lambda:InvokeFunction", None


def told_by(target: Target, rule: Rule, view: Any) -> str:
    """Return what the target is told."""
    if target.get("InputTransformer"):
        return str(eventbridge._apply_input_transformer(target["InputTransformer"], rule, view))
    return str(target.get("Input") or json.dumps(view.event_with_detail()))


def deliver(target: Target, event: Any, rule: Rule, view: Any, theirs: Any) -> None:
    """Do it, or hand it to the dead-letter queue."""
    arn = target["Arn"]
    service = arn.split(":")[2]
    principal = SCHEDULER if scheduled(target, rule) else RULES
    source = {"aws:SourceArn": rule.get("Arn", "")}
    view = view or eventbridge._pattern_event_view(event)
    evidence.TOUCHED.update((arn, rule.get("Arn", "")))
    try:
        if service == "scheduler":
            name = arn.split(":")[-2]
            client = own.as_role(target["RoleArn"], principal, name, **source)
            universal(target, json.loads(target["Input"]), client)
        elif service in WITH_A_ROLE:
            client = own.as_role(target["RoleArn"], principal, service, **source)
            given = target.get("InputTransformer") or target.get("Input")  # an event is no request
            told = json.loads(told_by(target, rule, view)) if given else {}
            WITH_A_ROLE[service](target, told, client)
        else:
            if service == "events":
                may_put(target["RoleArn"], principal, arn, **source)
            if service in ("sqs", "sns", "lambda"):
                action, policy = policy_of(service, arn)
                if not own.admits(policy, principal, action, arn, **source):
                    raise own.RefusalError(f"the policy of {arn} does not let {principal} in")
            if arn.endswith(".fifo"):
                in_order(target, rule, view)
            else:
                theirs(target, event, rule, view)
    except Exception as error:
        lost(target, event, rule, view, error)


def may_put(role: str, principal: str, bus: str, **source: str) -> None:
    """Refuse to hand an event to a bus if the target's role may not."""
    key = own.credentials(role, principal, **source)["aws_access_key_id"]
    region = responses.get_region()
    if iam_evaluator.enforce(key, "events:PutEvents", "events", region, resource_arn=bus):
        raise own.RefusalError(f"{role} may not put events on {bus}")


def in_order(target: Target, rule: Rule, view: Any) -> None:
    """Send to a FIFO queue as any other sender does; a group may be a path into the event."""
    group = target["SqsParameters"]["MessageGroupId"]
    if group.startswith("$."):
        found = view.event_with_detail()
        for part in group[2:].split("."):
            found = found[part]
        group = str(found)
    client = own.here("sqs")
    url = client.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    body = told_by(target, rule, view)
    client.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)


def lost(target: Target, event: Any, rule: Rule, view: Any, error: Exception) -> None:
    """Put an event where those go that did not arrive."""
    said = {"rule": rule.get("Arn", ""), "target": target["Arn"], "error": str(error)}
    queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    source = {"aws:SourceArn": said["rule"]}
    names = {"RULE_ARN": "rule", "TARGET_ARN": "target", "ERROR_MESSAGE": "error"}
    try:
        if not queue:
            raise own.RefusalError("no dead-letter queue")
        client, body = own.here("sqs"), json.dumps(view.event_with_detail())
        if scheduled(target, rule):  # it sends with the role of its target
            role = target["RoleArn"]
            client, body = own.as_role(role, SCHEDULER, "sqs", **source), target["Input"]
        elif not own.admits(policy_of("sqs", queue)[1], RULES, "sqs:SendMessage", queue, **source):
            raise own.RefusalError(f"the policy of {queue} does not let EventBridge in")
        url = own.here("sqs").get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        client.send_message(
            QueueUrl=url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": said[key][:200]}
                for name, key in names.items()
            },
        )
    except Exception as worse:
        NOT_DELIVERED.append({**said, "then": str(worse)})


def scheduled(target: Target, rule: Rule) -> bool:
    """Tell whether a target is that of a schedule of EventBridge Scheduler."""
    return target["Arn"].split(":")[2] == "scheduler" or ":schedule/" in rule.get("Arn", "")


def plug_in() -> None:
    """Deliver beside ministack's loop, which our own questions need."""
    theirs = eventbridge._invoke_target

    def ours(target: Target, event: Any, rule: Rule, view: Any = None) -> None:
        context = contextvars.copy_context()
        given = (deliver, target, event, rule, view, theirs)
        threading.Thread(target=context.run, args=given, daemon=True).start()

    eventbridge._invoke_target = ours
