"""The branch builder in virtual time: its function and its workers as they ship, AWS imitated.

What takes time is measured or documented: see `Times`. Everything else is the programs' own.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from support.branches import BLUEPRINT, FUNCTIONS, PAYLOAD, REGION, variables_of
from support.cloudformation import resolved
from support.fifo_queues import Queue, Sqs, refused
from support.payload_runs import load
from support.virtual_time import Clock

from cfngen import synthesize
from cfngen.testing import of_type

DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/builder-worker:1"


@dataclass(frozen=True)
class Times:
    """Seconds that things take.

    Attributes:
        call: a call of an AWS service.
        git: a request of git's to CodeCommit, of which there are two for a fetch.
        upload: of a bundle.
        cpu: of a worker's processor, for one push: 0.26 were measured for one that was built from
            a repository on the same machine, with all that git, Python and boto3 do.
        provision: from RunTask to the program's first line.
        told: from the end of a task to its event.
    """

    call: float = 0.1
    git: float = 0.7
    upload: float = 0.5
    cpu: float = 0.3
    provision: float = 45
    told: float = 5


@dataclass
class World:
    """An account with the stack in it.

    Attributes:
        clock: the time.
        room: how many builds CodeBuild takes at a time, those that wait included.
        minutes: how long a build takes.
        tasks: how many tasks Fargate has room for.
        builds: what was started, in order: when, repository, branch, commit.
        lines: what workers logged.
    """

    clock: Clock
    body: dict[str, Any]
    times: Times = Times()
    room: Callable[[float], float] = lambda _: float("inf")
    minutes: float = 5
    tasks: Callable[[float], float] = lambda _: float("inf")
    patch: Callable[[Any], None] = lambda _: None
    builds: list[tuple[float, str, str, str]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    workers: list[dict[str, Any]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    tokens: dict[str, tuple[float, Any]] = field(default_factory=dict)
    launched: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    number: int = 0
    deaths: int = 0

    def __post_init__(self) -> None:
        """Make the queues, as the template has them."""
        redrive = of_type(self.body, "AWS::SQS::Queue")["Pushes"]["RedrivePolicy"]
        self.given_up = Queue()
        self.pushes = Queue(most=redrive["maxReceiveCount"], dead=self.given_up)
        queues = {"pushes": self.pushes, "given-up": self.given_up}
        self.sqs = Sqs(self.clock, queues, self.times.call / 5)

    # --- the account ---

    def client(self, name: str, **_: Any) -> Any:
        """Return a client of a service."""
        return self.sqs if name == "sqs" else self

    exceptions = types.SimpleNamespace(ClientError=ClientError)

    def list_tasks(self, **_: Any) -> dict[str, Any]:
        """Name the workers that are there."""
        self.clock.sleep(self.times.call)
        return {"taskArns": [worker["arn"] for worker in self.workers]}

    def run_task(self, **asked: Any) -> dict[str, Any]:
        """Start a worker, once for each token, if there is room."""
        self.clock.sleep(self.times.call)
        token = asked["clientToken"]
        if token not in self.launched:
            if len(self.workers) >= self.tasks(self.clock.now):
                text = "You've reached the limit on the number of vCPUs you can run concurrently"
                return {"tasks": [], "failures": [{"reason": text}]}
            worker = {"arn": f"arn:{len(self.launched)}", "busy": 0.0}
            self.launched[token] = worker
            self.workers.append(worker)
            self.clock.spawn(lambda: self.work(worker), worker, self.times.provision)
        return {"tasks": [{"taskArn": self.launched[token]["arn"]}], "failures": []}

    def upload_file(self, *_: Any, **__: Any) -> None:
        """Upload a bundle."""
        self.clock.sleep(self.times.upload)

    def start_build(self, **asked: Any) -> dict[str, Any]:
        """Start a build if there is room, once for each token in five minutes."""
        self.clock.sleep(self.times.call)
        now, token = self.clock.now, asked["idempotencyToken"]
        known = self.tokens.get(token)
        if known and now - known[0] < 300:
            assert known[1] == asked
            return {"build": {"id": token}}
        self.ends = [end for end in self.ends if end > now]
        if len(self.ends) >= self.room(now):
            text = "Cannot have more than 1 builds in queue for the account"
            raise refused("StartBuild", "AccountLimitExceededException", text)
        self.tokens[token] = now, asked
        self.ends.append(now + self.minutes * 60)
        told = {each["name"]: each["value"] for each in asked["environmentVariablesOverride"]}
        names = ("REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID")
        self.builds.append((now, *(told[name] for name in names)))
        return {"build": {"id": token}}

    def git(self, *arguments: str, url: str = "") -> str:
        """Take as long as git does."""
        if url:
            self.clock.sleep(self.times.git * (2 if "fetch" in arguments else 1))
        if "archive" in arguments:  # stands for the processor's time of all of it
            worker = self.clock.owner
            worker["busy"] = max(worker["busy"], self.clock.now) + self.times.cpu
            self.clock.sleep(worker["busy"] - self.clock.now)
        return ""

    # --- the programs ---

    def work(self, worker: dict[str, Any]) -> None:
        """Run a worker to its end."""
        module = self.program()
        module.main()
        self.workers.remove(worker)

    def program(self) -> Any:
        """Load the worker's program, with what stands for time and AWS."""
        spec = importlib.util.spec_from_file_location("worker", PAYLOAD / "build_branches.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        clock = self.clock
        owner = clock.owner

        class Thread:
            def __init__(self, target: Any, args: Any = (), **_: Any) -> None:
                self.target, self.args = target, args

            def start(self) -> None:
                clock.spawn(lambda: self.target(*self.args), owner)

        ours: Any = module
        ours.time = types.SimpleNamespace(sleep=clock.sleep, monotonic=lambda: clock.now)
        ours.Thread = Thread
        ours.signal = types.SimpleNamespace(signal=lambda *_: None, SIGTERM=15)
        ours.git = self.git
        ours.log = self.log
        self.patch(ours)
        return ours

    def log(self, event: str, **facts: Any) -> None:
        """Keep a line of a worker's log."""
        self.lines.append({"at": self.clock.now, "event": event, **facts})

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of a kind."""
        return [line for line in self.lines if line["event"] == event]

    def call(self, event: dict[str, Any]) -> None:
        """Call the function, as Lambda does: three times if it fails; then the event is lost."""
        for wait in (60, 120, None):
            try:
                self.starter.handler(event, None)
            except Exception as why:
                if wait is None:
                    self.lost.append(str(why))
                else:
                    self.clock.sleep(wait)
            else:
                return

    # --- what happens ---

    def push(self, repository: str, branch: str = "main") -> str:
        """Tell of a push; return its commit."""
        self.number += 1
        commit = f"{self.number:040x}"
        detail = {"repositoryName": repository, "referenceName": branch, "commitId": commit}
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, commit))
        event = {"source": "aws.codecommit", "id": name, "detail": detail}
        self.clock.spawn(lambda: self.call(event))
        return commit

    def die(self, worker: dict[str, Any]) -> None:
        """Kill a worker; ECS's event of its end calls the function, some seconds later."""
        self.clock.kill(worker)
        self.workers.remove(worker)
        self.deaths += 1
        self.clock.spawn(lambda: self.call({"source": "aws.ecs"}), after=self.times.told)

    def schedule(self, minutes: float = 5) -> None:
        """Let the schedule look every few minutes."""

        def tick() -> None:
            while True:
                self.clock.sleep(minutes * 60)
                self.call({"source": "aws.events"})

        self.clock.spawn(tick)

    def built(self) -> dict[tuple[str, str], list[str]]:
        """Return the commits of each branch, in the order in which their builds started."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for _, repository, branch, commit in self.builds:
            if commit not in found[repository, branch]:
                found[repository, branch].append(commit)
        return dict(found)


@contextmanager
def simulated(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[World]:
    """Give a world whose programs are loaded with what the template tells them."""
    body = synthesize(BLUEPRINT).document.body
    world = World(Clock(), body, **settings)
    known = {"AWS::Region": REGION, "Pushes": "pushes", "GivenUp": "given-up"}
    known |= {"Bundles": "bundles", "Outputs": "outputs", "Builds": "Builds"}
    for one in variables_of(body):
        monkeypatch.setenv(one["Name"], resolved(one["Value"], known, body))
    function = of_type(body, "AWS::Lambda::Function")["Starter"]["Environment"]["Variables"]
    most = function["WORKERS"]
    monkeypatch.setenv("WORKERS", most)
    monkeypatch.setenv("TASK", json.dumps({"cluster": "cluster", "taskDefinition": DEFINITION}))
    monkeypatch.setattr(boto3, "client", world.client)
    monkeypatch.syspath_prepend(str(PAYLOAD))
    names = ("messages", "source", "supersede")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    world.starter = load(FUNCTIONS / "start_worker.py")  # type: ignore[attr-defined]
    world.starter.time = types.SimpleNamespace(time=lambda: world.clock.now)  # type: ignore[attr-defined]
    world.starter.say = lambda outcome, **facts: {"outcome": outcome, **facts}  # type: ignore[attr-defined]
    import messages
    import source

    monkeypatch.setattr(source, "git", world.git)
    monkeypatch.setattr(messages, "log", world.log)
    try:
        yield world
    finally:
        world.clock.end()
        for name in names:
            sys.modules.pop(name, None)
