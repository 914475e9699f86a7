"""The review of CodeCommit's pull requests: the buildspec's commands, and the real `aws`."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.validate import validate_parameters
from support.loopback import Loopback, reply_json
from support.reviews import PullRequest, StandIn

from cfngen import read
from cfngen.testing import BuildRun, run_buildspec

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

ROOT = Path(__file__).parents[2]
HERE = ROOT / "integrations/codecommit"
BUILDSPEC = (HERE / "buildspec.yml").read_text()
BIN = Path(sys.executable).parent
MARKER = "<!-- cfngen review -->"
ROLE = "arn:aws:sts::123456789012:assumed-role/ReviewRole"
IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{}</Arn><UserId>A</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>
"""


class CodeCommit(Loopback):
    """The comments of pull requests; requests are held to the service's model in botocore.

    Attributes:
        comments: what was written, oldest first.
        calls: the operations that were asked for, in order.
        session: the session that the caller's role has; every build has another.
        strict: whether another session of a role is somebody else.
        tokens: the requests that had a token.
    """

    page = 2

    def __init__(self) -> None:
        """Start without any."""
        self.comments: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.session = "AWSCodeBuild-1"
        self.strict = False
        self.tokens: dict[str, dict[str, Any]] = {}
        client = boto3.session.Session(region_name="eu-west-1").client("codecommit")
        self.model = client.meta.service_model
        state = self

        class Ours(Handler):
            here = state

        self.listen(Ours)

    @property
    def caller(self) -> str:
        """Who asks."""
        return f"{ROLE}/{self.session}"

    def add(self, author: str, content: str, **more: Any) -> dict[str, Any]:
        """Write a comment as somebody."""
        made = {
            "commentId": f"c{len(self.comments)}",
            "content": content,
            "authorArn": author,
            "creationDate": 1700000000.25 + len(self.comments),
            "deleted": False,
            **more,
        }
        self.comments.append(made)
        return made

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer an operation."""
        self.calls.append(operation)
        validate_parameters(asked, self.model.operation_model(operation).input_shape)
        return {
            "GetCommentsForPullRequest": self.listed,
            "PostCommentForPullRequest": self.posted,
            "UpdateComment": self.updated,
        }[operation](asked)

    def listed(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return a page of groups of comments, one in each."""
        start = int(asked.get("nextToken", 0))
        groups = [
            {"pullRequestId": asked["pullRequestId"], "comments": [comment]}
            for comment in self.comments[start : start + self.page]
        ]
        answer: dict[str, Any] = {"commentsForPullRequestData": groups}
        if start + self.page < len(self.comments):
            answer["nextToken"] = str(start + self.page)
        return 200, answer

    def posted(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Write a comment, once for each token."""
        if len(asked["content"]) > 10_240:
            return 400, {"__type": "CommentContentSizeLimitExceededException"}
        if asked["clientRequestToken"] not in self.tokens:
            self.add(self.caller, asked["content"])
        self.tokens[asked["clientRequestToken"]] = asked
        return 200, {"pullRequestId": asked["pullRequestId"]}

    def updated(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Write a comment anew, if it is the caller's."""
        (found,) = [one for one in self.comments if one["commentId"] == asked["commentId"]]
        if self.strict and found["authorArn"] != self.caller:
            return 400, {"__type": "CommentNotCreatedByCallerException", "message": "not yours"}
        found["content"] = asked["content"]
        return 200, {"comment": found}


class Handler(BaseHTTPRequestHandler):
    """Tells the protocols apart."""

    here: CodeCommit

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer an operation."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        _, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if operation:
            reply_json(self, *self.here.answer(operation, json.loads(sent)))
            return
        assert b"Action=GetCallerIdentity" in sent
        body = IDENTITY.format(self.here.caller).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def pull(tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A pull request, which nobody changes."""
    return PullRequest(tmp_path_factory.mktemp("codecommit") / "shop")


@pytest.fixture
def service() -> Iterator[CodeCommit]:
    """CodeCommit."""
    with CodeCommit() as server:
        yield server


@pytest.fixture
def command(tmp_path: Path) -> StandIn:
    """What reviews."""
    return StandIn(tmp_path / "command")


Build = Callable[..., BuildRun]


@pytest.fixture
def build(pull: PullRequest, service: CodeCommit, command: StandIn, tmp_path: Path) -> Build:
    """Return what runs the build phase, after an installation that is taken for done."""

    def run(cfngen: Path = command.command, **more: str) -> BuildRun:
        service.session = f"AWSCodeBuild-{len(service.calls)}"
        venv = tmp_path / "venv"
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        (venv / "bin/cfngen").unlink(missing_ok=True)
        (venv / "bin/cfngen").symlink_to(cfngen)
        env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": service.url,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "s",
            "CODEBUILD_SRC_DIR_CFNGEN": str(ROOT),
            "VENV": str(venv),
            "PULL_REQUEST_ID": "12",
            "REPOSITORY_NAME": "shop",
            "SOURCE_COMMIT": pull.head,
            "DESTINATION_COMMIT": pull.newer,
        }
        return run_buildspec(BUILDSPEC, cwd=pull.folder, env={**env, **more}, phases=["build"])

    return run


def test_it_comments(
    build: Build, service: CodeCommit, command: StandIn, pull: PullRequest
) -> None:
    """The review is a comment on the difference that the pull request shows, with its commits."""
    done = build()
    assert (done.status, service.calls) == (
        0,
        ["GetCommentsForPullRequest", "PostCommentForPullRequest"],
    ), done.output
    (asked,) = service.tokens.values()
    assert (asked["pullRequestId"], asked["repositoryName"]) == ("12", "shop")
    assert (asked["beforeCommitId"], asked["afterCommitId"]) == (pull.newer, pull.head)
    assert asked["content"] == (
        f"{MARKER}\n**Nothing** of it is replaced.\n\n\n"
        f"Of {pull.head[:10]}, against {pull.newer[:10]}.\n"
    )
    said = command.given()
    assert said[-2:] == ["--", f"{pull.newer}...{pull.head}"]
    assert "--no-blueprints" in said
    assert said[said.index("--limit") + 1] == "10000"


def test_it_updates_its_comment(build: Build, service: CodeCommit, command: StandIn) -> None:
    """Whichever build wrote it and whatever was said since, the comment is written anew."""
    build()
    for number in range(5):
        service.add("arn:aws:iam::123456789012:user/Somebody", f"{number}")
    command.says("Now it is.\n")
    done = build()
    assert done.status == 0, done.output
    assert len(service.comments) == 6
    assert service.comments[0]["content"].startswith(f"{MARKER}\nNow it is.\n")
    calls = len(service.calls)
    assert build().status == 0
    assert "UpdateComment" not in service.calls[calls:]


def test_a_stricter_service(build: Build, service: CodeCommit, command: StandIn) -> None:
    """Where another session may not write it anew, there is a new comment."""
    service.strict = True
    build()
    command.says("Now it is.\n")
    done = build()
    assert done.status == 0, done.output
    assert len(service.comments) == 2


def test_only_its_own_comment_is_its(build: Build, service: CodeCommit) -> None:
    """What looks like it and is another's, or is deleted, stays as it is."""
    service.add("arn:aws:sts::123456789012:assumed-role/Another/x", f"{MARKER}\nAll is well.")
    service.add(f"{ROLE}/x", f"{MARKER}\nGone.", deleted=True)
    service.add(f"{ROLE}/x", "Something else.")
    assert build().status == 0
    assert [c["content"][:20] for c in service.comments[1:3]] == [
        f"{MARKER}\nGone."[:20],
        "Something else.",
    ]
    assert service.comments[0]["content"] == f"{MARKER}\nAll is well."
    assert len(service.comments) == 4


def test_nothing_to_say(build: Build, service: CodeCommit, command: StandIn) -> None:
    """A pull request that changes no stack gets no comment."""
    command.says("Nothing changes.\n", empty=True)
    assert build().status == 0
    assert service.comments == []


def test_concerns(build: Build, service: CodeCommit, command: StandIn) -> None:
    """A concern fails the build once the comment is there; a failed review writes none."""
    command.says("Lost.\n", status=1)
    assert (build(FAIL_ON="data,refused").status, len(service.comments)) == (1, 1)
    said = command.given()
    assert said[said.index("--fail-on") + 1] == "data,refused"
    command.says("Broken.\n", status=2)
    assert (build().status, len(service.comments)) == (2, 1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("PULL_REQUEST_ID", "12;x"),
        ("PULL_REQUEST_ID", "١٢"),
        ("REPOSITORY_NAME", "../shop"),
        ("SOURCE_COMMIT", "--output=/etc/passwd"),
        ("DESTINATION_COMMIT", "a" * 40 + "\n"),
        ("DESTINATION_COMMIT", ""),
    ],
)
def test_variables_of_another_form(
    build: Build, service: CodeCommit, command: StandIn, name: str, wrong: str
) -> None:
    """Whatever starts the build, nothing is done with what is no id, name or commit."""
    done = build(**{name: wrong})
    assert done.status == 2
    assert f"missing, or not of the form it has to have: {name}" in done.output
    assert service.calls == []
    assert not (command.folder / "given.json").exists()


def test_a_comment_that_is_too_long(build: Build, service: CodeCommit, command: StandIn) -> None:
    """A review that is not cut is an error in words, and not the service's."""
    command.says("x" * 10_240)
    done = build()
    assert (done.status, service.calls) == (2, [])
    assert re.search(
        r"comment\.py: the comment has 103\d\d characters; CodeCommit takes", done.output
    )


def test_the_same_request_has_the_same_token(build: Build, service: CodeCommit) -> None:
    """An event that comes twice at once writes one comment."""
    build()
    service.comments = []  # as the other build sees it, which has looked before this one wrote
    assert build().status == 0
    assert service.calls.count("PostCommentForPullRequest") == 2
    assert (len(service.tokens), service.comments) == (1, [])


def test_nothing_is_on_a_command_line(build: Build, service: CodeCommit, tmp_path: Path) -> None:
    """What is sent goes to `aws` in a file, so that no list of processes shows it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    note = tmp_path / "asked"
    (tools / "aws").write_text(f'#!/bin/sh\necho "$@" >> {note}\nexec {BIN}/aws "$@"\n')
    (tools / "aws").chmod(0o755)
    assert build(PATH=f"{tools}:{BIN}:{os.environ['PATH']}").status == 0
    for line in note.read_text().splitlines():
        assert re.fullmatch(
            r"codecommit [a-z-]+ --output json --cli-input-json file://\S+/request\.json", line
        )


def test_the_real_command(build: Build, service: CodeCommit) -> None:
    """With cfngen itself, a bucket that gets another name is a comment."""
    done = build(BIN / "cfngen", FAIL_ON="replace")
    assert done.status == 1, done.output
    (comment,) = service.comments
    assert "Things" in comment["content"]
    assert "other" not in comment["content"]


def test_the_event_becomes_the_builds_variables() -> None:
    """The rule on the page starts a build with exactly the variables that the build asks for."""
    page = (ROOT / "docs/reviewing.md").read_text()
    (rule,) = [
        found
        for block in re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S)
        if "InputTransformer" in block
        for found in read(block).values()
    ]
    (target,) = rule["Properties"]["Targets"]
    paths = target["InputTransformer"]["InputPathsMap"]
    detail = {
        "pullRequestId": "12",
        "repositoryNames": ["shop"],
        "sourceCommit": "a" * 40,
        "destinationCommit": "b" * 40,
    }
    found = {}
    for name, path in paths.items():
        value: Any = {"detail": detail}
        for key in re.findall(r"\w+", path):
            value = value[int(key)] if key.isdigit() else value[key]
        found[name] = value
    text = target["InputTransformer"]["InputTemplate"]
    sent = json.loads(re.sub(r"<(\w+)>", lambda name: json.dumps(found[name[1]]), text))
    client = boto3.session.Session(region_name="eu-west-1").client("codebuild")
    shape = client.meta.service_model.operation_model("StartBuild").input_shape
    validate_parameters({"projectName": "review", **sent}, shape)
    told = {one["name"]: one["value"] for one in sent["environmentVariablesOverride"]}
    spec = importlib.util.spec_from_file_location("comment", HERE / "comment.py")
    assert spec
    assert spec.loader
    comment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(comment)
    assert list(told) == list(comment.FORMS)
    assert list(told.values()) == ["12", "shop", "a" * 40, "b" * 40]
    assert sent["sourceVersion"] == told["SOURCE_COMMIT"]


def test_the_buildspec_fits_into_a_project() -> None:
    """It asks CodeBuild for what there is, and installs what it then runs."""
    spec = yaml.safe_load(BUILDSPEC)
    assert list(spec["phases"]) == ["install", "build"]
    assert "$CODEBUILD_SRC_DIR_CFNGEN/constraints.txt" in spec["phases"]["install"]["commands"][-1]
    assert (ROOT / "constraints.txt").exists()
