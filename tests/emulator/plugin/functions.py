"""Asynchronous invocations of functions: three attempts, then what the function names for failures.

Source: AWS Lambda's developer guide, "Error handling for asynchronous invocation" and "Capturing
records of Lambda asynchronous invocations": a function's error is tried again after one minute and
after two; then the event goes to its dead-letter queue or destination, with the rights of its role.
"""

from __future__ import annotations

import json
from typing import Any

import later
import own
import targets
from ministack.core import iam_evaluator, responses
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

LAMBDA = "lambda.amazonaws.com"
WAITS = (60, 120)  # seconds before the second and the third attempt
AFTER_THROTTLING = 1  # seconds before what was throttled is tried again: that is no attempt


def invoke(function: dict[str, Any], event: Any) -> None:
    """Take an event for a function, which is called with it soon."""
    later.start(lambda: attempt(function, event))


def attempt(function: dict[str, Any], event: Any) -> None:
    """Call a function until it succeeds, or hand the event to where its failures go."""
    config = function.get("config") or function
    responses.set_request_region(config["FunctionArn"].split(":")[3])
    chosen = lambda_svc._event_invoke_config(function, None) or {}
    attempts = 1 + int(chosen.get("MaximumRetryAttempts", len(WAITS)))
    for number in range(attempts):
        if number:
            later.wait(WAITS[number - 1])
        result = lambda_svc._execute_function(function, event)
        while result.get("throttle"):
            later.wait(AFTER_THROTTLING)
            result = lambda_svc._execute_function(function, event)
        if not result.get("error"):
            return
    try:
        failed(config, chosen, event, result, attempts)
    except Exception as error:
        said = {"rule": "", "target": config["FunctionArn"], "error": str(result.get("body"))}
        targets.NOT_DELIVERED.append({**said, "then": str(error)})


def failed(
    config: dict[str, Any], chosen: dict[str, Any], event: Any, result: Any, attempts: int
) -> None:
    """Send what a function failed with to its dead-letter queue and its destination."""
    destination = chosen.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    queue = config.get("DeadLetterConfig", {}).get("TargetArn", "")
    if not destination and not queue:
        raise own.RefusalError("the function has no dead-letter queue and no destination")
    if queue:
        names = {"RequestID": responses.new_uuid(), "ErrorCode": "200"}
        names["ErrorMessage"] = json.dumps(result.get("body"))[:1024]
        send(config["Role"], queue, json.dumps(event), names)
    if destination:
        about = {"functionArn": config["FunctionArn"], "condition": "RetriesExhausted"}
        record = {
            "version": "1.0",
            "requestContext": {**about, "approximateInvokeCount": attempts},
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": result.get("body"),
        }
        send(config["Role"], destination, json.dumps(record), {})


def send(role: str, arn: str, body: str, names: dict[str, str]) -> None:
    """Send to a queue or a topic with the rights of a function's role."""
    service = arn.split(":")[2]
    client = own.as_role(role, LAMBDA, service)
    attributes = {
        name: {"DataType": "String", "StringValue": value} for name, value in names.items()
    }
    if service == "sns":
        client.publish(TopicArn=arn, Message=body, MessageAttributes=attributes)
    elif service == "sqs":
        url = own.here("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    else:
        raise own.RefusalError(f"the emulator sends no failures to {arn}")


def keep_failures(name: str, props: dict[str, Any]) -> None:
    """Keep where a template's function sends what it fails with, which ministack drops.

    Lambda refuses a function whose role may not send there.
    """
    config = lambda_svc._functions[name]["config"]
    config.pop("DeadLetterConfig", None)
    if not (target := props.get("DeadLetterConfig", {}).get("TargetArn")):
        return
    service, region = target.split(":")[2], responses.get_region()
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}[service]
    key = own.credentials(config["Role"], LAMBDA)["aws_access_key_id"]
    if iam_evaluator.enforce(key, action, service, region, resource_arn=target):
        called = action.partition(":")[2]
        raise ValueError(
            "The provided execution role does not have permissions to call"
            f" {called} on {service.upper()} (InvalidParameterValueException)"
        )
    config["DeadLetterConfig"] = {"TargetArn": target}


def plug_in() -> None:
    """Take over what is invoked asynchronously, by whomever."""
    lambda_svc.invoke_async_with_retry = invoke
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def created(title: str, props: dict[str, Any], *more: Any) -> Any:
        answer = create(title, props, *more)
        keep_failures(answer[0], props)
        return answer

    def updated(
        name: str, before: dict[str, Any], props: dict[str, Any], *given: Any, **more: Any
    ) -> Any:
        answer = update(name, before, props, *given, **more)
        keep_failures(answer[0], props)
        return answer

    handlers.update(create=created, update=updated)
