"""Keeps one comment on a pull request of CodeCommit that says what cfngen review says of it.

`comment.py REVIEW.md REVIEW.json` comments, `comment.py --check` only looks at the variables. It
needs Python and the `aws` command. What is sent goes to `aws` in a file, so that nothing of it is
on a command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # which `python3 -I` leaves out

from forge_api import ForgeError, SomebodyElsesError, secure
from sticky_comment import Comment, Forge, main

FORMS = {
    "PULL_REQUEST_ID": r"[0-9]{1,18}",
    "REPOSITORY_NAME": r"[A-Za-z0-9_.-]{1,100}",
    "SOURCE_COMMIT": r"[0-9a-f]{40}",
    "DESTINATION_COMMIT": r"[0-9a-f]{40}",
}
NOT_OURS = ("CommentNotCreatedByCallerException", "CommentDeletedException")


class CodeCommit(Forge):
    """The comments of one pull request, by the `aws` command, which tries again by itself."""

    name = "CodeCommit"
    max_length = 10_240  # source: "Quotas in AWS CodeCommit"

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Look at the variables of the rule, and at where `aws` would send its session's token."""
        for name, url in environment.items():
            if name.startswith("AWS_ENDPOINT_URL"):
                secure(name, url)
        values = {name: environment.get(name, "") for name in FORMS}
        wrong = [name for name, form in FORMS.items() if not re.fullmatch(form, values[name])]
        if wrong:
            raise ValueError(f"missing, or not of the form it has to have: {', '.join(wrong)}")
        self.number, self.repository, self.after, self.before = values.values()
        self.end = f"\n\nOf {self.after[:10]}, against {self.before[:10]}.\n"

    def writer(self) -> str:
        """Return the role."""
        return role(aws("sts", "get-caller-identity", {})["Arn"])

    def comments(self) -> Iterator[Comment]:
        """Yield those that are not deleted, newest first."""
        pages = aws("codecommit", "get-comments-for-pull-request", {"pullRequestId": self.number})
        comments = [
            comment
            for group in pages["commentsForPullRequestData"]
            for comment in group.get("comments", ())
            if not comment.get("deleted")
        ]
        comments.sort(key=lambda comment: str(comment.get("creationDate", "")), reverse=True)
        for comment in comments:
            author = role(comment.get("authorArn", ""))
            yield Comment(comment["commentId"], author, comment.get("content", ""))

    def add(self, text: str) -> Comment:
        """Write a comment, once, however often its event comes."""
        request = {
            "pullRequestId": self.number,
            "repositoryName": self.repository,
            "beforeCommitId": self.before,
            "afterCommitId": self.after,
            "content": text,
        }
        token = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        request["clientRequestToken"] = token
        aws("codecommit", "post-comment-for-pull-request", request)
        return Comment("", None, text)

    def update(self, comment: Comment, text: str) -> None:
        """Write a comment anew."""
        aws("codecommit", "update-comment", {"commentId": comment.key, "content": text})


def aws(service: str, operation: str, request: Mapping[str, str]) -> dict[str, Any]:
    """Run an operation of the `aws` command and return its answer; all pages, if there are pages.

    Raises:
        ForgeError: it failed.
        SomebodyElsesError: CodeCommit takes another session of the same role for somebody else.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - constant words and a file
            # With `=` in place of the space, version 1 of the command would not see it.
            ["aws", service, operation, "--output", "json", "--cli-input-json", f"file://{path}"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        is_not_ours = any(name in done.stderr for name in NOT_OURS)
        raise (SomebodyElsesError if is_not_ours else ForgeError)(done.stderr.strip())
    return dict(json.loads(done.stdout))


def role(arn: str) -> str:
    """Return an identity without its session, which every build has one of its own."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


if __name__ == "__main__":
    sys.exit(main(CodeCommit, os.environ, sys.argv[1:]))
