"""What a rule or a schedule does to its targets: with which right, and where what fails goes.

Targets in ECS and CodeBuild are called with the target's role; queues, topics, functions are asked
whether their policy lets EventBridge in. What may not be done, or has nothing to be done to, goes
to the target's dead-letter queue at once; what failed otherwise is tried again first, as the
target's retry policy says. What has no such queue is noted: a test fails on it.

Source: EventBridge's user guide, "How EventBridge retries delivering events", "Using dead-letter
queues to process undelivered events" and "Amazon EventBridge targets". Delivery is at least once:
every third event for a target comes twice.
"""

from __future__ import annotations

import collections
import json
from typing import Any

import evidence
import later
import own
from botocore.exceptions import ClientError
from ministack.core import iam_evaluator, responses
from ministack.services import eventbridge, lambda_svc

Target = dict[str, Any]
Rule = dict[str, Any]
RULES, SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
NOT_DELIVERED: list[dict[str, str]] = []  # what had no dead-letter queue to go to
DELIVERED: collections.Counter[str] = collections.Counter()  # events, by target
USUAL = {
    # Whether a path as a message group is evaluated is disputed (aws-cdk 32965, and the page
    # "Amazon EventBridge targets" against it). Literally, all events are in one group: harder.
    "group by path": False,
    "twice": 3,  # each third event for a target is delivered twice
}
CHOSEN = dict(USUAL)
FIRST_WAIT, LONGEST_WAIT = 30, 3600  # seconds between attempts; each is twice the one before
ATTEMPTS, SECONDS = 185, 24 * 60 * 60  # of a target without a retry policy
# What comes of being too many at once, or of a service's own failure, passes.
PASSING = ("Throttl", "LimitExceeded", "TooManyRequests", "ServerException", "ServiceException")
PASSING += ("InternalFailure", "InternalError", "ServiceUnavailable", "RequestTimeout")


class PassingError(Exception):
    """It may be done later."""


def passes(error: Exception) -> bool:
    """Tell whether another attempt may succeed."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status >= 500 or any(part in code for part in PASSING)
    return isinstance(error, (PassingError, OSError))


# What CloudFormation spells otherwise than ECS, and not only by a capital at the beginning.
OTHERWISE = {"AwsVpcConfiguration": "awsvpcConfiguration"}


def spelled(value: Any) -> Any:
    """Spell what a template has as ECS's API has it."""
    if isinstance(value, dict):
        return {
            OTHERWISE.get(key, key[:1].lower() + key[1:]): spelled(each)
            for key, each in value.items()
        }
    return [spelled(each) for each in value] if isinstance(value, list) else value


def run_task(target: Target, asked: dict[str, Any], client: Any) -> None:
    """Run a task of ECS."""
    how = spelled(target["EcsParameters"])
    given = {
        name: how[name]
        for name in (
            *("capacityProviderStrategy", "enableECSManagedTags", "enableExecuteCommand", "group"),
            *("launchType", "networkConfiguration", "placementConstraints", "placementStrategy"),
            *("platformVersion", "propagateTags", "referenceId"),
        )
        if name in how
    }
    if "tagList" in how:
        given["tags"] = how["tagList"]
    answer = client.run_task(
        cluster=target["Arn"],
        taskDefinition=how["taskDefinitionArn"],
        count=how.get("taskCount", 1),
        overrides=asked,
        **given,
    )
    if answer["failures"]:
        raise PassingError(str(answer["failures"]))


def start_build(target: Target, asked: dict[str, Any], client: Any) -> None:
    """Start a build: the input is StartBuild's, but for the project."""
    client.start_build(projectName=target["Arn"].partition(":project/")[2], **asked)


def universal(target: Target, asked: dict[str, Any], client: Any) -> None:
    """Call the operation that a schedule's target names, whose members are spelled Like This.

    Source: EventBridge Scheduler's user guide, "Using universal targets": members are in Pascal
    case, also those of APIs that spell theirs otherwise; the operation is in camel case.
    """
    operation = target["Arn"].rpartition(":")[2]
    method = {
        name[:1].lower() + name[1:]: name for name in client.meta.service_model.operation_names
    }
    if operation not in method:
        raise own.RefusalError(f"{target['Arn']} names no operation")
    shape = client.meta.service_model.operation_model(method[operation]).input_shape
    members = {name[:1].upper() + name[1:]: name for name in shape.members}
    if unknown := asked.keys() - members:
        raise own.RefusalError(f"{operation} has no members {', '.join(sorted(unknown))}")
    client._make_api_call(method[operation], {members[key]: asked[key] for key in asked})


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


def input_of(target: Target, rule: Rule, view: Any) -> str:
    """Return what the target gets."""
    if target.get("InputPath"):
        raise own.RefusalError("the emulator has no InputPath")
    if target.get("InputTransformer"):
        return str(eventbridge._apply_input_transformer(target["InputTransformer"], rule, view))
    return str(target.get("Input") or json.dumps(view.event_with_detail()))


def deliver(target: Target, event: Any, rule: Rule, view: Any, theirs: Any) -> None:
    """Do it, again if it passes, or hand it to the dead-letter queue."""
    view = view or eventbridge._pattern_event_view(event)
    evidence.TOUCHED.update((target["Arn"], rule.get("Arn", "")))
    policy = target.get("RetryPolicy") or {}
    attempts = int(policy.get("MaximumRetryAttempts", ATTEMPTS))
    age, waited, retried = int(policy.get("MaximumEventAgeInSeconds", SECONDS)), 0, 0
    while True:
        try:
            hand_over(target, event, rule, view, theirs)
        except Exception as error:
            pause = min(FIRST_WAIT * 2**retried, LONGEST_WAIT)
            exhausted = "MaximumRetryAttempts" if retried >= attempts else ""
            if not exhausted and waited + pause > age:
                exhausted = "MaximumEventAgeInSeconds"
            if exhausted or not passes(error):
                about = {"RETRY_ATTEMPTS": str(retried)}
                if passes(error):
                    about["EXHAUSTED_RETRY_CONDITION"] = exhausted
                lost(target, rule, view, error, about)
                return
        else:
            return
        later.wait(pause)
        waited, retried = waited + pause, retried + 1


def source_of(rule: Rule) -> dict[str, str]:
    """Return who acts; `documented` says what policies are told of it."""
    return {"aws:SourceArn": rule.get("Arn", "")}


def hand_over(target: Target, event: Any, rule: Rule, view: Any, theirs: Any) -> None:
    """Do it once, or raise why not."""
    arn = target["Arn"]
    service, region = arn.split(":")[2], arn.split(":")[3]
    principal = SCHEDULER if scheduled(target, rule) else RULES
    source = source_of(rule)
    if service == "scheduler":
        client = own.as_role(target["RoleArn"], principal, arn.split(":")[-2], **source)
        universal(target, json.loads(target["Input"]), client)
        return
    if region != responses.get_region():
        raise own.RefusalError(f"{arn} is in another region than its rule")
    if service in WITH_A_ROLE:
        client = own.as_role(target["RoleArn"], principal, service, **source)
        given = target.get("InputTransformer") or target.get("Input")  # an event is no request
        asked = json.loads(input_of(target, rule, view)) if given else {}
        WITH_A_ROLE[service](target, asked, client)
    elif service == "events" and ":event-bus/" in arn:
        may_put(target["RoleArn"], principal, arn, **source)
        if arn.partition(":event-bus/")[2] not in eventbridge._event_buses:
            raise own.RefusalError(f"there is no {arn}")
        theirs(target, event, rule, view)
    elif service in SENT:
        action, policy = policy_of(service, arn)
        if not own.admits(policy, principal, action, arn, **source):
            raise own.RefusalError(f"the policy of {arn} does not let {principal} in")
        SENT[service](target, input_of(target, rule, view), view)
    else:
        raise own.RefusalError(f"the emulator does not know targets like {arn}")


def may_put(role: str, principal: str, bus: str, **source: str) -> None:
    """Refuse to hand an event to a bus if the target's role may not."""
    key = own.credentials(role, principal, **source)["aws_access_key_id"]
    region = responses.get_region()
    if iam_evaluator.enforce(key, "events:PutEvents", "events", region, resource_arn=bus):
        raise own.RefusalError(f"{role} may not put events on {bus}")


def send(target: Target, body: str, view: Any) -> None:
    """Send to a queue as any other sender does."""
    given = {}
    if target["Arn"].endswith(".fifo"):
        given["MessageGroupId"] = group(target["SqsParameters"]["MessageGroupId"], view)
    client = own.here("sqs")
    url = client.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=body, **given)


def group(chosen: str, view: Any) -> str:
    """Return a message's group: as it stands there, or what it leads to in the event."""
    if not CHOSEN["group by path"] or not chosen.startswith("$."):
        return chosen
    found = view.event_with_detail()
    for part in chosen[2:].split("."):
        found = found[part]
    return str(found)


def publish(target: Target, body: str, _: Any) -> None:
    """Publish to a topic."""
    own.here("sns").publish(TopicArn=target["Arn"], Message=body)


def invoke(target: Target, body: str, _: Any) -> None:
    """Hand an event to a function's queue: whether it succeeds is no concern of EventBridge's."""
    function, config, _ = lambda_svc._get_func_record_for_ref(target["Arn"])
    if not function:
        raise own.RefusalError(f"there is no {target['Arn']}")
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(body))


SENT = {"sqs": send, "sns": publish, "lambda": invoke}


def lost(target: Target, rule: Rule, view: Any, error: Exception, about: dict[str, str]) -> None:
    """Put an event where those go that did not arrive."""
    known = {"rule": rule.get("Arn", ""), "target": target["Arn"], "error": str(error)}
    queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    source = source_of(rule)
    names = {"RULE_ARN": known["rule"], "TARGET_ARN": known["target"], **about}
    names["ERROR_MESSAGE"] = known["error"][:200]
    if isinstance(error, ClientError):
        names["ERROR_CODE"] = error.response["Error"]["Code"]
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
                name: {"DataType": "String", "StringValue": value}
                for name, value in names.items()
                if value
            },
        )
    except Exception as worse:
        NOT_DELIVERED.append({**known, "then": str(worse)})


def scheduled(target: Target, rule: Rule) -> bool:
    """Tell whether a target is that of a schedule of EventBridge Scheduler."""
    return target["Arn"].split(":")[2] == "scheduler" or ":schedule/" in rule.get("Arn", "")


def forget() -> None:
    """Begin anew."""
    later.forget()
    NOT_DELIVERED.clear()
    DELIVERED.clear()
    CHOSEN.update(USUAL)


def plug_in() -> None:
    """Deliver beside ministack's loop, which our own questions need."""
    theirs = eventbridge._invoke_target

    def ours(target: Target, event: Any, rule: Rule, view: Any = None) -> None:
        DELIVERED[target["Arn"]] += 1
        for _ in range(1 if DELIVERED[target["Arn"]] % CHOSEN["twice"] else 2):
            later.start(lambda: deliver(target, event, rule, view, theirs))

    eventbridge._invoke_target = ours
