"""The function of custom resources has images built: its own file, real boto3, AWS on loopback."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from unittest.mock import ANY

import boto3
import pytest
from support import custom_resources, shapes
from support.codebuild import create_project
from support.custom_resource_runs import (
    PAYLOAD,
    SECRET,
    STACK,
    Context,
    Lambda,
    Waiting,
    by_the_role,
    serving,
    session,
    waiting_for_answers,
)
from support.loopback import reply_json

TAG = "0123456789ab-7"
FILES = {"Dockerfile": "FROM x\nCOPY *.py /\n", "run.py": 'print("${1:-`id`} 日本語")\n'}
USUAL = {
    "Project": "tool",
    "Repository": "tool",
    "Tag": TAG,
    "Bucket": "tool",
    "Key": f"{TAG}.zip",
    "Files": FILES,
    "Archives": [],
    "Quota": "Concurrently running builds for ARM/Small environment (L-5ED1D25B)",
}
FULL, NO_ROOM = "AccountLimitExceededException", "Cannot have more than 0 builds in queue"
ADVICE = (
    "the account's quota of CodeBuild is too low or used up: Concurrently running builds for"
    " ARM/Small environment (L-5ED1D25B). Request an increase in Service Quotas"
)
EARLY = ["QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"]


# --- CloudFormation, as far as the handler sees it ------------------------------------------------


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    """Wait for an answer, as CloudFormation does, with the troubles that the test lists first."""
    with waiting_for_answers() as waiting:
        yield waiting


@pytest.fixture
def cold(aws: str, waiting: Waiting) -> Iterator[Callable[[], Lambda]]:
    """Start the handler afresh, in an environment where every AWS client is on loopback."""
    assert aws.startswith("http://127.0.0.1:")
    with contextlib.ExitStack() as started:

        def start() -> Lambda:
            return started.enter_context(
                contextlib.closing(Lambda("Custom::Image", USUAL, waiting))
            )

        yield start


# --- against moto ---------------------------------------------------------------------------------


@dataclass
class Account:
    """A repository, a bucket and a project in moto, whose builds all succeed."""

    ecr: Any
    codebuild: Any
    s3: Any
    name: str

    @property
    def own(self) -> dict[str, str]:
        """The properties that name them."""
        return {"Project": self.name, "Repository": self.name, "Bucket": self.name}

    def objects(self) -> list[str]:
        """Return the keys of what is in the bucket."""
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [one["Key"] for one in listed]

    def push(self, tag: str) -> None:
        """Push an image."""
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 1}
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {**layer, "digest": f"sha256:{'0' * 64}"},
            "layers": [{**layer, "digest": f"sha256:{'1' * 64}"}],
        }
        self.ecr.put_image(
            repositoryName=self.name, imageManifest=json.dumps(manifest), imageTag=tag
        )

    def builds(self) -> int:
        """Return how many builds were started."""
        return len(self.codebuild.list_builds_for_project(projectName=self.name)["ids"])


@pytest.fixture
def account(moto_server: str) -> Iterator[Account]:
    """Make a repository and a project of this test's own."""
    operator = boto3.session.Session("operator", "operator", region_name="eu-west-1")
    name = f"tool-{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(
                contextlib.closing(operator.client(service, endpoint_url=moto_server))
            )
            for service in ("ecr", "codebuild", "s3")
        ]
        made = Account(*clients, name)
        made.ecr.create_repository(repositoryName=name)
        made.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        create_project(made.codebuild, name)
        yield made


def test_a_new_image_is_built(cold: Callable[[], Lambda], account: Account) -> None:
    """Where the tag is missing, one build runs, and its success is the answer."""
    answer = cold()(**account.own)
    assert answer.status == "SUCCESS"
    assert answer.said["Data"] == {"Tag": TAG}
    assert account.builds() == 1
    assert account.objects() == [], "or the bucket could not be deleted with the stack"


def put_by(function: Lambda, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the list of what the function will put into buckets."""
    stack, put = function.module.Stack, list[bytes]()
    call = stack.call

    def seen(self: Any, service: str, operation: str, **request: Any) -> Any:
        put.extend([request["Body"]] if operation == "put_object" else [])
        return call(self, service, operation, **request)

    monkeypatch.setattr(stack, "call", seen)
    return put


def test_a_build_finds_the_files_as_they_are(
    cold: Callable[[], Lambda], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive has each file byte for byte, and readable for the image's own user."""
    function = cold()
    archives = put_by(function, monkeypatch)
    assert function(**account.own).status == "SUCCESS"
    (archive,) = archives
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        assert {one: source.read(one).decode() for one in source.namelist()} == FILES
        assert {entry.external_attr >> 16 for entry in source.infolist()} == {0o100644}
        assert {entry.date_time[0] for entry in source.infolist()} == {1980}


def test_a_build_finds_the_files_of_archives_as_well(
    cold: Callable[[], Lambda], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside those of the resource, which win where names are the same."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("more.py", "MORE = 1\n")
        written.writestr("run.py", "another\n")
    account.s3.put_object(Bucket=account.name, Key="0a1b.zip", Body=archive.getvalue())
    function = cold()
    built = put_by(function, monkeypatch)
    location = f"{account.name}/0a1b.zip"
    assert function(**account.own, Archives=[location]).reason == ""
    with zipfile.ZipFile(io.BytesIO(built[0])) as source:
        found = {name: source.read(name).decode() for name in source.namelist()}
    assert found == FILES | {"more.py": "MORE = 1\n"}
    assert account.objects() == ["0a1b.zip"], "which is somebody else's"


def test_an_archive_that_is_not_there_is_told(cold: Callable[[], Lambda], account: Account) -> None:
    """No image is built without it."""
    answer = cold()(**account.own, Archives=[f"{account.name}/none.zip"])
    assert answer.reason.startswith("NoSuchKey: ")
    assert account.builds() == 0


def test_a_deletion_leaves_the_bucket_empty(cold: Callable[[], Lambda], account: Account) -> None:
    """What a killed builder left there goes with the resource, since the bucket is to go, too."""
    account.s3.put_object(Bucket=account.name, Key=f"{TAG}.zip", Body=b"left")
    assert cold()("Delete", **account.own).status == "SUCCESS"
    assert account.objects() == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_image_that_is_there_is_not_built(
    cold: Callable[[], Lambda], account: Account, kind: str
) -> None:
    """A retry or a rollback to a tag that is there succeeds at once."""
    account.push(TAG)
    assert cold()(kind, **account.own).status == "SUCCESS"
    assert account.builds() == 0


def test_another_tag_is_not_this_one(cold: Callable[[], Lambda], account: Account) -> None:
    """An image under another tag does not count."""
    account.push("0123456789ab-6")
    assert cold()("Update", **account.own).status == "SUCCESS"
    assert account.builds() == 1


def test_the_resource_stays_the_same_over_updates(
    cold: Callable[[], Lambda], account: Account
) -> None:
    """An update keeps the physical ID, so that CloudFormation deletes no predecessor."""
    function = cold()
    assert function("Create", **account.own).said["PhysicalResourceId"] == "image"
    assert function("Update", **account.own).said["PhysicalResourceId"] == "as-it-was"


def test_a_project_that_is_not_there(cold: Callable[[], Lambda], account: Account) -> None:
    """An error of AWS is told by its kind and its text, not waited for."""
    answer = cold()(**account.own | {"Project": "none-such"})
    assert answer.status == "FAILED"
    assert answer.reason.startswith("ResourceNotFoundException: ")
    assert "none-such" in answer.reason


def test_a_repository_that_is_not_there(cold: Callable[[], Lambda], account: Account) -> None:
    """A missing repository is no missing tag: nothing is built."""
    answer = cold()(**account.own | {"Repository": "none-such"})
    assert answer.status == "FAILED"
    assert answer.reason.startswith("RepositoryNotFoundException: ")
    assert account.builds() == 0


# --- against AWS as it may be ---------------------------------------------------------------------


def state(status: str, *reached: str, failing: str = "", message: str = "") -> dict[str, Any]:
    """Return a build as BatchGetBuilds shows it."""
    phases: list[dict[str, Any]] = [
        {
            "phaseType": phase,
            "phaseStatus": "FAILED" if phase == failing else "SUCCEEDED",
            "contexts": [{"statusCode": "", "message": message if phase == failing else ""}],
        }
        for phase in ("SUBMITTED", *reached)
    ]
    # The last phase has neither a status nor contexts.
    phases.append({"phaseType": "COMPLETED"})
    return {"buildStatus": status, "phases": phases}


RUNNING = {"buildStatus": "IN_PROGRESS", "phases": [{"phaseType": "QUEUED"}]}
SUCCEEDED = state("SUCCEEDED", *EARLY, "BUILD", "POST_BUILD", "FINALIZING")
BROKEN = state(
    *("FAILED", *EARLY, "BUILD", "POST_BUILD"),
    failing="BUILD",
    message="Error while executing command: docker build . Reason: exit status 1",
)
NO_ROLE = state("FAILED", "QUEUED", "PROVISIONING", failing="PROVISIONING", message="no such role")


@dataclass
class Aws:
    """ECR and CodeBuild as the test wants them.

    Attributes:
        builds: for each build to start, what successive looks at it show.
        pushed_by: the number of looks at the repository before the tag is there, if ever.
        tag: the only one that may be asked for.
        errors: operations that answer with an error.
        throttled: for how many calls each operation is turned away.
        refused: the codes that the next calls of each operation are refused with.
        calls: each operation of ECR and CodeBuild that was asked for, with its input.
        bucket: what is in the bucket, by key.
        sessions: how often the stack's role was to be assumed.
        stack: the only one that it may be assumed for.
    """

    builds: list[list[dict[str, Any]]] = field(default_factory=list)
    pushed_by: int | None = None
    tag: str = TAG
    errors: dict[str, str] = field(default_factory=dict)
    throttled: dict[str, int] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bucket: dict[str, bytes] = field(default_factory=dict)
    sessions: int = 0
    stack: str = STACK
    running: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """Return how often an operation was asked for."""
        return sum(called == name for called, _ in self.calls)

    def answer(self, name: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one operation."""
        looks = self.count("DescribeImages")
        self.calls.append((name, asked))
        assert len(self.calls) < 100, "the handler goes round in circles"
        if self.throttled.get(name):
            self.throttled[name] -= 1
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        if refused := self.refused.get(name) or [self.errors.get(name, "")]:
            code = refused.pop(0)
            if code == FULL:
                return 400, {"__type": FULL, "message": NO_ROOM}
            if code:
                return 400, {"__type": code, "message": f"{name}: not for you"}
        if name == "DescribeImages":
            assert asked == {"repositoryName": "tool", "imageIds": [{"imageTag": self.tag}]}
            if self.pushed_by is None or looks < self.pushed_by:
                return 400, {"__type": "ImageNotFoundException", "message": self.tag}
            return 200, {"imageDetails": [{"repositoryName": "tool", "imageTags": [self.tag]}]}
        if name == "StartBuild":
            assert asked == {"projectName": "tool", "idempotencyToken": ANY}
            assert self.bucket, "there is nothing to build"
            identity = f"tool:{len(self.running) + 1}"
            self.running[identity] = self.builds.pop(0)
            return 200, {"build": {"id": identity, "buildStatus": "IN_PROGRESS"}}
        if name == "BatchGetBuilds":
            (identity,) = asked["ids"]
            looks_at = self.running[identity]
            seen = looks_at.pop(0) if len(looks_at) > 1 else looks_at[0]
            logs = {"groupName": "tool-log", "streamName": identity.partition(":")[2]}
            return 200, {"builds": [{"id": identity, "logs": logs, **seen}] if seen else []}
        assert name == "StopBuild"
        return 200, {"build": {"id": asked["id"], "buildStatus": "STOPPED"}}


@pytest.fixture
def scripted(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Serve ECR and CodeBuild as scripted; every message fits AWS's own model of it."""
    script, broken = Aws(), list[str]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def do_PUT(self) -> None:
            """Keep an object."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.stored(200, lambda key: script.bucket.update({key: body}))

        def do_DELETE(self) -> None:
            """Delete an object, there or not."""
            self.stored(204, lambda key: script.bucket.pop(key, None))

        def stored(self, status: int, change: Callable[[str], object]) -> None:
            bucket, _, key = self.path.lstrip("/").partition("/")
            assert bucket == "tool"
            assert by_the_role(self)
            name, body = f"{self.command} object", ""
            if refused := (script.refused.get(name) or [script.errors.get(name, "")]).pop(0):
                complaint = f"<Code>{refused}</Code><Message>{name}: not for you</Message>"
                body = f"<Error>{complaint}</Error>"
            else:
                change(key)
            self.send_response(403 if refused else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            """Answer one operation."""
            if "X-Amz-Target" not in self.headers:
                refusals = script.refused.get("AssumeRole") or [script.errors.get("AssumeRole", "")]
                script.sessions += 1
                session(self, refusals.pop(0), script.stack)
                return
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                assert by_the_role(self)
                service, name = shapes.of_header(self.headers["X-Amz-Target"])
                assert not (wrong := shapes.problems(service, name, asked)), wrong
                status, said = script.answer(name, asked)
                if status == 200:
                    assert not (wrong := shapes.answer_problems(service, name, said)), wrong
            except BaseException as error:
                broken.append(repr(error))
                status, said = 400, {"__type": "TestIsWrong", "message": repr(error)}
            reply_json(self, status, said)

    assert aws
    with serving(Handler) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield script
    assert not broken


@pytest.fixture
def function(scripted: Aws, cold: Callable[[], Lambda]) -> Lambda:
    """Start the handler against the script."""
    assert not scripted.calls
    return cold()


def test_a_build_is_waited_for(function: Lambda, scripted: Aws) -> None:
    """It is looked at again until it has ended, even if it is not known at once."""
    scripted.builds = [[{}, RUNNING, RUNNING, SUCCEEDED]]
    assert function().status == "SUCCESS"
    assert scripted.count("StartBuild") == 1
    assert scripted.count("BatchGetBuilds") == 4


@pytest.mark.parametrize("operation", ["DescribeImages", "StartBuild", "BatchGetBuilds"])
def test_throttled_calls_are_made_again(
    function: Lambda, scripted: Aws, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CodeBuild and ECR turn calls away for a minute, and one build is started all the same."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between its attempts
    tries = function.module.limits["retries"]["total_max_attempts"]
    calls = tries * len(function.module.PAUSES)
    scripted.builds, scripted.throttled = [[{}, RUNNING, SUCCEEDED]], {operation: calls}
    assert function().reason == ""
    assert len(scripted.running) == 1


CALLS = [
    *("AssumeRole", "DescribeImages", "PUT object", "StartBuild", "BatchGetBuilds"),
    "DELETE object",
]


@pytest.mark.parametrize("operation", CALLS)
def test_a_new_role_is_waited_for(function: Lambda, scripted: Aws, operation: str) -> None:
    """For a minute, with growing pauses, whichever call is the first that IAM does not know of."""
    elsewhere = operation.endswith("object") or operation == "AssumeRole"
    code = "AccessDenied" if elsewhere else "AccessDeniedException"
    scripted.refused = {operation: [code] * len(function.module.PAUSES)}
    scripted.builds = [[RUNNING, SUCCEEDED]]
    answer = function()
    assert answer.reason == ""
    assert len(scripted.running) == 1
    assert scripted.bucket == {}
    refusals = [line for line in answer.lines if line.get("event") == "refused"]
    assert len(refusals) == len(function.module.PAUSES)


def test_the_role_is_assumed_once_for_a_request(function: Lambda, scripted: Aws) -> None:
    """And by each request anew: its session ends, and another stack's role is another."""
    scripted.builds = [[RUNNING, SUCCEEDED], [SUCCEEDED]]
    function()
    assert scripted.sessions == 1
    function()
    assert scripted.sessions == 2


def test_a_role_that_does_not_trust_the_function_is_told(function: Lambda, scripted: Aws) -> None:
    """In AWS's words, after a minute in which it may have been too new."""
    scripted.errors = {"AssumeRole": "AccessDenied"}
    answer = function()
    refused = "ClientError: An error occurred (AccessDenied) when calling the AssumeRole operation"
    assert answer.reason.startswith(refused)
    assert scripted.calls == []
    assert scripted.sessions == len(function.module.PAUSES) + 1


def test_the_pauses_are_a_minute_in_all() -> None:
    """They grow."""
    text = PAYLOAD.read_text()
    pauses = text.partition("PAUSES = (")[2].partition(")")[0]
    pause = text.partition("PAUSE_SECONDS = ")[2].partition("\n")[0]
    waits = [int(pause) * int(times) for times in pauses.split(",")]
    assert waits == sorted(waits)
    assert waits[0] <= 5
    assert 55 <= sum(waits) <= 75


def test_a_refusal_that_stays_is_told_before_lambda_ends(function: Lambda, scripted: Aws) -> None:
    """No call is made again once no more time is left than what the answer takes."""
    scripted.errors = {"DescribeImages": "AccessDeniedException"}
    reserve = function.module.RESERVE_MILLISECONDS / 60_000
    assert "AccessDeniedException" in function("Create", 15, 10, reserve - 0.01).reason
    assert scripted.count("DescribeImages") == 3


def test_the_time_kept_back_is_enough_for_what_comes_after_the_last_look(
    function: Lambda,
) -> None:
    """A pause, a look, the build's end, the source's removal and the answer fit in."""
    module = function.module
    tries = module.limits["retries"]["total_max_attempts"]
    call = tries * (module.limits["connect_timeout"] + module.limits["read_timeout"]) + 1
    longest = 5 * max(module.PAUSES)
    assert longest + 3 * call + 10 <= module.RESERVE_MILLISECONDS / 1000


def test_a_full_account_is_waited_for(function: Lambda, scripted: Aws) -> None:
    """A build waits for its turn, however long that takes, and then runs."""
    scripted.refused = {"StartBuild": [FULL] * 30}
    scripted.builds = [[RUNNING, SUCCEEDED]]
    answer = function()
    assert answer.reason == ""
    assert scripted.count("StartBuild") == 31
    assert sum(line.get("event") == "waiting" for line in answer.lines) == 30
    tokens = [asked["idempotencyToken"] for name, asked in scripted.calls if name == "StartBuild"]
    assert len(set(tokens)) == 31, "CodeBuild may remember the refusal by its token"


def test_an_account_that_stays_full_is_told_with_its_quota(function: Lambda, scripted: Aws) -> None:
    """The reason has CodeBuild's words, the quota, and what to do about it."""
    scripted.errors = {"StartBuild": FULL}
    answer = function("Create", 15, 10, 5, 1)
    assert answer.reason.startswith(f"{FULL}: {NO_ROOM}; {ADVICE}")
    assert answer.reason.endswith("and deploy again")
    assert scripted.bucket == {}


def test_a_build_that_waits_for_a_machine_to_the_end_names_the_quota(
    function: Lambda, scripted: Aws
) -> None:
    """It is stopped, since nobody waits for it any more."""
    scripted.builds = [[{**RUNNING, "currentPhase": "QUEUED"}]]
    answer = function("Create", 15, 10, 5, 1)
    assert answer.reason.startswith(f"tool:1 takes too long: it waits for a machine; {ADVICE}")
    assert scripted.count("StopBuild") == 1


def test_a_look_that_fails_is_followed_by_another(function: Lambda, scripted: Aws) -> None:
    """The build goes on meanwhile, and Lambda has minutes left."""
    scripted.builds = [[RUNNING, SUCCEEDED]]
    scripted.refused = {"BatchGetBuilds": ["ThrottlingException", "AccessDeniedException"]}
    assert function().reason == ""
    assert scripted.count("StopBuild") == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidInputException"])
def test_a_build_that_is_given_up_is_stopped(function: Lambda, scripted: Aws, code: str) -> None:
    """Or it would push into a repository that is being deleted."""
    scripted.builds, scripted.errors = [[RUNNING]], {"BatchGetBuilds": code}
    assert code in function().reason
    assert scripted.calls[-1] == ("StopBuild", {"id": "tool:1"})


@pytest.mark.parametrize("role", [True, False])
def test_a_delete_always_succeeds(function: Lambda, scripted: Aws, *, role: bool) -> None:
    """It starts nothing and asks ECR and CodeBuild nothing, even where it may do nothing at all."""
    scripted.errors = dict.fromkeys(CALLS if not role else CALLS[1:], "AccessDenied")
    answer = function("Delete")
    assert (answer.status, answer.said["PhysicalResourceId"]) == ("SUCCESS", "as-it-was")
    assert scripted.calls == []


def test_a_broken_image_is_told_with_its_place(function: Lambda, scripted: Aws) -> None:
    """The reason names phase, message and log; what fails in BUILD would fail again."""
    scripted.builds = [[RUNNING, BROKEN]]
    answer = function()
    assert answer.reason == (
        "tool:1; FAILED; log tool-log 1; BUILD;"
        " Error while executing command: docker build . Reason: exit status 1"
    )
    assert scripted.count("StartBuild") == 1


def test_a_faster_build_is_as_good(function: Lambda, scripted: Aws) -> None:
    """A build that failed while a concurrent one pushed the tag is no failure."""
    scripted.builds, scripted.pushed_by = [[BROKEN]], 1
    assert function().status == "SUCCESS"
    assert scripted.count("DescribeImages") == 2


@pytest.mark.parametrize(
    ("phase", "status"),
    [*((phase, "FAILED") for phase in EARLY), ("PROVISIONING", "FAULT"), ("QUEUED", "TIMED_OUT")],
)
def test_what_fails_early_is_tried_again(
    function: Lambda, scripted: Aws, phase: str, status: str
) -> None:
    """A build that never came to its BUILD phase, as under a new role, gets a second chance."""
    reached = EARLY[: EARLY.index(phase) + 1]
    scripted.builds = [[state(status, *reached, failing=phase)], [RUNNING, SUCCEEDED]]
    assert function().status == "SUCCESS"
    assert scripted.count("StartBuild") == 2


def test_a_third_attempt_is_not_made(function: Lambda, scripted: Aws) -> None:
    """What fails early twice has failed; the reason is the second one's."""
    scripted.builds = [[NO_ROLE], [NO_ROLE], [SUCCEEDED]]
    answer = function()
    assert answer.reason == "tool:2; FAILED; log tool-log 2; PROVISIONING; no such role"
    assert scripted.count("StartBuild") == 2


def test_a_second_attempt_may_fail_otherwise(function: Lambda, scripted: Aws) -> None:
    """If the second attempt comes to its BUILD phase, that failure is told."""
    scripted.builds = [[NO_ROLE], [BROKEN]]
    assert function().reason.startswith("tool:2; FAILED; log tool-log 2; BUILD; ")


def test_a_build_that_somebody_stopped_is_not_started_again(
    function: Lambda, scripted: Aws
) -> None:
    """Who stops a build by hand means it."""
    scripted.builds = [[state("STOPPED", "QUEUED")], [SUCCEEDED]]
    assert function().reason == "tool:1; STOPPED; log tool-log 1"
    assert scripted.count("StartBuild") == 1


def test_an_answer_comes_before_lambda_ends(function: Lambda, scripted: Aws) -> None:
    """While there is time for it the handler stops the build and says so."""
    scripted.builds = [[RUNNING]]
    reserve = function.module.RESERVE_MILLISECONDS / 60_000
    answer = function("Create", 14.9, 10, 5, reserve + 0.01, reserve - 0.01)
    assert answer.reason == "tool:1 takes too long"
    assert scripted.calls[-1] == ("StopBuild", {"id": "tool:1"})
    assert scripted.count("BatchGetBuilds") == 4


def test_a_build_that_cannot_be_stopped_is_told_all_the_same(
    function: Lambda, scripted: Aws
) -> None:
    """Stopping is worth a try; the answer does not depend on it."""
    scripted.builds, scripted.errors = [[RUNNING]], {"StopBuild": "AccessDeniedException"}
    assert function("Create", 15, 0.4).reason == "tool:1 takes too long"


def test_no_time_is_left_for_a_second_attempt(function: Lambda, scripted: Aws) -> None:
    """The second attempt has what the first one left, not more."""
    scripted.builds = [[NO_ROLE], [RUNNING]]
    answer = function("Create", 15, 15, 0.2)
    assert answer.reason == "tool:2 takes too long"


@pytest.mark.parametrize("end", [[SUCCEEDED], [BROKEN], [NO_ROLE]])
def test_the_bucket_is_left_empty_however_a_build_ends(
    function: Lambda, scripted: Aws, end: list[dict[str, Any]]
) -> None:
    """CloudFormation deletes no bucket that holds objects."""
    scripted.builds = [end, end]
    function()
    assert scripted.bucket == {}


@pytest.mark.parametrize("denied", ["DescribeImages", "StartBuild", "BatchGetBuilds", "PUT object"])
def test_an_error_is_an_answer(function: Lambda, scripted: Aws, denied: str) -> None:
    """Whatever AWS refuses for good, CloudFormation hears of it, with AWS's own words."""
    scripted.builds, scripted.errors = [[RUNNING]], {denied: "AccessDeniedException"}
    answer = function()
    assert answer.status == "FAILED"
    assert "AccessDeniedException" in answer.reason
    assert f"{denied}: not for you" in answer.reason
    assert scripted.bucket == {}


@pytest.mark.parametrize("kind", ["Custom::Image", "Custom::Files", "Custom::Imag"])
def test_what_could_not_be_made_can_be_deleted(function: Lambda, scripted: Aws, kind: str) -> None:
    """With no property at all, and of no type that there is: or the stack could not go."""
    function.kind = kind
    sent = function.event("Delete")
    sent["ResourceProperties"] = {}
    assert function.run(sent, Context())[1] is None
    assert json.loads(function.waiting.puts[-1][1])["Status"] == "SUCCESS"
    assert (scripted.calls, scripted.sessions) == ([], 0)


def test_a_type_that_is_misspelt_is_told(function: Lambda, scripted: Aws) -> None:
    """With those that there are."""
    function.kind = "Custom::Imag"
    assert function().reason == "the types are Custom::Files, Custom::Image"
    assert scripted.calls == []


@pytest.mark.parametrize("missing", ["Project", "Repository", "Tag", "Files"])
def test_a_property_that_is_missing_is_an_answer(
    function: Lambda, scripted: Aws, missing: str
) -> None:
    """Even a request that makes no sense is answered."""
    sent = function.event()
    del sent["ResourceProperties"][missing]
    printed, error = function.run(sent, Context())
    assert error is None
    assert json.loads(printed.splitlines()[-1])["Reason"] == f"KeyError: '{missing}'"
    ((_, body),) = function.waiting.puts
    assert json.loads(body)["PhysicalResourceId"]
    assert scripted.count("BatchGetBuilds") == 0


@pytest.mark.parametrize("character", ["x", '"', "\\", "\n", "\x1b", "é", "日", "🦉", "\ud800"])
def test_an_answer_is_never_too_long(function: Lambda, scripted: Aws, character: str) -> None:
    """However long a message is, and however JSON writes it, the phase and log come through."""
    scripted.builds = [
        [state(*("FAILED", *EARLY, "BUILD"), failing="BUILD", message=character * 9000)]
    ]
    answer = function(Tag=TAG)  # which checks the length
    escaped = ascii(character)[1:-1]
    shown = "tool:1; FAILED; log tool-log 1; BUILD; " + escaped * 9000
    assert answer.reason == shown[:1500]
    assert answer.reason.isascii()
    assert answer.reason.isprintable()


def test_an_answer_fits_whatever_the_stack_is_called(function: Lambda, scripted: Aws) -> None:
    """The longest names there are, and a reason that JSON makes longer still."""
    message = "\\" * 9000
    scripted.builds = [[state(*("FAILED", *EARLY, "BUILD"), failing="BUILD", message=message)]]
    scripted.tag = "t" * 300
    sent = function.event("Update", Tag=scripted.tag)
    sent["StackId"] = scripted.stack = STACK.replace("/tool/", f"/{'s' * 128}/")
    sent["LogicalResourceId"], sent["PhysicalResourceId"] = "L" * 255, "p" * 1024
    _, error = function.run(sent, Context())
    assert error is None
    ((headers, body),) = function.waiting.puts
    assert custom_resources.complaints(sent, "PUT", headers, body) == []
    assert json.loads(body)["Reason"].startswith("tool:1; FAILED; log tool-log 1; BUILD; ")


def test_every_failed_phase_is_told(function: Lambda, scripted: Aws) -> None:
    """A message of a later phase follows the first one's."""
    both = state("FAILED", *EARLY, "BUILD", "POST_BUILD", failing="BUILD", message="one")
    both["phases"][-2] |= {"phaseStatus": "FAILED", "contexts": [{"message": "two"}]}
    scripted.builds = [[both]]
    assert function().reason.endswith("; BUILD; one; POST_BUILD; two")


def test_a_build_without_log_or_phases(function: Lambda, scripted: Aws) -> None:
    """A build that came to nothing is told as what it is."""
    scripted.builds = [[{"buildStatus": "FAULT", "logs": {}}]] * 2
    assert function().reason == "tool:2; FAULT; log None None"


# --- the answer's way -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "kind"), [("cut", "RemoteDisconnected"), ("busy", "HTTPError")]
)
def test_an_answer_that_cannot_be_sent_is_sent_by_the_next_attempt(
    function: Lambda, cold: Callable[[], Lambda], scripted: Aws, trouble: str, kind: str
) -> None:
    """The handler raises, so that Lambda runs the event again, which finds the tag and says so."""
    scripted.builds, scripted.pushed_by = [[SUCCEEDED]], 1
    function.waiting.trouble = [trouble]
    sent = function.event()
    printed, error = function.run(sent, Context())
    assert type(error).__name__ == kind
    assert json.loads(printed)["Status"] == "SUCCESS"
    ((_, unheard),) = function.waiting.puts
    for again in (function, cold()):  # Lambda may or may not have kept the first one
        printed, error = again.run(sent, Context())
        assert error is None
        headers, body = function.waiting.puts[-1]
        assert headers["content-type"] == ""
        assert body == unheard
        assert json.loads(body) == json.loads(printed)
        assert json.loads(body)["Data"] == {"Tag": TAG}
    assert len(function.waiting.puts) == 3
    assert scripted.count("StartBuild") == 1


def test_a_failure_that_cannot_be_sent_is_not_lost(function: Lambda, scripted: Aws) -> None:
    """The next attempt builds again, and tells how that went."""
    scripted.builds = [[BROKEN], [BROKEN]]
    function.waiting.trouble = ["busy"]
    sent = function.event()
    assert function.run(sent, Context())[1] is not None
    assert function.run(sent, Context())[1] is None
    told = json.loads(function.waiting.puts[-1][1])
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith("tool:2; FAILED; ")


def test_a_delete_that_cannot_be_answered_is_run_again(function: Lambda, scripted: Aws) -> None:
    """Neither attempt asks AWS for anything."""
    function.waiting.trouble = ["cut"]
    sent = function.event("Delete")
    assert function.run(sent, Context())[1] is not None
    assert function.run(sent, Context())[1] is None
    assert json.loads(function.waiting.puts[-1][1])["Status"] == "SUCCESS"
    assert scripted.calls == []


@pytest.mark.parametrize("start", ["nowhere:", "http://127.0.0.1:1/"])
def test_an_address_that_leads_nowhere_is_not_shown(
    function: Lambda, scripted: Aws, start: str
) -> None:
    """Neither the log nor the error quotes what anybody could answer with."""
    scripted.pushed_by = 0
    sent = function.event() | {"ResponseURL": f"{start}?{SECRET}"}
    _, error = function.run(sent, Context())  # which looks for the secret
    assert type(error).__name__ == "URLError"


def test_an_answer_that_nobody_takes_is_an_error_in_time(function: Lambda, scripted: Aws) -> None:
    """Waiting for the address to answer ends within what is kept back for it."""
    scripted.pushed_by = 0
    seen = list[float]()

    def urlopen(_: Any, timeout: float) -> Any:
        seen.append(timeout)
        raise TimeoutError

    function.module.urlopen = urlopen
    _, error = function.run(function.event(), Context())
    assert isinstance(error, TimeoutError)
    assert len(seen) == 1
    assert 0 < seen[0] * 1000 < function.module.RESERVE_MILLISECONDS
