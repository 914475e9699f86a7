"""The comments of GitHub's issues and the notes of GitLab's merge requests, on loopback."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.loopback import Loopback, reply_json

BOT = "github-actions[bot]"


class Comments(Loopback):
    """What was written, by number, oldest first.

    Attributes:
        comments: number, author, text.
        calls: method and path of each request.
        tokens: what requests were authorized with.
        refused: the statuses of the next requests of each method, before they do anything.
        lost: the statuses of the next requests of each method, which they get for what they did.
        writer: who the token belongs to.
        elsewhere: where reading is redirected to.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.comments: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.tokens: list[str] = []
        self.refused: dict[str, list[int]] = {}
        self.lost: dict[str, list[int]] = {}
        self.writer = BOT
        self.elsewhere = ""
        state = self

        class Ours(Handler):
            here = state

        self.listen(Ours)

    def add(self, author: str, body: str) -> dict[str, Any]:
        """Write a comment as somebody."""
        made = {
            "id": 100 + len(self.comments),
            "body": body,
            "user": {"login": author},  # GitHub's
            "author": {"id": author},  # GitLab's
        }
        self.comments.append(made)
        return made

    def methods(self) -> list[str]:
        """Return the methods of what was asked for, in order."""
        return [method for method, _ in self.calls]

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Answer a request; return a status and what is said."""
        url = urlsplit(path)
        if url.path.endswith("/user"):
            return 200, {"id": self.writer}
        if method == "GET":
            asked = {name: int(found[0]) for name, found in parse_qs(url.query).items()
                     if found[0].isdigit()}  # fmt: skip
            start = (asked.get("page", 1) - 1) * asked.get("per_page", 30)
            return 200, self.comments[start : start + asked.get("per_page", 30)]
        if len(sent["body"]) > 65_536:
            return 422, {"message": "Validation Failed"}
        if method == "POST":
            return 201, self.add(self.writer, sent["body"])
        number = int(url.path.rpartition("/")[2])
        (found,) = [comment for comment in self.comments if comment["id"] == number]
        found["body"] = sent["body"]
        return 200, found


class Handler(BaseHTTPRequestHandler):
    """Answers as the two services do, whose shapes are alike."""

    here: Comments
    KNOWN = re.compile(
        r"/repos/acme/shop/issues/(7/comments|comments/\d+)"
        r"|/user|/projects/12/merge_requests/7/notes(/\d+)?"
    )

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def answer(self) -> None:
        """Answer a request."""
        here, method = self.here, self.command
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        here.calls.append((method, self.path))
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
        if token:
            here.tokens.append(token)
        if method == "GET" and here.elsewhere:
            self.send_response(302)
            self.send_header("Location", here.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif here.refused.get(method):
            status = here.refused[method].pop(0)
            reply_json(self, status, {"message": "Resource not accessible\nby integration"})
        elif not self.KNOWN.fullmatch(urlsplit(self.path).path):
            reply_json(self, 404, {"message": "Not Found"})
        else:
            status, said = here.answer(method, self.path, sent)
            if here.lost.get(method):
                status, said = here.lost[method].pop(0), {"message": "Server Error"}
            reply_json(self, status, said)

    do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - as it must be
