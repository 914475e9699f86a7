"""Keeps one comment on a pull request of Backlog that says what cfngen review says of it.

`comment.py REVIEW.txt REVIEW.json` comments, `comment.py --open` prints the open pull requests,
each as NUMBER, BASE and BRANCH with tabs between them, `comment.py --check` only looks at the
variables.
It needs nothing but Python.

Backlog's text knows no HTML, so the review is the one for terminals, in a block of code, and a
plain line marks the comment. Such a block is written in another way in projects with Backlog's own
rules.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.append(str(Path(__file__).resolve().parents[1]))  # which `python3 -I` leaves out

from forge_api import PAGE, Api, ForgeError, required, secure
from sticky_comment import Comment, Forge, main, redacted

OPEN = 1  # a pull request's status
# How long a comment may be is not documented. This much of any text fits into 65,535 bytes.
MAX_TEXT = 20_000
# How a block of code begins and ends, by the project's rule for text, and what could end it.
BLOCKS = {
    "markdown": ("\n```\n", "```\n", re.compile("`{3,}|~{3,}")),
    "backlog": ("{code}\n", "{/code}\n", re.compile(r"\{/?code[^}]*\}", re.I)),
}


class Backlog(Forge):
    """The comments of one pull request, by version 2 of Backlog's API."""

    name = "Backlog"
    marker = "cfngen review:"

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn where the API is and what it is asked about."""
        url = secure("BACKLOG_URL", environment.get("BACKLOG_URL", ""))
        key = required(environment, "BACKLOG_API_KEY")
        self.secrets = (key,)
        self.api = Api(f"{url}/api/v2", query={"apiKey": key}, is_form=True)
        self.project = f"/projects/{quote(required(environment, 'BACKLOG_PROJECT'), safe='')}"
        repository = quote(required(environment, "BACKLOG_REPOSITORY"), safe="")
        self.requests = f"{self.project}/git/repositories/{repository}/pullRequests"
        self.path = f"{self.requests}/{int(environment.get('BACKLOG_PULL_REQUEST') or 0)}/comments"

    def open_requests(self) -> Iterator[tuple[int, str, str]]:
        """Yield number, base and branch of each open pull request."""
        offset, count = 0, PAGE
        while count == PAGE:
            query = {"statusId[]": OPEN, "count": PAGE, "offset": offset}
            answer = self.api.call("GET", self.requests, query=query)
            count = len(answer)
            offset += count
            for request in answer:
                yield int(request["number"]), request["base"], request["branch"]

    def writer(self) -> object:
        """Return the number of the key's user."""
        return self.api.call("GET", "/users/myself")["id"]

    def comments(self) -> Iterator[Comment]:
        """Yield all comments, oldest first.

        Whether a page begins with the comment of its smallest number or after it is not documented.
        """
        last, is_full = 0, True
        while is_full:
            query = {"order": "asc", "count": PAGE, "minId": last}
            answer = self.api.call("GET", self.path, query=query)
            new = [comment for comment in answer if comment["id"] > last]
            yield from map(_comment, new)
            is_full = len(answer) == PAGE and bool(new)
            last = new[-1]["id"] if new else last

    def add(self, text: str) -> Comment:
        """Write a comment, without a notification to anybody in particular."""
        return _comment(self.api.call("POST", self.path, {"content": text}))

    def update(self, comment: Comment, text: str) -> None:
        """Write a comment anew."""
        self.api.call("PATCH", f"{self.path}/{comment.key}", {"content": text})

    def body(self, text: str) -> str:
        """Return the comment in the form that the project's texts have."""
        rule = self.api.call("GET", self.project).get("textFormattingRule")
        begin, end, fence = BLOCKS.get(rule, BLOCKS["markdown"])
        text = fence.sub(lambda match: " ".join(match[0]), _cut(text))
        return f"{self.marker}\n{begin}{text.rstrip()}\n{end}"


def _comment(answer: dict[str, Any]) -> Comment:
    # One that only notes a change has no content.
    return Comment(str(int(answer["id"])), answer["createdUser"]["id"], answer["content"] or "")


def _cut(text: str) -> str:
    """Return the lines that fit, and how many did not."""
    lines, length = text.splitlines(), 0
    for number, line in enumerate(lines):
        length += len(line) + 1
        if length > MAX_TEXT:
            rest = f"… {len(lines) - number} more lines: the build's log has all of them."
            return "\n".join([*lines[:number], rest])
    return text


def list_open(environment: Mapping[str, str]) -> int:
    """Print the open pull requests; return 0, or 2 if they cannot be listed."""
    secrets: Sequence[str] = ()
    try:
        backlog = Backlog(environment)
        secrets = backlog.secrets
        rows = sorted(backlog.open_requests())
    except (ValueError, ForgeError) as error:
        message = f"the pull requests could not be listed: {error}"
        Backlog.report("error", redacted(message, secrets))
        return 2
    sys.stdout.writelines("\t".join(map(str, row)) + "\n" for row in rows)
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--open"]:
        sys.exit(list_open(os.environ))
    sys.exit(main(Backlog, os.environ, sys.argv[1:]))
