"""EventBridge on loopback: ministack, whose matching follows AWS's own open-source Event Ruler.

It asks for a botocore of its own, so it lives in an environment of its own, inside the project's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from support.moto_server import free_port, stop

# Not the resolved path: the interpreter in an environment is a link out of it.
PYTHON = Path(sys.prefix, "ministack", "bin", "python")
PATIENCE_SECONDS = 30.0


class EventBridge:
    """What an emulator of EventBridge says."""

    def __init__(self, url: str) -> None:
        """Connect to it."""
        self.session = boto3.session.Session("testing", "testing", region_name="us-east-2")
        self.url = url
        self.events = self.session.client("events", endpoint_url=url)

    def matches(self, pattern: dict[str, Any], event: dict[str, Any]) -> bool:
        """Tell whether a rule with this pattern would see the event."""
        answer = self.events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(event)
        )
        return bool(answer["Result"])

    def transformed(self, transformer: dict[str, Any], event: dict[str, Any]) -> tuple[str, str]:
        """Send an event through a rule to a queue; return its id and what arrived.

        Nobody may send events in the name of AWS's services, so it is sent in another.
        """
        queues = self.session.client("sqs", endpoint_url=self.url)
        queue = queues.create_queue(QueueName="arrived")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
        self.events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["test"]}))
        self.events.put_targets(Rule="rule", Targets=[{**target, "InputTransformer": transformer}])
        entry = {
            "Source": "test",
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
        }
        (sent,) = self.events.put_events(Entries=[entry])["Entries"]
        (message,) = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
        queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return sent["EventId"], message["Body"]


@pytest.fixture(scope="session")
def eventbridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventBridge]:
    """Give an EventBridge that lives as long as the test session."""
    if not PYTHON.exists():
        pytest.skip("no emulator here (`make test` installs it): no event pattern is tested")
    folder = tmp_path_factory.mktemp("ministack")
    port = free_port()
    surroundings = {
        **{k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
    }
    with (folder / "log").open("wb") as output:
        server = subprocess.Popen(
            [PYTHON, "-m", "ministack"],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield connected(server, port, folder / "log")
    finally:
        stop(server)


def connected(server: subprocess.Popen[bytes], port: int, log: Path) -> EventBridge:
    """Return the server's EventBridge once it answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        found = EventBridge(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            found.events.list_rules()
        except Exception:
            time.sleep(0.05)
            continue
        return found
    raise RuntimeError(f"ministack did not start; it said:\n{log.read_text()[-2000:]}")
