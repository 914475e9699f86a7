"""Keeps one note on a merge request of GitLab that says what cfngen review says of it.

`note.py REVIEW.md REVIEW.json`, in a job for merge requests. It needs nothing but Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # which `python3 -I` leaves out

from forge_api import Api, required, secure
from sticky_comment import Comment, Forge, main


class GitLab(Forge):
    """The notes of one merge request, by GitLab's REST API."""

    name = "GitLab"
    noun = "note"

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Learn from a job's environment where the API is and what it is asked about."""
        url = secure("CI_API_V4_URL", environment.get("CI_API_V4_URL", ""))
        token = required(environment, "CFNGEN_REVIEW_TOKEN")
        self.secrets = (token,)
        self.api = Api(url, ("PRIVATE-TOKEN", token))
        project = int(required(environment, "CI_PROJECT_ID"))
        request = int(required(environment, "CI_MERGE_REQUEST_IID"))
        self.path = f"/projects/{project}/merge_requests/{request}/notes"

    def writer(self) -> object:
        """Return the number of the token's user."""
        return self.api.call("GET", "/user")["id"]

    def comments(self) -> Iterator[Comment]:
        """Yield all notes, oldest first."""
        yield from map(_comment, self.api.pages(self.path, sort="asc", order_by="created_at"))

    def add(self, text: str) -> Comment:
        """Write a note."""
        return _comment(self.api.call("POST", self.path, {"body": text}))

    def update(self, comment: Comment, text: str) -> None:
        """Write a note anew."""
        self.api.call("PUT", f"{self.path}/{comment.key}", {"body": text})


def _comment(found: dict[str, Any]) -> Comment:
    return Comment(str(int(found["id"])), found["author"]["id"], found["body"])


if __name__ == "__main__":
    sys.exit(main(GitLab, os.environ, sys.argv[1:]))
