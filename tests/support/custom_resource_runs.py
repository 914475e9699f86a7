"""Functions of custom resources, run for real: CloudFormation's event, and the answer it gets."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import threading
import traceback
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl

from support import custom_resources, shapes
from support.payload_runs import load

SECRET = "X-Amz-Signature=9f86d081884c7d65"
STACK = (
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/tool/51af3dc0-da77-11e4-872e-1234567db123"
)
PAYLOAD = Path(__file__).parents[2] / "cfngen/patterns/payload/custom_resources.py"
ROLE = "arn:aws:iam::123456789012:role/tool-ToolVersionRole-1"
# The keys of a session of that role.
KEY = "ASIATOOLVERSIONROLE1"
ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>{KEY}</AccessKeyId>
<SecretAccessKey>{"s" * 40}</SecretAccessKey><SessionToken>{"t" * 40}</SessionToken>
<Expiration>2038-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>"""
REFUSED = (
    "<ErrorResponse><Error><Code>{}</Code><Message>not for you</Message></Error></ErrorResponse>"
)


def session(handler: BaseHTTPRequestHandler, refusal: str = "", stack: str = STACK) -> None:
    """Answer what STS does when the stack's role is assumed for the stack, or its refusal."""
    length = int(handler.headers["Content-Length"])
    asked: dict[str, Any] = dict(parse_qsl(handler.rfile.read(length).decode()))
    assert asked.pop("Action") == "AssumeRole"
    assert asked.pop("Version")
    asked["DurationSeconds"] = int(asked["DurationSeconds"])
    assert shapes.problems("sts", "AssumeRole", asked) == []
    assert asked == {
        "RoleArn": ROLE,
        "RoleSessionName": "custom-resources",
        "ExternalId": stack,
        "DurationSeconds": 900,
    }
    body = (REFUSED.format(refusal) if refusal else ASSUMED).encode()
    handler.send_response(403 if refusal else 200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def by_the_role(handler: BaseHTTPRequestHandler) -> bool:
    """Tell whether a request is signed with the session of the stack's role."""
    return f"Credential={KEY}/" in handler.headers["Authorization"]


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on loopback, and give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Waiting:
    """The place of the presigned address: what was put there, and how that went."""

    url: str = ""
    puts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


@contextlib.contextmanager
def waiting_for_answers() -> Iterator[Waiting]:
    """Wait for answers, as CloudFormation does, with the troubles that the test lists first."""
    state = Waiting()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def do_PUT(self) -> None:
            """Note the answer."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == f"/bucket/key?{SECRET}"
            state.puts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            trouble = state.trouble.pop(0) if state.trouble else ""
            if trouble == "cut":
                self.close_connection = True
                return
            self.send_response(503 if trouble else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as url:
        state.url = f"{url}/bucket/key?{SECRET}"
        yield state


class Context:
    """Lambda's context, whose time runs out as the test says."""

    def __init__(self, *minutes: float) -> None:
        """Remember what is left at each look; the last is for all later ones."""
        self.minutes = list(minutes or (15,))

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left now."""
        now = self.minutes.pop(0) if len(self.minutes) > 1 else self.minutes[0]
        return int(now * 60_000)


@dataclass
class Answer:
    """What CloudFormation was told, and what was printed."""

    said: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def status(self) -> str:
        """Whether it went well."""
        return str(self.said["Status"])

    @property
    def reason(self) -> str:
        """Why it did not."""
        return str(self.said["Reason"])


class Lambda:
    """One cold start of a handler; every answer is held to CloudFormation's rules."""

    def __init__(self, kind: str, usual: Mapping[str, Any], waiting: Waiting) -> None:
        """Load the file under the name that Lambda gives inline code.

        Args:
            kind: the type of the custom resource.
            usual: its properties.
            waiting: where answers go.
        """
        self.module: Any = load(PAYLOAD)
        self.kind, self.usual, self.stacks = kind, usual, list[Any]()
        stacks, theirs = self.stacks, self.module.Stack

        class Stack(theirs):  # type: ignore[misc,valid-type]
            def __init__(self, *given: Any) -> None:
                stacks.append(self)
                super().__init__(*given)

        self.module.Stack = Stack
        assert 1 <= self.module.PAUSE_SECONDS <= 10, "AWS is asked every few seconds"
        self.module.PAUSE_SECONDS = 0
        self.waiting = waiting

    def event(self, kind: str = "Create", **properties: Any) -> dict[str, Any]:
        """Return what CloudFormation sends."""
        sent: dict[str, Any] = {
            "RequestType": kind,
            "ResponseURL": self.waiting.url,
            "StackId": STACK,
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": "Tool",
            "ResourceType": self.kind,
            "ResourceProperties": {
                "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:tool",
                "ServiceTimeout": "960",
                "Role": ROLE,
                **self.usual,
                **properties,
            },
        }
        if kind != "Create":
            sent["PhysicalResourceId"] = "as-it-was"
        return sent

    def run(self, sent: dict[str, Any], context: Context) -> tuple[str, BaseException | None]:
        """Run the handler and return what it printed, logged and raised: never the address."""
        out, log, error = io.StringIO(), io.StringIO(), None
        root, listener = logging.getLogger(), logging.StreamHandler(log)
        root.addHandler(listener)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(log):
                assert self.module.handler(sent, context) is None
        except Exception as caught:
            error = caught
        finally:
            root.removeHandler(listener)
        shown = "".join(traceback.format_exception(error)) if error else ""
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        assert SECRET not in out.getvalue() + log.getvalue() + shown
        return out.getvalue(), error

    def __call__(self, kind: str = "Create", *minutes: float, **properties: Any) -> Answer:
        """Send an event, and return the one answer that CloudFormation took."""
        sent = self.event(kind, **properties)
        before = len(self.waiting.puts)
        printed, error = self.run(sent, Context(*minutes))
        assert error is None
        (last,) = self.waiting.puts[before:]
        headers, body = last
        assert custom_resources.complaints(sent, "PUT", headers, body) == []
        said = json.loads(body)
        assert said["Status"] == ("FAILED" if said["Reason"] else "SUCCESS")
        lines = [json.loads(line) for line in printed.splitlines()]
        assert lines[-1] == said
        return Answer(said, lines)

    def close(self) -> None:
        """Give the connections back."""
        for client in (self.module.sts, *(c for s in self.stacks for c in s.clients.values())):
            client.close()
