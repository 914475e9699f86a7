"""SQS: receipts of FIFO queues run out, and the dead-letter queue of a FIFO queue is one.

Sources: AWS, "DeleteMessage", "ChangeMessageVisibility" (twelve hours in all), "Using dead-letter
queues in Amazon SQS"; re:Post, "Receipt handle error", for what a late receipt is answered.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services import sqs
from ministack.services.cloudformation import provisioners

LONGEST = 12 * 60 * 60  # seconds that a message may be hidden since it was received


def expired(queue: dict[str, Any], handle: str, seconds: int) -> str:
    """Return why a FIFO queue refuses a receipt, or nothing."""
    now = time.time()
    message = next((m for m in queue["messages"] if m["receipt_handle"] == handle), None)
    if not message or message["visible_at"] <= now:
        said = "Reason: The receipt handle has expired."
        return f"Value {handle} for parameter ReceiptHandle is invalid. {said}"
    if now + seconds > message.get("received_at", now) + LONGEST:
        return f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST} seconds]"
    return ""


def check(asked: dict[str, Any], address: str) -> None:
    """Refuse a request about a message of a FIFO queue that is another's by now."""
    queue = sqs._get_q(asked.get("QueueUrl", address))
    if not queue["is_fifo"]:
        return
    for each in asked.get("Entries", [asked]):
        seconds = int(each.get("VisibilityTimeout", 0))
        if why := expired(queue, each.get("ReceiptHandle", ""), seconds):
            raise sqs._Err("InvalidParameterValue", why)


def checked(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return what looks at receipts first."""

    def ours(asked: dict[str, Any], address: str) -> Any:
        check(asked, address)
        return theirs(asked, address)

    return ours


def stamped(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return what notes when a message was received."""

    async def ours(asked: dict[str, Any], address: str) -> Any:
        answer = await theirs(asked, address)
        handles = {message["ReceiptHandle"] for message in answer.get("Messages", [])}
        for message in sqs._get_q(asked.get("QueueUrl", address))["messages"]:
            if message["receipt_handle"] in handles:
                message["received_at"] = time.time()
        return answer

    return ours


def of_one_kind(source: str, policy: Any) -> None:
    """Refuse a dead-letter queue of another kind than the queue's own."""
    given = json.loads(policy) if isinstance(policy, str) else policy or {}
    target = str(given.get("deadLetterTargetArn", source))
    if target.endswith(".fifo") != source.endswith(".fifo"):
        said = "Reason: Dead-letter target must be same type of queue as the source."
        raise sqs._Err(
            "InvalidParameterValue", f"Value {policy} for RedrivePolicy is invalid. {said}"
        )


def named(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return what looks at the dead-letter queue first."""

    def ours(asked: dict[str, Any], address: str) -> Any:
        source = asked.get("QueueName") or sqs._get_q(asked.get("QueueUrl", address))["name"]
        of_one_kind(source, (asked.get("Attributes") or {}).get("RedrivePolicy"))
        return theirs(asked, address)

    return ours


def plug_in() -> None:
    """Check before ministack acts."""
    fields = provisioners._sqs_queue_fields

    def of_template(props: dict[str, Any], is_fifo: Any) -> Any:
        of_one_kind(".fifo" if is_fifo else "", props.get("RedrivePolicy"))
        return fields(props, is_fifo)

    provisioners._sqs_queue_fields = of_template
    changes = {"ReceiveMessage": stamped, "CreateQueue": named, "SetQueueAttributes": named}
    for name in ("DeleteMessage", "ChangeMessageVisibility"):
        changes |= {name: checked, f"{name}Batch": checked}
    for name, change in changes.items():
        sqs._HANDLERS[name] = change(sqs._HANDLERS[name])
