"""EventBridge in the emulator, whose matching follows AWS's own open-source Event Ruler."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.emulator import Emulator

ANYBODY = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}


class EventBridge:
    """What an emulator of EventBridge says."""

    def __init__(self, emulator: Emulator) -> None:
        """Connect to it."""
        self.emulator = emulator
        self.events = emulator.client("events")

    def matches(self, pattern: dict[str, Any], event: dict[str, Any]) -> bool:
        """Tell whether a rule with this pattern would see the event."""
        answer = self.events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(event)
        )
        return bool(answer["Result"])

    def transformed(self, transformer: dict[str, Any], event: dict[str, Any]) -> tuple[str, str]:
        """Send an event through a rule to a queue; return its id and what arrived."""
        queues = self.emulator.client("sqs")
        policy = {"Version": "2012-10-17", "Statement": [{**ANYBODY, "Action": "sqs:SendMessage"}]}
        queue = queues.create_queue(QueueName="arrived", Attributes={"Policy": json.dumps(policy)})
        where = {"QueueUrl": queue["QueueUrl"]}
        arn = queues.get_queue_attributes(**where, AttributeNames=["QueueArn"])
        target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
        self.events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["test"]}))
        self.events.put_targets(Rule="rule", Targets=[{**target, "InputTransformer": transformer}])
        entry = {
            "Source": "test",
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
        }
        sent = self.emulator.call("event", entry=entry)
        (message,) = queues.receive_message(**where, WaitTimeSeconds=5)["Messages"]
        queues.delete_message(**where, ReceiptHandle=message["ReceiptHandle"])
        self.events.remove_targets(Rule="rule", Ids=["queue"])
        self.events.delete_rule(Name="rule")
        queues.delete_queue(**where)
        return sent["EventId"], message["Body"]


@pytest.fixture(scope="session")
def eventbridge(emulator: Emulator) -> EventBridge:
    """Give an EventBridge that lives as long as the test session."""
    return EventBridge(emulator)
