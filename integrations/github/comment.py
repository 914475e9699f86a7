"""Keeps one comment on a pull request that says what cfngen review says of it.

It needs nothing but Python. A token that may not write, as a fork's, is told of and no failure:
the job's summary has the same text.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

MARKER = "<!-- cfngen review -->"
PAGE = 100
TRIES = 3
FORBIDDEN = (403, 404)  # GitHub says 404 of what a token may not see


class GitHub:
    """The comments of one pull request, by GitHub's REST API."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Learn from a runner's environment where the API is and what it is asked about."""
        self.url = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
        address = urlsplit(self.url)
        if address.scheme != "https" and address.hostname != "127.0.0.1":
            raise ValueError(f"GITHUB_API_URL is not https: {address.scheme}")
        self.number = int(environment["PULL_REQUEST"])
        self.token = environment["GITHUB_TOKEN"]

    def call(self, method: str, path: str, sent: dict[str, str] | None = None) -> Any:
        """Ask for something and return what is answered.

        Raises:
            urllib.error.URLError: it is refused, or cannot be asked for.
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            f"{self.url}{path}",
            data=json.dumps(sent).encode() if sent else None,
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "cfngen-review",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        # Not sent on to where an answer may redirect.
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def comments(self) -> list[dict[str, Any]]:
        """Return all of them, oldest first."""
        found: list[dict[str, Any]] = []
        page = 0
        while len(found) == page * PAGE:
            page += 1
            path = f"/issues/{self.number}/comments?per_page={PAGE}&page={page}"
            found += self.call("GET", path)
        return found

    def create(self, body: str) -> dict[str, Any]:
        """Write a comment."""
        return dict(self.call("POST", f"/issues/{self.number}/comments", {"body": body}))

    def update(self, comment: dict[str, Any], body: str) -> None:
        """Write a comment anew."""
        self.call("PATCH", f"/issues/comments/{int(comment['id'])}", {"body": body})


def marker(folder: str) -> str:
    """Return what a comment begins with; projects in one repository have a comment each."""
    name = os.path.normpath(folder or ".")
    return MARKER if name == "." else f"<!-- cfngen review: {quote(name).replace('-', '%2D')} -->"


def keep(github: GitHub, author: str, mark: str, text: str, *, silent: bool) -> str:
    """Write the comment and return what was done.

    Somebody else's comment is never updated, whatever it begins with.

    Args:
        github: where.
        author: whose comments the token writes.
        mark: what the comment begins with.
        text: the rest of it.
        silent: whether there is no need for a comment where there is none yet.
    """
    body = f"{mark}\n{text}"
    for comment in github.comments():
        if (comment["user"] or {}).get("login") == author and comment["body"].startswith(mark):
            if comment["body"] == body:
                return "the comment says so already"
            github.update(comment, body)
            return f"updated {comment.get('html_url', 'the comment')}"
    if silent:
        return "nothing changes, and there is no comment"
    made = github.create(body)
    if made["user"]["login"] != author:
        warn(
            "warning",
            f"The token writes as {made['user']['login']}: say so in the input author, "
            "or every run leaves a comment.",
        )
    return f"wrote {made.get('html_url', 'a comment')}"


def silent(review: dict[str, Any]) -> bool:
    """Whether a review says that nothing changes, and that nothing was left unknown."""
    return review.get("stacks") == [] and review.get("unknowns") == []


def warn(kind: str, message: str) -> None:
    """Annotate the run; what is in a message cannot become a command."""
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        message = message.replace(character, code)
    sys.stdout.write(f"::{kind} title=cfngen review::{message}\n")


def reason(error: urllib.error.URLError) -> str:
    """Return what is wrong, in GitHub's words where it says something."""
    if not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    try:
        said = json.load(error)["message"]
    except (ValueError, KeyError, TypeError):
        said = error.reason
    return f"{error.code} {said}"


def main() -> int:
    """Keep the comment; return 0, also where it may not be written, or 2."""
    environment = dict(os.environ)
    try:
        github = GitHub(environment)
    except ValueError as error:
        warn("error", f"The comment could not be written: {error}.")
        return 2
    text = Path(environment["MARKDOWN"]).read_text(encoding="utf-8")
    review = json.loads(Path(environment["REVIEW"]).read_text(encoding="utf-8"))
    mark = marker(environment["FOLDER"])
    for left in reversed(range(TRIES)):
        try:
            done = keep(github, environment["AUTHOR"], mark, text, silent=silent(review))
        except urllib.error.URLError as error:
            code = getattr(error, "code", 500)
            if code in FORBIDDEN:
                warn(
                    "notice",
                    f"The token may not write a comment here ({reason(error)}); the job's summary "
                    "has the review. A fork's may not; others need `pull-requests: write`.",
                )
                return 0
            if code < 500 or not left:
                warn("error", f"The comment could not be written: {reason(error)}.")
                return 2
            # Looked up again, so that what was written after all is not written twice.
            time.sleep(TRIES - left)
        else:
            sys.stdout.write(f"cfngen review: {done}\n")
            return 0
    return 2


if __name__ == "__main__":
    sys.exit(main())
