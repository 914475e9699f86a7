"""Keeps one comment on a pull request of GitHub that says what cfngen review says of it.

It needs nothing but Python. A token that may not write, as a fork's, is told of and no failure:
the job's summary has the same text.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.append(str(Path(__file__).resolve().parents[1]))  # which `python3 -I` leaves out

from forge_api import Api, required, secure
from sticky_comment import MARKER, Comment, Forge, main


class GitHub(Forge):
    """The comments of one pull request, by GitHub's REST API."""

    name = "GitHub"
    forbidden = (403, 404)  # GitHub says 404 of what a token may not see

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn from a runner's environment where the API is and what it is asked about."""
        url = secure("GITHUB_API_URL", environment.get("GITHUB_API_URL", ""))
        token = required(environment, "GITHUB_TOKEN")
        self.secrets = (token,)
        self.api = Api(
            f"{url}/repos/{required(environment, 'GITHUB_REPOSITORY')}",
            ("Authorization", f"Bearer {token}"),
            {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        )
        self.path = f"/issues/{int(required(environment, 'PULL_REQUEST'))}/comments"
        self.author = environment.get("AUTHOR", "")
        self.marker = marker(environment.get("FOLDER", ""))

    def writer(self) -> str:
        """Return who the workflow says that it is: a job's token may not ask."""
        return self.author

    def comments(self) -> Iterator[Comment]:
        """Yield all of them, oldest first."""
        yield from map(_comment, self.api.pages(self.path))

    def add(self, text: str) -> Comment:
        """Write a comment."""
        return _comment(self.api.call("POST", self.path, {"body": text}))

    def update(self, comment: Comment, text: str) -> None:
        """Write a comment anew."""
        self.api.call("PATCH", f"/issues/comments/{comment.key}", {"body": text})

    def stranger(self, comment: Comment) -> str:
        """Return the warning that the token's comments are not those that are looked for."""
        if comment.author == self.author:
            return ""
        return (
            f"The token writes as {comment.author}: say so in the input author, "
            "or every run leaves a comment."
        )

    @staticmethod
    def report(kind: str, message: str) -> None:
        """Annotate the run; what is in a message cannot become a command."""
        message = message[:1].upper() + message[1:]
        if kind == "notice":
            message += " The job's summary has it, too. A fork's token may not write; others need"
            message += " `pull-requests: write`."
        for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
            message = message.replace(character, code)
        sys.stdout.write(f"::{kind} title=cfngen review::{message}\n")


def _comment(found: dict[str, Any]) -> Comment:
    author = (found.get("user") or {}).get("login")  # whose account may be gone
    return Comment(str(int(found["id"])), author, found["body"] or "", found.get("html_url") or "")


def marker(folder: str) -> str:
    """Return what a comment begins with; projects in one repository have a comment each."""
    name = os.path.normpath(folder or ".")
    return MARKER if name == "." else f"<!-- cfngen review: {quote(name).replace('-', '%2D')} -->"


if __name__ == "__main__":
    files = [os.environ.get("MARKDOWN", ""), os.environ.get("REVIEW", "")]
    sys.exit(main(GitHub, os.environ, files))
