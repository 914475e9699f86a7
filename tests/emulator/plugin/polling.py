"""Lambda's polling of SQS: with the role's rights, and by answers that Lambda understands.

Sources: Lambda's developer guide, "Creating and configuring an Amazon SQS event source mapping"
(permissions, visibility timeout, batches) and "Handling errors for an SQS event source in Lambda"
(which answers are a complete success, and which a complete failure).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import own
import refusals
from ministack.core import iam_evaluator, responses
from ministack.services import lambda_svc, sqs

LAMBDA = "lambda.amazonaws.com"
NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
AT_ONCE = 10  # the most of a batch for which Lambda does not have to wait


def missing(config: dict[str, Any], queue: str) -> str:
    """Return what a function's role lacks to poll a queue, or nothing."""
    key = own.credentials(config["Role"], LAMBDA)["aws_access_key_id"]
    region = queue.split(":")[3]
    iam_evaluator.pin_request_origin("127.0.0.1", True)  # Lambda comes by TLS
    for action in NEEDED:
        if iam_evaluator.enforce(key, f"sqs:{action}", "sqs", region, resource_arn=queue):
            return action
    return ""


def check(props: dict[str, Any]) -> None:
    """Refuse a mapping that Lambda refuses.

    Raises:
        RefusalError: the role may not poll, or the queue or the batch do not fit.
    """
    source = props["EventSourceArn"]
    if source.split(":")[2] != "sqs":
        return
    function, config, _ = lambda_svc._get_func_record_for_ref(props["FunctionName"])
    queue = sqs._queues.get(sqs._queue_url(source.rpartition(":")[2]))
    if not function or not queue:
        raise own.RefusalError(f"there is no {source}, or no {props['FunctionName']}")
    if action := missing(config, source):
        raise own.RefusalError(
            f"The provided execution role does not have permissions to call {action} on SQS"
            " (InvalidParameterValueException)"
        )
    hidden, timeout = int(queue["attributes"]["VisibilityTimeout"]), int(config["Timeout"])
    if hidden < timeout:
        raise own.RefusalError(
            f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {timeout}"
            " seconds (InvalidParameterValueException)"
        )
    batch = int(props.get("BatchSize", AT_ONCE))
    if batch > AT_ONCE and not int(props.get("MaximumBatchingWindowInSeconds", 0)):
        raise own.RefusalError(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            f" greater than {AT_ONCE} (InvalidParameterValueException)"
        )


def polled(theirs: Any) -> Any:
    """Return what yields the mappings whose roles may poll now."""

    def ours() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, mapping in theirs():
            source = mapping.get("EventSourceArn", "")
            if source.split(":")[2:3] == ["sqs"]:
                responses.set_request_region(region)
                function, config, _ = lambda_svc._get_func_record_for_ref(mapping["FunctionName"])
                if not function or missing(config, source):
                    continue
            yield account, region, mapping

    return ours


def understood(answer: Any, batch: set[str]) -> bool:
    """Tell whether an answer is one by which Lambda knows what succeeded."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return False
    failures = (answer or {}).get("batchItemFailures") if isinstance(answer or {}, dict) else 0
    if failures is None:
        return True
    return isinstance(failures, list) and all(
        isinstance(each, dict) and each.get("itemIdentifier") in batch for each in failures
    )


def judged(theirs: Any) -> Any:
    """Return what calls functions, and takes an answer that is none for a failure of the batch."""

    def ours(function: Any, event: Any, *more: Any, **named: Any) -> Any:
        result = theirs(function, event, *more, **named)
        records = event.get("Records") if isinstance(event, dict) else None
        if not records or any(each.get("eventSource") != "aws:sqs" for each in records):
            return result
        ids = {each["messageId"] for each in records}
        if result.get("error") or understood(result.get("body"), ids):
            return result
        body = {"errorType": "Runtime.InvalidBatchResponse", "errorMessage": "not understood"}
        return {**result, "error": True, "body": body}

    return ours


def plug_in() -> None:
    """Stand before mappings, before what polls, and behind functions."""
    refusals.before("AWS::Lambda::EventSourceMapping", check)
    lambda_svc._iter_all_esms = polled(lambda_svc._iter_all_esms)
    lambda_svc._execute_function = judged(lambda_svc._execute_function)
