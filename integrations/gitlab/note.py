"""Keeps one note on a merge request of GitLab that says what cfngen review says of it.

`note.py REVIEW.md REVIEW.json`, in a job for merge requests. It needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MARKER = "<!-- cfngen review -->"
PAGE = 100


class GitLab:
    """The notes of one merge request, by GitLab's REST API."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Learn from a job's environment where the API is and what it is asked about."""
        self.url = environment["CI_API_V4_URL"]
        project = int(environment["CI_PROJECT_ID"])
        request = int(environment["CI_MERGE_REQUEST_IID"])
        self.notes = f"/projects/{project}/merge_requests/{request}/notes"
        self.token = environment["CFNGEN_REVIEW_TOKEN"]
        address = urlsplit(self.url)
        # The token goes there.
        if address.scheme != "https" and address.hostname != "127.0.0.1":
            raise ValueError(f"CI_API_V4_URL is not https: {address.scheme or 'no scheme'}")

    def call(self, method: str, path: str, sent: dict[str, str] | None = None) -> Any:
        """Ask for something and return what is answered.

        Raises:
            OSError: it is refused, or cannot be asked for.
        """
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            f"{self.url}{path}",
            data=json.dumps(sent).encode() if sent else None,
            method=method,
            headers={"Content-Type": "application/json", "User-Agent": "cfngen-review"},
        )
        # Not sent on to where an answer may redirect.
        request.add_unredirected_header("PRIVATE-TOKEN", self.token)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def earlier(self) -> dict[str, Any] | None:
        """Return the note that this token's user has written here, if there is one."""
        we = self.call("GET", "/user")["id"]
        page, full = 0, True
        while full:
            page += 1
            found = self.call(
                "GET", f"{self.notes}?sort=asc&order_by=created_at&per_page={PAGE}&page={page}"
            )
            for note in found:
                if note["author"]["id"] == we and note["body"].startswith(MARKER):
                    return dict(note)
            full = len(found) == PAGE
        return None


def keep(gitlab: GitLab, text: str, *, silent: bool) -> str:
    """Write the note and return what was done.

    Args:
        gitlab: where.
        text: the note, without its beginning.
        silent: whether there is no need for a note where there is none yet.
    """
    body = f"{MARKER}\n{text}"
    old = gitlab.earlier()
    if old:
        gitlab.call("PUT", f"{gitlab.notes}/{int(old['id'])}", {"body": body})
        return "updated the note"
    if silent:
        return "nothing changes, and there is no note"
    gitlab.call("POST", gitlab.notes, {"body": body})
    return "wrote a note"


def silent(review: dict[str, Any]) -> bool:
    """Whether a review says that nothing changes, and that nothing was left unknown."""
    return review.get("stacks") == [] and review.get("unknowns") == []


def main(arguments: list[str]) -> int:
    """Keep the note; return 0, or 2 if it cannot be written."""
    try:
        text, review = (Path(name).read_text(encoding="utf-8") for name in arguments)
        done = keep(GitLab(dict(os.environ)), text, silent=silent(json.loads(review)))
    except (ValueError, OSError) as error:  # a URLError is an OSError
        sys.stderr.write(f"note.py: the note could not be written: {error}\n")
        return 2
    sys.stdout.write(f"cfngen review: {done}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
