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
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# HTML that no viewer shows; a link's definition would do, too, if one did.
MARKER = "<!-- cfngen review -->"
LIMIT = 10_240  # characters of a comment; source: "Quotas in AWS CodeCommit"
FORMS = {
    "PULL_REQUEST_ID": r"[0-9]{1,18}",
    "REPOSITORY_NAME": r"[A-Za-z0-9_.-]{1,100}",
    "SOURCE_COMMIT": r"[0-9a-f]{40}",
    "DESTINATION_COMMIT": r"[0-9a-f]{40}",
}
NOT_OURS = ("CommentNotCreatedByCallerException", "CommentDeletedException")


class AwsError(Exception):
    """The `aws` command failed."""


def variables() -> dict[str, str]:
    """Return what the rule has told.

    Raises:
        ValueError: a variable is missing or not of its form, or `aws` would send its session's
            token without TLS.
    """
    for name, url in os.environ.items():
        address = urlsplit(url) if name.startswith("AWS_ENDPOINT_URL") else None
        if address and address.scheme != "https" and address.hostname != "127.0.0.1":
            raise ValueError(f"{name} is not https: {address.scheme or 'no scheme'}")
    found = {name: os.environ.get(name, "") for name in FORMS}
    wrong = [name for name, form in FORMS.items() if not re.fullmatch(form, found[name])]
    if wrong:
        raise ValueError(f"missing, or not of the form it has to have: {', '.join(wrong)}")
    return found


def aws(service: str, operation: str, asked: dict[str, str]) -> dict[str, Any]:
    """Run an operation of the `aws` command and return its answer; all pages, if there are pages.

    Raises:
        AwsError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - constant words and a file
            # With `=` in place of the space, version 1 of the command would not see it.
            ["aws", service, operation, "--output", "json", "--cli-input-json", f"file://{path}"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise AwsError(done.stderr.strip())
    return dict(json.loads(done.stdout))


def role(arn: str) -> str:
    """Return an identity without its session, which every build has one of its own."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def earlier(number: str) -> dict[str, Any] | None:
    """Return the newest comment that this role has written here, if there is one."""
    pages = aws("codecommit", "get-comments-for-pull-request", {"pullRequestId": number})
    found = [
        comment
        for group in pages["commentsForPullRequestData"]
        for comment in group.get("comments", ())
        if not comment.get("deleted") and comment.get("content", "").startswith(MARKER)
    ]
    if not found:
        return None
    we = role(aws("sts", "get-caller-identity", {})["Arn"])
    ours = [comment for comment in found if role(comment.get("authorArn", "")) == we]
    return max(ours, key=lambda comment: str(comment.get("creationDate", "")), default=None)


def keep(told: dict[str, str], text: str, *, silent: bool) -> str:
    """Write the comment and return what was done.

    Args:
        told: the variables.
        text: the comment, without its beginning.
        silent: whether there is no need for a comment where there is none yet.
    """
    commits = told["DESTINATION_COMMIT"], told["SOURCE_COMMIT"]
    content = f"{MARKER}\n{text}\n\nOf {commits[1][:10]}, against {commits[0][:10]}.\n"
    if len(content) > LIMIT:
        raise ValueError(f"the comment has {len(content)} characters; CodeCommit takes {LIMIT}")
    old = earlier(told["PULL_REQUEST_ID"])
    if old:
        if old["content"] == content:
            return "the comment says so already"
        try:
            change = {"commentId": old["commentId"], "content": content}
            aws("codecommit", "update-comment", change)
        except AwsError as error:
            # CodeCommit may take another session of the same role for somebody else.
            if not any(name in str(error) for name in NOT_OURS):
                raise
        else:
            return "updated the comment"
    elif silent:
        return "nothing changes, and there is no comment"
    asked = {
        "pullRequestId": told["PULL_REQUEST_ID"],
        "repositoryName": told["REPOSITORY_NAME"],
        "beforeCommitId": commits[0],
        "afterCommitId": commits[1],
        "content": content,
    }
    # The same comment is written once, however often its event comes.
    token = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    aws("codecommit", "post-comment-for-pull-request", {**asked, "clientRequestToken": token})
    return "wrote a comment"


def silent(review: dict[str, Any]) -> bool:
    """Whether a review says that nothing changes, and that nothing was left unknown."""
    return review.get("stacks") == [] and review.get("unknowns") == []


def main(arguments: list[str]) -> int:
    """Keep the comment; return 0, or 2 if it cannot be written."""
    try:
        told = variables()
        if arguments == ["--check"]:
            return 0
        text, review = (Path(name).read_text(encoding="utf-8") for name in arguments)
        done = keep(told, text, silent=silent(json.loads(review)))
    except (ValueError, OSError, AwsError) as error:
        sys.stderr.write(f"comment.py: {error}\n")
        return 2
    sys.stdout.write(f"cfngen review: {done}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
