"""SQS, S3 and CodeBuild on loopback: moto, with what it does not keep of builds laid over it.

Requests go on to moto as they are. Of CodeBuild it loses what a request overrides, idempotency
tokens, and that builds take time; those are kept here, and asked for as the service model in
botocore says.
"""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import urlsplit

from support import shapes
from support.loopback import Loopback, reply_json
from support.receipts import Receipts
from support.start_build import StartBuildError, Tokens


def create_project(client: Any, name: str, **source: str) -> None:
    """Make a project in moto, which asks for a location where CodeBuild does not."""
    client.create_project(
        name=name,
        source={"type": "NO_SOURCE", "location": "somewhere", **source},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:4.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::123456789012:role/build",
    )


@dataclass
class Hold:
    """Makes an operation wait: `reached` is set when it is asked for, and `go` lets it on.

    With `lost`, it goes on to nowhere.
    """

    lost: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@dataclass
class Services(Loopback):
    """The services in front of moto.

    Attributes:
        moto: moto's address.
        calls: each operation that was asked for, with its input if it is JSON.
        refused: an error for each operation that is refused, as a code; `S3.PUT` is one, too.
        throttled: for how many of its next calls an operation is turned away.
        lag: for how many calls of an operation a new build is missing from what it answers.
        full: how many of the next builds CodeBuild has no room for.
        full_projects: projects that have no room for builds.
        page: how many builds ListBuildsForProject names at once, 100 on AWS.
        holds: operations that wait.
        ended: the status of each build that has ended.
    """

    moto: str
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    throttled: dict[str, int] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    full: int = 0
    full_projects: set[str] = field(default_factory=set)
    page: int = 100
    holds: dict[str, Hold] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: dict[tuple[str, str], int] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    receipts: Receipts = field(default_factory=Receipts)
    one_at_a_time: Any = field(default_factory=threading.Lock)  # a token is looked up and kept

    def __enter__(self) -> Self:
        """Serve."""
        services = self

        class Ours(Handler):
            state = services

        self.listen(Ours)
        return super().__enter__()

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """Return the inputs of an operation's calls."""
        return [given for name, given in self.calls if name == operation]

    def builds(self) -> list[dict[str, Any]]:
        """Return the requests of the builds that were started, in order."""
        return list(self.started.values())

    def knows(self, operation: str, build: str) -> bool:
        """Tell whether an operation knows a build by now."""
        left = self.unknown.get((operation, build), 0)
        self.unknown[operation, build] = max(0, left - 1)
        return not left

    def variables(self) -> list[dict[str, str]]:
        """Return what each of them was told."""
        return [told(request) for request in self.builds()]


def told(request: dict[str, Any]) -> dict[str, str]:
    """Return the environment variables that a build was started with."""
    return {v["name"]: v["value"] for v in request["environmentVariablesOverride"]}


class Handler(BaseHTTPRequestHandler):
    """Hands requests on."""

    state: Services
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def handle_any(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service, _, name = self.headers.get("X-Amz-Target", f"S3.{self.command}").partition(".")
        operation = name if service != "S3" else f"S3.{name}"
        asked = json.loads(body) if service != "S3" else {"path": self.path}
        self.state.calls.append((operation, asked))
        if self.is_lost(operation):
            self.close_connection = True
            return
        if refusal := self.refusal(service, operation, asked):
            self.refuse(service, *refusal)
            return
        status, headers, answer = self.granted(service, operation, asked, body)
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(key, value)
        length = dict(headers).get("Content-Length") if self.command == "HEAD" else len(answer)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(answer)

    def is_lost(self, operation: str) -> bool:
        """Let a request wait if it has to, and tell whether it goes nowhere then."""
        hold = self.state.holds.get(operation)
        if hold:
            hold.reached.set()
            hold.go.wait(30)
        return bool(hold and hold.lost)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815 - as it must be

    def refusal(
        self, service: str, operation: str, asked: dict[str, Any]
    ) -> tuple[str, str] | None:
        """Return code and message of a request that is refused."""
        if operation == "StartBuild" and asked["projectName"] in self.state.full_projects:
            return "AccountLimitExceededException", "refused"
        if operation == "StartBuild" and self.state.full:
            self.state.full -= 1
            return "AccountLimitExceededException", "refused"
        if self.state.throttled.get(operation):
            self.state.throttled[operation] -= 1
            return "ThrottlingException", "Rate exceeded"
        if code := self.state.refused.get(operation):
            return code, "refused"
        if service != "S3" and (
            wrong := shapes.refusal(shapes.prefixes()[service], operation, asked)
        ):
            return wrong
        if service == "AmazonSQS" and (why := self.state.receipts.refusal(operation, asked)):
            return "InvalidParameterValue", why
        return None

    def granted(
        self, service: str, operation: str, asked: dict[str, Any], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return moto's answer, with what it has lost."""
        if not service.startswith("CodeBuild"):
            status, headers, answer = self.forward(body)
            if service == "AmazonSQS" and status == 200:
                usual = self.visibility(asked) if operation == "ReceiveMessage" else 0
                self.state.receipts.note(operation, asked, json.loads(answer or b"{}"), usual)
            return status, headers, answer
        kind = [("Content-Type", "application/x-amz-json-1.1")]
        with self.state.one_at_a_time:
            try:
                known = self.state.tokens.build("", asked) if operation == "StartBuild" else ""
            except StartBuildError as refusal:
                code, message = refusal.args
                return 400, kind, json.dumps({"__type": code, "message": message}).encode()
            if known:
                return 200, kind, json.dumps({"build": {"id": known}}).encode()
            status, headers, answer = self.forward(body)
            if status == 200:
                answer = json.dumps(self.overlaid(operation, asked, json.loads(answer))).encode()
        return status, headers, answer

    def refuse(self, service: str, code: str, message: str = "refused") -> None:
        """Answer with an error, as the service's protocol has it."""
        if service != "S3":
            reply_json(self, 400, {"__type": code, "message": message})
            return
        error = f"<Error><Code>{code}</Code><Message>refused</Message></Error>".encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(error)))
        self.end_headers()
        self.wfile.write(error)

    def visibility(self, asked: dict[str, Any]) -> int:
        """Return for how many seconds a queue hides what was received from it."""
        if "VisibilityTimeout" in asked:
            return int(asked["VisibilityTimeout"])
        body = {"QueueUrl": asked["QueueUrl"], "AttributeNames": ["VisibilityTimeout"]}
        target = {"X-Amz-Target": "AmazonSQS.GetQueueAttributes"}
        _, _, answer = self.forward(json.dumps(body).encode(), target)
        return int(json.loads(answer)["Attributes"]["VisibilityTimeout"])

    def forward(
        self, body: bytes, changes: dict[str, str] | None = None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Have moto answer, perhaps with other headers."""
        connection = http.client.HTTPConnection(urlsplit(self.state.moto).netloc, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "content-length"}
        try:
            connection.request(self.command, self.path, body, {**headers, **(changes or {})})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def overlaid(
        self, operation: str, asked: dict[str, Any], answer: dict[str, Any]
    ) -> dict[str, Any]:
        """Return moto's answer with what it has lost."""
        state = self.state
        if operation == "StartBuild":
            number = answer["build"]["id"]
            state.started[number] = asked
            state.tokens.keep("", asked, number)
            state.unknown |= {(name, number): calls for name, calls in state.lag.items()}
        elif operation == "StopBuild":
            state.ended[asked["id"]] = "STOPPED"
        elif operation == "ListBuildsForProject":
            newest_first = asked.get("sortOrder") == "DESCENDING"
            there = [n for n in state.started if n in answer["ids"]]
            answer["ids"] = [n for n in there if state.knows(operation, n)]
            answer["ids"] = answer["ids"][:: -1 if newest_first else 1]
            first = int(asked.get("nextToken", 0))
            answer.pop("nextToken", None)
            if first + state.page < len(answer["ids"]):
                answer["nextToken"] = str(first + state.page)
            answer["ids"] = answer["ids"][first : first + state.page]
        elif operation == "BatchGetBuilds":
            known = {
                build["id"] for build in answer["builds"] if state.knows(operation, build["id"])
            }
            answer["buildsNotFound"] = [n for n in asked["ids"] if n not in known]
            answer["builds"] = [build for build in answer["builds"] if build["id"] in known]
            for build in answer["builds"]:
                build["buildStatus"] = state.ended.get(build["id"], "IN_PROGRESS")
                if build["buildStatus"] == "IN_PROGRESS":  # and waits for a machine
                    build["currentPhase"] = "QUEUED"
                    build["phases"] = [{"phaseType": "SUBMITTED"}, {"phaseType": "QUEUED"}]
                variables = state.started[build["id"]]["environmentVariablesOverride"]
                build["environment"]["environmentVariables"] = variables
        return answer
