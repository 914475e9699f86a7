"""The function of custom resources publishes files: its own file, real boto3, S3 on loopback."""

from __future__ import annotations

import contextlib
import io
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest
from support.custom_resource_runs import (
    Context,
    Lambda,
    by_the_role,
    serving,
    session,
    waiting_for_answers,
)

from cfngen import Payload
from cfngen.errors import PayloadError
from cfngen.patterns import published_files

FILES = {"b.py": 'print("${1:-`id`} 日本語")\n', "a.py": "import b\n"}
USUAL = {"Bucket": "tool", "Key": "0a1b.zip", "Files": FILES}


@dataclass
class S3:
    """S3 as the test wants it: what is refused first, and what is kept."""

    refusals: list[str] = field(default_factory=list)
    puts: list[tuple[str, bytes]] = field(default_factory=list)
    sessions: int = 0


@pytest.fixture
def s3(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """Serve S3; a refusal has S3's own form."""
    state = S3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def do_POST(self) -> None:
            """Let the stack's role be assumed."""
            state.sessions += 1
            session(self)

        def do_PUT(self) -> None:
            """Keep an object, or refuse it."""
            assert by_the_role(self)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.puts.append((self.path, body))
            code = state.refusals.pop(0) if state.refusals else ""
            error = f"<Error><Code>{code}</Code><Message>not for you</Message></Error>"
            said = error.encode() if code else b""
            status = 503 if code == "SlowDown" else 403 if code else 200
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    assert aws
    with serving(Handler) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield state


@pytest.fixture
def function(aws: str, request: pytest.FixtureRequest) -> Iterator[Lambda]:
    """Start the handler, in an environment where every AWS client is on loopback."""
    assert aws.startswith("http://127.0.0.1:")
    if "s3" in request.fixturenames:
        request.getfixturevalue("s3")  # whose address the handler's client reads once
    with (
        waiting_for_answers() as waiting,
        contextlib.closing(Lambda("Custom::Files", USUAL, waiting)) as function,
    ):
        yield function


@pytest.fixture
def bucket(moto_server: str) -> Iterator[Any]:
    """Make a bucket of this test's own in moto."""
    operator = boto3.session.Session("operator", "operator", region_name="eu-west-1")
    resource = operator.resource("s3", endpoint_url=moto_server)
    made = resource.Bucket(f"tool-{uuid.uuid4().hex}")
    made.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield made
    resource.meta.client.close()


def files_of(archive: bytes) -> dict[str, str]:
    """Return the files in an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        return {name: read.read(name).decode() for name in read.namelist()}


# --- the handler --------------------------------------------------------------------------------


def test_the_archive_has_the_files_as_they_are(function: Lambda, bucket: Any) -> None:
    """Byte for byte, readable for everybody, and where the answer says."""
    answer = function(Bucket=bucket.name)
    assert answer.said["Data"] == {"Key": "0a1b.zip"}
    archive = bucket.Object("0a1b.zip").get()["Body"].read()
    assert files_of(archive) == FILES
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert {entry.external_attr >> 16 for entry in read.infolist()} == {0o100644}


def test_the_same_files_are_the_same_bytes(function: Lambda, s3: S3) -> None:
    """Whatever the order that they come in, the day, and the machine's library."""
    turned = dict(reversed(FILES.items()))
    function()
    function("Update", Files=turned)
    (_, first), (_, second) = s3.puts
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as read:
        assert {e.date_time for e in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {e.compress_type for e in read.infolist()} == {zipfile.ZIP_STORED}
        assert {e.create_system for e in read.infolist()} == {3}


def test_an_update_and_a_deletion_leave_older_archives(function: Lambda, bucket: Any) -> None:
    """Stacks refer to them."""
    function(Bucket=bucket.name)
    function("Update", Bucket=bucket.name, Key="2c3d.zip")
    answer = function("Delete", Bucket=bucket.name, Key="2c3d.zip")
    assert (answer.status, answer.said["PhysicalResourceId"]) == ("SUCCESS", "as-it-was")
    assert {found.key for found in bucket.objects.all()} == {"0a1b.zip", "2c3d.zip"}


def test_a_deletion_asks_nothing_of_aws(function: Lambda, s3: S3) -> None:
    """So that it succeeds whatever the role may do."""
    s3.refusals = ["AccessDenied"]
    assert function("Delete").status == "SUCCESS"
    assert (s3.puts, s3.sessions) == ([], 0)


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SlowDown"])
def test_a_new_role_is_waited_for(
    function: Lambda, s3: S3, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For about a minute, in which what is refused is asked for again."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    tries = function.module.limits["retries"]["total_max_attempts"] if code == "SlowDown" else 1
    s3.refusals = [code] * tries * len(function.module.PAUSES)
    assert function().status == "SUCCESS"
    assert s3.refusals == []


def test_a_refusal_that_stays_is_told(function: Lambda, s3: S3) -> None:
    """By its kind and its text."""
    s3.refusals = ["AccessDenied"] * 100
    assert function().reason.startswith("AccessDenied: An error occurred (AccessDenied)")


def test_what_does_not_pass_is_told_at_once(function: Lambda, s3: S3) -> None:
    """Another attempt would be refused as well."""
    s3.refusals = ["NoSuchBucket"] * 2
    assert "NoSuchBucket" in function().reason
    assert len(s3.puts) == 1


def test_the_answer_comes_before_lambda_ends(function: Lambda, s3: S3) -> None:
    """No attempt begins that could outlast the function."""
    s3.refusals = ["AccessDenied"] * 100
    minutes = function.module.RESERVE_MILLISECONDS / 60_000
    assert function("Create", 3, 2, minutes - 0.01).status == "FAILED"
    assert len(s3.puts) == 3


def test_an_answer_that_cannot_be_sent_is_sent_by_the_next_attempt(
    function: Lambda, s3: S3
) -> None:
    """The handler raises, so that Lambda runs the event again, which puts the same once more."""
    function.waiting.trouble = ["busy"]
    sent = function.event()
    assert type(function.run(sent, Context())[1]).__name__ == "HTTPError"
    assert function.run(sent, Context())[1] is None
    (_, unheard), (_, heard) = function.waiting.puts
    assert unheard == heard
    assert s3.puts[0] == s3.puts[1]


# --- the template -------------------------------------------------------------------------------


def key(files: dict[str, str]) -> str:
    """Return the key that files are published under."""
    payloads = {name: Payload(text, name) for name, text in files.items()}
    made = published_files(
        "Tools", payloads, parameter="/team/tools", description="", reason="There."
    )
    return str(made.custom.Key)


def test_the_key_follows_the_content_and_nothing_else() -> None:
    """Another text, name or file is another key; another order is not."""
    others = [
        FILES,
        FILES | {"c.py": "1\n"},
        FILES | {"a.py": "import c\n"},
        {"a.py": FILES["b.py"], "b.py": FILES["a.py"]},
        {"a.py": FILES["a.py"]},
    ]
    keys = [key(files) for files in others]
    assert len(set(keys)) == len(keys)
    assert key(dict(reversed(FILES.items()))) == keys[0]
    assert all(len(found) == 20 and int(found.removesuffix(".zip"), 16) >= 0 for found in keys)


def test_nothing_cannot_be_published() -> None:
    """The message says what to do."""
    with pytest.raises(PayloadError, match="has no files; name those"):
        key({})


def test_a_key_without_its_suffix_fits_into_a_tag() -> None:
    """Of an image in ECR, which takes 128 characters: digest, name and the longest revision."""
    assert len("0123456789ab" + "-" + key(FILES).removesuffix(".zip") + "-" + "x" * 40) <= 128
