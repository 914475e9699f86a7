"""FIFO queues of SQS in virtual time: groups, deduplication, visibility, receipts and redrive.

Source: AWS pages "FIFO queue delivery logic", "Exactly-once processing" and the API reference of
SQS (a message may be hidden for 12 hours after it was received, all in all).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from support.virtual_time import Clock

LONGEST = 12 * 3600
REMEMBERED = 300  # seconds that a deduplication id is known for


@dataclass
class Message:
    """A message, when it came, and until when it is hidden."""

    id: str
    body: str
    group: str
    attributes: dict[str, Any]
    sent: float
    received: int = 0
    since: float = 0
    hidden: float = 0
    receipt: str = ""


@dataclass
class Queue:
    """A queue and where it sends what was received too often."""

    most: int = 0
    dead: Queue | None = None
    messages: list[Message] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)

    def in_hand(self, now: float) -> int:
        """Return how many messages somebody has in hand."""
        return sum(message.hidden > now for message in self.messages)


def refused(operation: str, code: str, text: str) -> ClientError:
    """Return an error of the service."""
    return ClientError({"Error": {"Code": code, "Message": text}}, operation)


class Sqs:
    """What a client of SQS is asked for here."""

    def __init__(self, clock: Clock, queues: dict[str, Queue], seconds: float) -> None:
        """Serve queues, each call that takes or sends in some seconds."""
        self.clock, self.queues, self.seconds = clock, queues, seconds
        self.numbers = itertools.count()

    def send_message(self, **asked: Any) -> dict[str, Any]:
        """Queue a message, once for each deduplication id in five minutes."""
        self.clock.sleep(self.seconds)
        queue, now = self.queues[asked["QueueUrl"]], self.clock.now
        name = asked["MessageDeduplicationId"]
        if now - queue.known.get(name, -REMEMBERED) >= REMEMBERED:
            queue.known[name] = now
            attributes = asked.get("MessageAttributes", {})
            group = asked["MessageGroupId"]
            number = f"message-{next(self.numbers)}"
            queue.messages.append(Message(number, asked["MessageBody"], group, attributes, now))
        return {}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        """Wait for a message of a group of which none is in hand."""
        queue, end = self.queues[asked["QueueUrl"]], self.clock.now + asked["WaitTimeSeconds"]
        assert asked["MaxNumberOfMessages"] == 1
        self.clock.sleep(self.seconds)
        while not (found := self.available(queue)) and self.clock.now < end:
            self.clock.sleep(min(0.5, end - self.clock.now))
        if not found:
            return {}
        now = self.clock.now
        found.received += 1
        found.since, found.hidden = now, now + asked["VisibilityTimeout"]
        found.receipt = f"receipt-{next(self.numbers)}"
        answer = {
            "MessageId": found.id,
            "Body": found.body,
            "ReceiptHandle": found.receipt,
            "MessageAttributes": found.attributes,
            "Attributes": {
                "ApproximateReceiveCount": str(found.received),
                "MessageGroupId": found.group,
            },
        }
        return {"Messages": [answer]}

    def available(self, queue: Queue) -> Message | None:
        """Return the first message that may be received; move those that were too often."""
        now, taken = self.clock.now, set()
        for message in list(queue.messages):
            if message.group in taken:
                continue
            if message.hidden > now:
                taken.add(message.group)
            elif queue.dead and message.received >= queue.most:
                queue.messages.remove(message)
                queue.dead.messages.append(message)
            else:
                return message
        return None

    def held(self, operation: str, asked: dict[str, Any]) -> Message:
        """Return the message of a receipt that still counts."""
        for message in self.queues[asked["QueueUrl"]].messages:
            if message.receipt == asked["ReceiptHandle"] and message.hidden > self.clock.now:
                return message
        raise refused(operation, "InvalidParameterValue", "The receipt handle has expired.")

    def change_message_visibility(self, **asked: Any) -> dict[str, Any]:
        """Hide a message for longer, or no longer."""
        message = self.held("ChangeMessageVisibility", asked)
        hidden = self.clock.now + asked["VisibilityTimeout"]
        if hidden > message.since + LONGEST:
            text = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST}]"
            raise refused("ChangeMessageVisibility", "InvalidParameterValue", text)
        message.hidden = hidden
        return {}

    def delete_message(self, **asked: Any) -> dict[str, Any]:
        """Delete a message."""
        message = self.held("DeleteMessage", asked)
        self.queues[asked["QueueUrl"]].messages.remove(message)
        return {}

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        """Count the messages that nobody has in hand, and those that somebody has."""
        queue, now = self.queues[asked["QueueUrl"]], self.clock.now
        hidden = queue.in_hand(now)
        found = {
            "ApproximateNumberOfMessages": len(queue.messages) - hidden,
            "ApproximateNumberOfMessagesNotVisible": hidden,
        }
        return {"Attributes": {name: str(found[name]) for name in asked["AttributeNames"]}}
