"""answer_pull_request.py, run for real: its own file, real boto3, CodeCommit on loopback."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.aws_on_loopback import Aws, RefusalError, key_of
from support.branches import FUNCTIONS
from support.payload_runs import load

pytestmark = pytest.mark.payloads

HERE = FUNCTIONS / "answer_pull_request.py"
COMMIT, OLD, BASE = "a" * 40, "b" * 40, "c" * 40
ROLE = "arn:aws:iam::222233334444:role/there-AnswerRole-A"


class PullRequests(Aws):
    """CodeCommit's pull requests; requests are held against the service model in botocore.

    Attributes:
        requests: the pull requests, by number.
        comments: what was posted: number, text, commits.
        states: the approval state of each revision.
        moved: pull requests that change while they are being answered.
    """

    page = 1

    def __init__(self, root: Path) -> None:
        """Start without any."""
        super().__init__(root)
        self.requests: dict[str, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.states: dict[tuple[str, str], str] = {}
        self.moved: set[str] = set()

    def open(self, branch: str = "main", commit: str = COMMIT, *, status: str = "OPEN") -> str:
        """Open a pull request."""
        number = str(len(self.requests) + 1)
        self.requests[number] = {
            "pullRequestId": number,
            "pullRequestStatus": status,
            "revisionId": f"revision-{number}",
            "pullRequestTargets": [
                {
                    "repositoryName": "shop",
                    "sourceReference": f"refs/heads/{branch}",
                    "destinationReference": "refs/heads/trunk",
                    "sourceCommit": commit,
                    "destinationCommit": BASE,
                }
            ],
        }
        return number

    def codecommit(self, operation: str, _: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer for CodeCommit."""
        if operation == "ListPullRequests":
            found = [
                number
                for number, request in self.requests.items()
                if request["pullRequestStatus"] == asked["pullRequestStatus"]
                and asked["repositoryName"] == "shop"
            ]
            start = int(asked.get("nextToken", 0))
            answer: dict[str, Any] = {"pullRequestIds": found[start : start + self.page]}
            if start + self.page < len(found):
                answer["nextToken"] = str(start + self.page)
            return answer
        if operation == "GetPullRequest":
            return {"pullRequest": self.requests[asked["pullRequestId"]]}
        if operation == "PostCommentForPullRequest":
            if asked["clientRequestToken"] not in self.tokens:
                self.comments.append(asked)
            self.tokens.add(asked["clientRequestToken"])
            return {}
        if operation == "UpdatePullRequestApprovalState":
            if asked["pullRequestId"] in self.moved:
                raise RefusalError("RevisionNotCurrentException", "moved")
            self.states[asked["pullRequestId"], asked["revisionId"]] = asked["approvalState"]
            return {}
        raise RefusalError("UnknownOperationException", operation)


def ended(status: str = "SUCCEEDED", **variables: str) -> dict[str, Any]:
    """Return the event of a build's end, as CodeBuild sends it.

    Source: AWS page "Build notifications input format reference" of CodeBuild.
    """
    told = {"REPOSITORY_NAME": "shop", "BRANCH_NAME": "main", "COMMIT_ID": COMMIT, **variables}
    return {
        "source": "aws.codebuild",
        "detail-type": "CodeBuild Build State Change",
        "detail": {
            "build-status": status,
            "project-name": "Builds",
            "build-id": "arn:aws:codebuild:eu-west-1:123456789012:build/Builds:8745a7a9-c340",
            "additional-information": {
                "environment": {
                    "environment-variables": [
                        {"name": key, "type": "PLAINTEXT", "value": value}
                        for key, value in told.items()
                    ]
                },
                "logs": {"deep-link": "https://console.aws.amazon.com/log"},
            },
        },
    }


Answer = Callable[..., dict[str, Any]]


@pytest.fixture
def codecommit(tmp_path: Path) -> Iterator[PullRequests]:
    """Serve CodeCommit."""
    with PullRequests(tmp_path) as serving:
        yield serving


@pytest.fixture
def answer(aws: str, codecommit: PullRequests, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Return the handler; keywords are its environment."""
    for name in ("AWS_ENDPOINT_URL_CODECOMMIT", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, codecommit.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def call(event: dict[str, Any], left: int = 300_000, **environment: str) -> dict[str, Any]:
        for key, value in {"APPROVE": "true", "SOURCE_REGION": "eu-west-1", **environment}.items():
            monkeypatch.setenv(key, value)
        module = load(HERE)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            context = SimpleNamespace(get_remaining_time_in_millis=lambda: left)
            said: dict[str, Any] = module.handler(event, context)
        assert all(json.loads(line) for line in out.getvalue().splitlines())
        return said

    return call


def test_the_pull_request_of_the_branch_is_told_and_approved(
    answer: Answer, codecommit: PullRequests
) -> None:
    """That whose newest commit was built, and no other; however many pages there are."""
    codecommit.open("other")
    codecommit.open("main", OLD)
    codecommit.open("main", status="CLOSED")
    number = codecommit.open()
    assert answer(ended())["pull_requests"] == [number]
    (comment,) = codecommit.comments
    assert comment["pullRequestId"] == number
    assert (comment["beforeCommitId"], comment["afterCommitId"]) == (BASE, COMMIT)
    assert comment["content"] == (
        "Build of aaaaaaaaaa: **succeeded** ([log](https://console.aws.amazon.com/log))"
    )
    assert codecommit.states == {(number, f"revision-{number}"): "APPROVE"}


@pytest.mark.parametrize("status", ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"])
def test_what_did_not_succeed_takes_the_approval_back(
    answer: Answer, codecommit: PullRequests, status: str
) -> None:
    """A second build of the commit may fail after the first one has succeeded."""
    number = codecommit.open()
    answer(ended(status))
    assert codecommit.states == {(number, f"revision-{number}"): "REVOKE"}
    assert f"**{status.lower().replace('_', ' ')}**" in codecommit.comments[0]["content"]


def test_two_pull_requests_of_a_branch_are_both_told(
    answer: Answer, codecommit: PullRequests
) -> None:
    """A branch may be to go into two others."""
    assert answer(ended())["pull_requests"] == []
    numbers = [codecommit.open(), codecommit.open()]
    assert answer(ended())["pull_requests"] == numbers
    assert [comment["pullRequestId"] for comment in codecommit.comments] == numbers


def test_an_event_that_comes_twice_is_one_comment(answer: Answer, codecommit: PullRequests) -> None:
    """EventBridge delivers at least once."""
    codecommit.open()
    answer(ended())
    answer(ended())
    assert len(codecommit.comments) == 1


def test_without_being_asked_to_it_does_not_approve(
    answer: Answer, codecommit: PullRequests
) -> None:
    """With `pull_requests = "comment"`."""
    codecommit.open()
    answer(ended(), APPROVE="false")
    assert len(codecommit.comments) == 1
    assert codecommit.states == {}


def test_a_commit_that_came_meanwhile_is_no_failure(
    answer: Answer, codecommit: PullRequests
) -> None:
    """Its own build will tell."""
    number = codecommit.open()
    codecommit.moved.add(number)
    assert answer(ended())["pull_requests"] == [number]
    assert codecommit.states == {}


def test_more_pull_requests_than_there_is_time_for_are_a_failure_that_says_so(
    answer: Answer, codecommit: PullRequests
) -> None:
    """Rather than an end in the middle, of which nobody learns the reason."""
    codecommit.open()
    with pytest.raises(TimeoutError, match="shop has too many open pull requests"):
        answer(ended(), left=10_000)
    assert codecommit.comments == []


def test_a_refusal_is_a_failure(answer: Answer, codecommit: PullRequests) -> None:
    """Lambda tries again, and keeps the event then."""
    codecommit.open()
    codecommit.denied.add("CodeCommit_20150413.UpdatePullRequestApprovalState")
    with pytest.raises(Exception, match="AccessDenied"):
        answer(ended())


@pytest.mark.parametrize(
    "variables",
    [
        {"REPOSITORY_NAME": "../shop"},
        {"COMMIT_ID": "HEAD"},
        {"COMMIT_ID": ""},
        {"REPOSITORY_NAME": ""},
    ],
)
def test_builds_that_are_none_of_ours_are_left_alone(
    answer: Answer, codecommit: PullRequests, variables: dict[str, str]
) -> None:
    """A project that is there may be built for other reasons, by other people."""
    codecommit.open()
    assert answer(ended(**variables))["outcome"] == "none of ours"
    assert codecommit.calls == []


def test_a_hostile_branch_is_a_name_like_any_other(
    answer: Answer, codecommit: PullRequests
) -> None:
    """It is compared, and nowhere printed into what people read."""
    branch = '](javascript:alert(1)) "$(id)'
    number = codecommit.open(branch)
    assert answer(ended(BRANCH_NAME=branch))["pull_requests"] == [number]
    assert "javascript" not in codecommit.comments[0]["content"]


def test_in_another_account_it_goes_by_the_role_there(
    answer: Answer, codecommit: PullRequests
) -> None:
    """Every call to CodeCommit is signed by it, in the repositories' region."""
    codecommit.open()
    answer(ended(), SOURCE_ROLE=ROLE, SOURCE_REGION="us-west-2")
    assert len(codecommit.comments) == 1
    assert (key_of(ROLE), "us-west-2") in codecommit.signers
    assert {region for key, region in codecommit.signers if key == key_of(ROLE)} == {"us-west-2"}
