"""Queues, functions and Fargate in virtual time: what becomes of many events at once.

The functions are the real ones, with boto3's own clients, whose requests are answered here instead
of by AWS. What AWS does, by its documentation: messages come in batches, at least once, again after
their visibility timeout, and end in the dead-letter queue; RunTask is refused over the quota and
turned away over its rate; ListTasks lags; a client token is one task.

Sources: AWS pages "Using Lambda with Amazon SQS", "Amazon ECS service quotas", "Request throttling
for the Amazon ECS API" and "Ensuring idempotency in Amazon ECS API requests".
"""

from __future__ import annotations

import heapq
import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from support import shapes

ACCOUNT = "123456789012"
CLUSTER = f"arn:aws:ecs:us-east-2:{ACCOUNT}:cluster/mirror"
DEFINITION = f"arn:aws:ecs:us-east-2:{ACCOUNT}:task-definition/mirror-mirror:1"
QUEUE = f"https://sqs.us-east-2.amazonaws.com/{ACCOUNT}/Waiting"
LOST = f"https://sqs.us-east-2.amazonaws.com/{ACCOUNT}/Lost"
START = 1_800_000_123.0
DAY = 86_400


class RefusalError(Exception):
    """An error that a service answers: its type, its message, and what else it tells."""


class Raw(io.BytesIO):
    """A body, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield it."""
        yield self.read()


@dataclass
class Clock:
    """Virtual time, and what happens when."""

    now: float = START
    plans: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def time(self) -> float:
        """Return the time, as a payload asks for it."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass for a payload alone: whatever is planned happens afterwards."""
        self.now += seconds

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Plan something."""
        heapq.heappush(self.plans, (self.now + seconds, next(self.numbers), action))

    def run(self, seconds: float) -> None:
        """Let everything happen that is planned within a time."""
        end = self.now + seconds
        while self.plans and self.plans[0][0] <= end:
            at, _, action = heapq.heappop(self.plans)
            self.now = max(self.now, at)
            action()
        self.now = max(self.now, end)


@dataclass
class Task:
    """A task: what it was started for, and when it was in which state."""

    arn: str
    request: dict[str, Any]
    born: float
    provisioned: float
    stopped: float
    status: int | None = 0

    def state(self, now: float) -> str:
        """Return its last status."""
        if now >= self.stopped:
            return "STOPPED"
        return "PROVISIONING" if now < self.provisioned else "RUNNING"

    @property
    def told(self) -> dict[str, str]:
        """What its container is told."""
        (container,) = self.request["overrides"]["containerOverrides"]
        return {each["name"]: each["value"] for each in container["environment"]}

    def described(self, now: float) -> dict[str, Any]:
        """Return it as ECS describes it."""
        state = self.state(now)
        return {
            "taskArn": self.arn,
            "clusterArn": CLUSTER,
            "lastStatus": state,
            "desiredStatus": "STOPPED" if state == "STOPPED" else "RUNNING",
            "startedBy": self.request.get("startedBy", ""),
            "overrides": self.request["overrides"],
            "containers": [{"name": "mirror", "exitCode": self.status or 0}],
        }


@dataclass
class Fargate:
    """ECS with a quota of tasks, a rate of RunTask, and an answer that is a bit behind.

    Attributes:
        clock: the time.
        quota: how many tasks of one vCPU may be there at once.
        seconds: how long a task runs.
        lag: seconds until ListTasks knows a new task.
        rate: calls of RunTask a second.
        dies: returns the exit status of a task, or none if it says none.
        ended: what is called at a task's end.
    """

    clock: Clock
    quota: int = 6
    seconds: float = 75
    lag: float = 3
    rate: int = 20
    dies: Callable[[Task], int | None] = lambda _: 0
    ended: Callable[[Task], None] = lambda _: None
    tasks: list[Task] = field(default_factory=list)
    tokens: dict[str, Task] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    refusals: int = 0

    def alive(self) -> list[Task]:
        """Return the tasks that take room."""
        return [task for task in self.tasks if self.clock.now < task.stopped]

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation."""
        self.calls.append(operation)
        assert given["cluster"] == CLUSTER
        answers = {"ListTasks": self._list, "DescribeTasks": self._describe, "RunTask": self._run}
        return answers[operation](given)

    def _list(self, given: dict[str, Any]) -> dict[str, Any]:
        found = [
            task.arn
            for task in self.alive()
            if self.clock.now - task.born >= self.lag
            and given.get("startedBy") in (None, task.request.get("startedBy"))
        ]
        page = int(given.get("nextToken", 0))
        more = {"nextToken": str(page + 100)} if found[page + 100 :] else {}
        return {"taskArns": found[page : page + 100], **more}

    def _describe(self, given: dict[str, Any]) -> dict[str, Any]:
        assert 1 <= len(given["tasks"]) <= 100
        wanted = set(given["tasks"])
        return {"tasks": [t.described(self.clock.now) for t in self.tasks if t.arn in wanted]}

    def _run(self, given: dict[str, Any]) -> dict[str, Any]:
        now, token = self.clock.now, given["clientToken"]
        self.times = [*[at for at in self.times if now - at < 1], now]
        if len(self.times) > self.rate:
            raise RefusalError("ThrottlingException", "Rate exceeded")
        request = {name: value for name, value in given.items() if name != "clientToken"}
        if token in self.tokens:
            task = self.tokens[token]
            if task.request != request:
                raise RefusalError("ConflictException", "in use", {"resourceIds": [task.arn]})
            return {"tasks": [task.described(now)], "failures": []}
        if len(self.alive()) >= self.quota:
            self.refusals += 1
            limit = "You've reached the limit on the number of vCPUs you can run concurrently"
            if self.refusals % 2:  # documented as an error, and seen as a failure
                raise RefusalError("ClientException", limit)
            return {"tasks": [], "failures": [{"reason": limit}]}
        arn = f"arn:aws:ecs:us-east-2:{ACCOUNT}:task/mirror/{len(self.tasks):032x}"
        task = Task(arn, request, now, now + 15, now + self.seconds)
        task.status = self.dies(task)
        self.tasks.append(task)
        self.tokens[token] = task
        self.clock.after(self.seconds, lambda: self.ended(task))
        return {"tasks": [task.described(now)], "failures": []}


@dataclass
class Message:
    """A message, when it is seen again, and how often it was."""

    body: str
    sent: float
    number: int
    visible: float
    receives: int = 0
    handle: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sqs:
    """Two queues; what is received over a thousand times, or gets old, leaves the first."""

    clock: Clock
    visibility: float = 740
    receives: int = 1000
    retention: float = 14 * DAY
    waiting: dict[int, Message] = field(default_factory=dict)
    lost: list[Message] = field(default_factory=list)
    expired: list[Message] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def put(self, body: Any, url: str = QUEUE, **attributes: Any) -> None:
        """Send a message."""
        number = next(self.numbers)
        text = body if isinstance(body, str) else json.dumps(body)
        message = Message(text, self.clock.now, number, self.clock.now, attributes=attributes)
        if url == LOST:
            self.lost.append(message)
        else:
            self.waiting[number] = message

    def take(self, most: int) -> list[Message]:
        """Receive messages, as Lambda's pollers do."""
        now, taken = self.clock.now, []
        for message in list(self.waiting.values()):
            if now - message.sent > self.retention:
                self.expired.append(self.waiting.pop(message.number))
            elif message.visible <= now and len(taken) < most:
                if message.receives >= self.receives:
                    self.lost.append(self.waiting.pop(message.number))
                    continue
                message.receives += 1
                message.visible = now + self.visibility
                message.handle = f"{message.number} {message.receives}"
                taken.append(message)
        return taken

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation."""
        if operation == "SendMessage":
            self.put(given["MessageBody"], given["QueueUrl"], **given.get("MessageAttributes", {}))
            return {"MessageId": "m"}
        assert len(given["Entries"]) <= 10
        for entry in given["Entries"]:
            if operation == "SendMessageBatch":
                self.put(entry["MessageBody"], given["QueueUrl"])
                continue
            assert operation == "ChangeMessageVisibilityBatch"
            number, receives = map(int, entry["ReceiptHandle"].split())
            message = self.waiting.get(number)
            if message and message.receives == receives:
                message.visible = self.clock.now + entry["VisibilityTimeout"]
        return {"Successful": [{"Id": entry["Id"]} for entry in given["Entries"]], "Failed": []}


@dataclass
class Polling:
    """Five pollers that gather batches, and as many calls of the function at once as it may have.

    Each gathers for itself: the messages of one repository are spread over several batches.
    """

    clock: Clock
    sqs: Sqs
    handler: Callable[[Any, Any], Any]
    batch: int = 100
    window: float = 20
    concurrency: int = 2
    gathered: list[tuple[float, list[Message]]] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    calls: int = 0

    def step(self) -> None:
        """Gather for a second, and call the function for what is gathered."""
        now = self.clock.now
        self.gathered = self.gathered or [(0.0, []) for _ in range(5)]
        for number, (since, batch) in enumerate(self.gathered):
            taken = self.sqs.take(min(10, self.batch - len(batch)))
            self.gathered[number] = (since if batch else now, batch + taken)
        self.busy = [end for end in self.busy if end > now]
        for number, (since, batch) in enumerate(self.gathered):
            due = batch and (now - since >= self.window or len(batch) >= self.batch)
            if due and len(self.busy) < self.concurrency:
                self.gathered[number] = (now, [])
                self.call(batch)

    def call(self, batch: list[Message]) -> None:
        """Call the function; what it does not name as failed is deleted."""
        now, self.calls = self.clock.now, self.calls + 1
        records = [
            {
                "messageId": str(message.number),
                "receiptHandle": message.handle,
                "body": message.body,
                "eventSource": "aws:sqs",
                "attributes": {
                    "ApproximateReceiveCount": str(message.receives),
                    "SentTimestamp": str(int(message.sent * 1000)),
                },
            }
            for message in batch
        ]
        answer = self.handler({"Records": records}, Context())
        self.busy.append(self.clock.now + 1)
        self.clock.now = now  # what is planned does not wait for the function
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        done = [message for message in batch if str(message.number) not in failed]
        for message in done:
            known = self.sqs.waiting.get(message.number)
            if known and known.handle == message.handle:
                del self.sqs.waiting[message.number]


class Context:
    """What Lambda tells a function of the call."""

    def get_remaining_time_in_millis(self) -> int:
        """Return that there is time."""
        return 100_000


def plug(client: Any, service: Any, clock: Clock) -> None:
    """Let a service of here answer a client of boto3."""
    model = client.meta.service_model

    def answered(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        given = json.loads(request.body)
        assert shapes.problems(model.service_name, operation, given) == []
        try:
            status, said = 200, service.answer(operation, given)
        except RefusalError as refusal:
            kind, message, *more = refusal.args
            status = 400
            said = {"__type": kind, "message": message, **(more[0] if more else {})}
        clock.now += 0.02  # what a call takes
        return AWSResponse(request.url, status, {}, Raw(json.dumps(said).encode()))

    client.meta.events.register("before-send", answered)
