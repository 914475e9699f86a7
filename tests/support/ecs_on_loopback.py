"""Part of ECS on loopback: three operations, with their delays, races and refusals.

What moto does not keep: client tokens and their conflicts, tasks that are still PROVISIONING,
failures to place, and answers that do not know yet what was just done. Requests and answers are
checked against the service model in botocore.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from support import run_task, shapes
from support.loopback import Loopback, reply_json

REGION = "eu-west-1"
ARN = f"arn:aws:ecs:{REGION}:123456789012"
STATUSES = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING"]
STATUSES += ["DEPROVISIONING", "STOPPED"]


class RefusalError(Exception):
    """An error of the service: its type, its message, and what else it tells."""

    def __init__(self, kind: str, message: str, **more: Any) -> None:
        """Keep them."""
        super().__init__(kind, message)
        self.said = {"__type": kind, "message": message, **more}


@dataclass
class Task:
    """A task, and when it was seen how.

    Attributes:
        request: what RunTask was asked for.
        arn: its name.
        born: how many calls ECS had answered before it.
        status: its last status.
        fetched: when it left PROVISIONING, on the monotonic clock.
        stopping: whether somebody wants it stopped.
        exit_code: what its container ended with, if it did.
    """

    request: dict[str, Any]
    arn: str
    born: int
    status: str = "PROVISIONING"
    fetched: float = float("inf")
    stopping: bool = False
    exit_code: int | None = None

    def move(self, status: str) -> None:
        """Let it come to another status."""
        if self.status == "PROVISIONING" != status:
            self.fetched = time.monotonic()
        self.status = status

    def environment(self) -> dict[str, str]:
        """Return what its container is told."""
        (container,) = self.request["overrides"]["containerOverrides"]
        return {each["name"]: each["value"] for each in container["environment"]}

    def described(self) -> dict[str, Any]:
        """Return it as ECS describes it."""
        stopped = self.stopping or self.status in STATUSES[4:]
        return {
            "taskArn": self.arn,
            "clusterArn": self.request["cluster"],
            "taskDefinitionArn": self.request["taskDefinition"],
            "startedBy": self.request.get("startedBy", ""),
            "overrides": self.request.get("overrides", {}),
            "lastStatus": self.status,
            "containers": [
                {
                    "name": "mirror",
                    **({} if self.exit_code is None else {"exitCode": self.exit_code}),
                }
            ],
            "desiredStatus": "STOPPED" if stopped else "RUNNING",
        }


@dataclass
class Ecs(Loopback):
    """A cluster and its tasks.

    Attributes:
        cluster: ARN of the one cluster.
        definition: ARN of the one task definition.
        container: the name of its container.
        tasks: those that were started, in order.
        calls: each operation that was asked for, with its input.
        denied: operations that the caller may not use.
        throttled: how many of the next calls are turned away.
        failures: what the next calls of RunTask answer instead of a task.
        lost: how many answers of RunTask get lost once the task is there.
        list_lag: for how many calls a new task is missing from ListTasks.
        describe_lag: for how many calls DescribeTasks does not know a new task.
        nameless: how many conflicts do not tell the tasks that they are about.
        provisioning: after how many calls a task leaves PROVISIONING by itself.
    """

    cluster: str = f"{ARN}:cluster/mirror"
    definition: str = f"{ARN}:task-definition/mirror:7"
    container: str = "mirror"
    tasks: list[Task] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    throttled: int = 0
    failures: list[list[dict[str, str]]] = field(default_factory=list)
    lost: int = 0
    list_lag: int = 0
    describe_lag: int = 0
    nameless: int = 0
    provisioning: float = float("inf")
    tokens: dict[str, tuple[dict[str, Any], Task]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        """Serve."""
        ecs = self

        class Handler(_Handler):
            state = ecs

        self.listen(Handler, _Server)
        return super().__enter__()

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """Return the inputs of an operation's calls."""
        return [given for name, given in self.calls if name == operation]

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation, or raise a refusal."""
        known = {"ListTasks": self._list, "DescribeTasks": self._describe, "RunTask": self._run}
        with self.lock:
            self.calls.append((operation, given))
            for task in self.tasks:
                if len(self.calls) - task.born > self.provisioning and task.fetched > 1e300:
                    task.move("PENDING")
            if operation not in known:
                raise RefusalError("UnknownOperationException", operation)
            if self.throttled:
                self.throttled -= 1
                raise RefusalError("ThrottlingException", "Rate exceeded")
            if operation in self.denied:
                raise RefusalError("AccessDeniedException", f"not authorized: {operation}")
            if problems := shapes.problems("ecs", operation, given):
                raise RefusalError("ValidationException", "; ".join(problems))
            if given.get("cluster") != self.cluster:
                raise RefusalError("ClusterNotFoundException", "Cluster not found.")
            said = known[operation](given)
            assert not shapes.answer_problems("ecs", operation, said), said
            return said

    def _list(self, given: dict[str, Any]) -> dict[str, Any]:
        if "startedBy" in given and set(given) != {"cluster", "startedBy"}:
            raise invalid("startedBy must be the only filter")
        return {
            "taskArns": [
                task.arn
                for task in reversed(self.tasks)
                if given.get("startedBy") in (None, task.request.get("startedBy"))
                and len(self.calls) - task.born > self.list_lag
                and task.described()["desiredStatus"] == "RUNNING"
            ][:100]
        }

    def _describe(self, given: dict[str, Any]) -> dict[str, Any]:
        if not 1 <= len(given["tasks"]) <= 100:
            raise invalid("Tasks cannot be empty.")
        seen = {t.arn: t for t in self.tasks if len(self.calls) - t.born > self.describe_lag}
        missing = [arn for arn in given["tasks"] if arn not in seen]
        return {
            "tasks": [seen[arn].described() for arn in given["tasks"] if arn in seen],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in missing],
        }

    def _judge(self, given: dict[str, Any]) -> None:
        known = given.get("taskDefinition") == self.definition
        definition = {
            "containerDefinitions": [{"name": self.container}],
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "1024",
            "memory": "2048",
        }
        cluster = {"capacityProviders": list(run_task.FARGATE)}
        try:
            run_task.check(given, run_task.Around(cluster, definition if known else None))
        except run_task.RunTaskError as refusal:
            raise RefusalError(*refusal.args) from None

    def _run(self, given: dict[str, Any]) -> dict[str, Any]:
        self._judge(given)
        request = {key: value for key, value in given.items() if key != "clientToken"}
        token = given["clientToken"]
        if token in self.tokens:
            earlier, task = self.tokens[token]
            if earlier != request:
                self.nameless -= 1
                known = [] if self.nameless >= 0 else [task.arn]
                raise RefusalError("ConflictException", "token in use", resourceIds=known)
            return {"tasks": [task.described()], "failures": []}
        if self.failures:
            return {"tasks": [], "failures": self.failures.pop(0)}
        task = Task(request, f"{ARN}:task/mirror/{uuid.uuid4().hex}", len(self.calls))
        self.tasks.append(task)
        self.tokens[token] = request, task
        if self.lost:
            self.lost -= 1
            raise RefusalError("ServerException", "lost")
        return {"tasks": [task.described()], "failures": []}


def invalid(message: str) -> RefusalError:
    """Return the refusal of a request that makes no sense."""
    return RefusalError("InvalidParameterException", message)


class _Server(ThreadingHTTPServer):
    """Takes many callers at once."""

    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    """Speaks the JSON protocol."""

    state: Ecs
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer an operation."""
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, said = 200, self.state.answer(operation, given)
        except RefusalError as refusal:
            said = refusal.said
            status = 500 if said["__type"] == "ServerException" else 400
        reply_json(self, status, said)
