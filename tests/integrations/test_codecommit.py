"""The review of CodeCommit's pull requests: the buildspec's commands, and the real `aws`."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import shapes
from support.codecommit_comments import ROLE, CodeCommit
from support.integrations import BIN, BUILDSPEC, INTEGRATIONS, REAL, ROOT, Build
from support.reviews import PullRequest, StandIn

from cfngen import read

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

MARKER = "<!-- cfngen review -->"


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
def build(pull: PullRequest, service: CodeCommit, tmp_path: Path) -> Build:
    """What runs the build phase."""
    return Build(pull, service, tmp_path)


@pytest.fixture
def command(build: Build) -> StandIn:
    """What reviews."""
    return build.command


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
    for status in (2, 70):
        command.says("Broken.\n", status=status)
        done = build(FAIL_ON="none")
        assert (done.status, len(service.comments)) == (status, 1)
        assert "There is no review, so the check fails" in done.output
    command.says("", status=1)
    done = build()
    assert (done.status, len(service.comments)) == (2, 1)
    assert "cfngen review wrote no review.md." in done.output


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


def test_a_session_goes_by_tls_only(build: Build, command: StandIn) -> None:
    """An address of AWS without TLS is refused in words, before anything is sent there."""
    done = build(AWS_ENDPOINT_URL_CODECOMMIT="http://codecommit.example")
    assert done.status == 2
    error = "comment.py: the comment could not be written: AWS_ENDPOINT_URL_CODECOMMIT is not https"
    assert f"{error}: http\n" in done.output
    assert not (command.folder / "given.json").exists()


def test_a_comment_that_is_too_long(build: Build, service: CodeCommit, command: StandIn) -> None:
    """A review that is not cut is an error in words, and not the service's."""
    command.says("x" * 10_240)
    done = build()
    assert (done.status, service.calls) == (2, [])
    assert re.search(r"the comment has 103\d\d characters; CodeCommit takes", done.output)


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
    done = build(REAL, FAIL_ON="replace")
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
    assert shapes.problems("codebuild", "StartBuild", {"projectName": "review", **sent}) == []
    told = {one["name"]: one["value"] for one in sent["environmentVariablesOverride"]}
    spec = importlib.util.spec_from_file_location("comment", INTEGRATIONS / "codecommit/comment.py")
    assert spec
    assert spec.loader
    comment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(comment)
    assert list(told) == list(comment.FORMS)
    assert list(told.values()) == ["12", "shop", "a" * 40, "b" * 40]
    assert sent["sourceVersion"] == told["SOURCE_COMMIT"]


def test_the_buildspec_fits_into_a_project() -> None:
    """It asks CodeBuild for what there is, and has all of its commands from the other source."""
    spec = yaml.safe_load(BUILDSPEC)
    assert list(spec["phases"]) == ["install", "build"]
    commands = "".join(line for phase in spec["phases"].values() for line in phase["commands"])
    files = re.findall(r'"\$CODEBUILD_SRC_DIR_CFNGEN/(.*?)"', commands)
    assert set(files) >= {"integrations/install.sh", "integrations/review.sh"}
    assert all((ROOT / file).exists() for file in files)
