"""Receipts of FIFO queues: the last one of a message counts, and only as long as it is hidden.

Source: AWS, "DeleteMessage" ("If you receive a message more than once, the receipt handle is
different each time"), and re:Post's "Receipt handle error" for FIFO queues: a receipt whose
visibility timeout has passed is refused. moto lets both delete and hide.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

LONGEST = 12 * 60 * 60  # seconds that a message may be hidden, all in all
BY_RECEIPT = ("DeleteMessage", "ChangeMessageVisibility")


@dataclass
class Receipt:
    """A receipt of a message: when it was handed out, and until when it counts."""

    message: str
    received: float
    deadline: float


@dataclass
class Receipts:
    """The receipts that were handed out, by themselves and the last one of each message."""

    known: dict[str, Receipt] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    def refusal(self, operation: str, asked: dict[str, Any]) -> str:
        """Return why a FIFO queue refuses a request about a message, or nothing.

        A receipt that was handed out elsewhere is not known here, and not checked.
        """
        if operation not in BY_RECEIPT or not asked["QueueUrl"].endswith(".fifo"):
            return ""
        handle = asked["ReceiptHandle"]
        receipt, now = self.known.get(handle), time.monotonic()
        if not receipt:
            return ""
        if self.last[receipt.message] != handle or receipt.deadline <= now:
            said = "Reason: The receipt handle has expired."
            return f"Value {handle} for parameter ReceiptHandle is invalid. {said}"
        if now + asked.get("VisibilityTimeout", 0) > receipt.received + LONGEST:
            return (
                f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST} seconds]"
            )
        return ""

    def note(self, operation: str, asked: dict[str, Any], answer: Any, usual: int) -> None:
        """Remember what a request that was granted means for receipts.

        Args:
            operation: of SQS.
            asked: the request.
            answer: what it was answered.
            usual: the queue's own visibility timeout in seconds.
        """
        now, seconds = time.monotonic(), asked.get("VisibilityTimeout", usual)
        if operation == "ChangeMessageVisibility" and asked["ReceiptHandle"] in self.known:
            self.known[asked["ReceiptHandle"]].deadline = now + seconds
        elif operation == "ReceiveMessage":
            for message in answer.get("Messages", []):
                handle, name = message["ReceiptHandle"], message["MessageId"]
                self.known[handle] = Receipt(name, now, now + seconds)
                self.last[name] = handle
