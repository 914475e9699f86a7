"""The pull requests of a repository in Backlog and their comments, on loopback."""

from __future__ import annotations

import re
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from support.loopback import Loopback, reply_json

KEY = "secret+key/="
ROBOT = 5
PROJECT = "/api/v2/projects/SHOP"
REQUESTS = f"{PROJECT}/git/repositories/stacks/pullRequests"


class Backlog(Loopback):
    """A space with one repository, as strict as Backlog's documentation says that it is.

    Attributes:
        requests: number, base and branch of the open pull requests.
        comments: what was written on each of them, by its number, oldest first.
        calls: method and path of each request, without its query.
        rule: how the project's texts are formatted.
        refused: the answers to the next requests of each method, before they do anything.
        lost: the statuses of the next requests of each method, which they get for what they did.
        reset: seconds from now on until a limit's window ends; until then, all is refused.
        elsewhere: where reading is redirected to.
        starts_after: whether a page begins after the comment that minId names.
    """

    def __init__(self) -> None:
        """Start with a pull request, number 7."""
        self.requests = [(7, "main", "change")]
        self.comments: dict[int, list[dict[str, Any]]] = {7: []}
        self.calls: list[tuple[str, str]] = []
        self.rule = "markdown"
        self.refused: dict[str, list[int]] = {}
        self.lost: dict[str, list[int]] = {}
        self.reset = 0
        self.limited_until = 0
        self.elsewhere = ""
        self.starts_after = False
        state = self

        class Ours(Handler):
            here = state

        self.listen(Ours)

    def methods(self) -> list[str]:
        """Return the methods of what was asked for, in order."""
        return [method for method, _ in self.calls]

    def add(self, number: int, author: int, content: str | None) -> dict[str, Any]:
        """Write a comment as somebody; one without content notes a change."""
        comment = {
            "id": 30 + sum(map(len, self.comments.values())),
            "content": content,
            "createdUser": {"id": author, "userId": "somebody"},
        }
        self.comments[number].append(comment)
        return comment

    def texts(self, number: int = 7) -> list[str | None]:
        """Return what the comments on a pull request say."""
        return [comment["content"] for comment in self.comments[number]]

    def answer(
        self, method: str, path: str, query: dict[str, str], sent: dict[str, str]
    ) -> tuple[int, Any]:
        """Answer a request; return a status and what is said."""
        constant = {
            "/api/v2/users/myself": {"id": ROBOT, "userId": "robot"},
            PROJECT: {"projectKey": "SHOP", "textFormattingRule": self.rule},
        }
        if method == "GET" and path in constant:
            return 200, constant[path]
        if not 1 <= int(query.get("count", 20)) <= 100:
            return 400, "count"
        if method == "GET" and path == REQUESTS:
            assert query["statusId[]"] == "1"
            start = int(query.get("offset", 0))
            rows = self.requests[start : start + int(query.get("count", 20))]
            return 200, [{"number": n, "base": base, "branch": head} for n, base, head in rows]
        place = re.fullmatch(rf"{REQUESTS}/(\d+)/comments(|/\d+)", path)
        if not place or int(place[1]) not in self.comments:
            return 404, "No such pull request."
        return self.answer_comments(method, place[1], place[2], query, sent)

    def answer_comments(
        self, method: str, number: str, comment: str, query: dict[str, str], sent: dict[str, str]
    ) -> tuple[int, Any]:
        """Answer a request about the comments of a pull request."""
        if method == "GET" and not comment:
            return 200, self.page(int(number), query)
        if not sent.get("content"):
            return 400, "content"
        if method == "POST" and not comment:
            return 201, self.add(int(number), ROBOT, sent["content"])
        matches = [one for one in self.comments[int(number)] if f"/{one['id']}" == comment]
        if method != "PATCH" or not matches:
            return 404, "No such comment."
        if matches[0]["createdUser"]["id"] != ROBOT:
            return 403, "You do not have permission to access it."
        matches[0]["content"] = sent["content"]
        return 200, matches[0]

    def page(self, number: int, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return some comments, the newest first if it is not said otherwise."""
        least = int(query.get("minId", 0)) + self.starts_after
        rows = [one for one in self.comments[number] if one["id"] >= least]
        if query.get("order", "desc") == "desc":
            rows.reverse()
        return rows[: int(query.get("count", 20))]


class Handler(BaseHTTPRequestHandler):
    """Tells who may ask, and how often."""

    here: Backlog

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def error(self, status: int, message: str) -> None:
        """Answer with an error in Backlog's form."""
        reply_json(self, status, {"errors": [{"message": message, "code": 1, "moreInfo": ""}]})

    def answer(self) -> None:
        """Answer a request."""
        here, method, url = self.here, self.command, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        here.calls.append((method, url.path))
        is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        if here.elsewhere and method == "GET":
            self.send_response(302)
            self.send_header("Location", here.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif query.get("apiKey") != KEY:
            self.error(401, f"Authentication failure: {query.get('apiKey')}")
        elif int(time.time()) <= here.limited_until:
            self.refuse(429)
        elif here.refused.get(method):
            self.refuse(here.refused[method].pop(0))
        elif body and not is_form:
            self.error(400, "A form is wanted.")
        else:
            status, answer = here.answer(method, url.path, query, dict(parse_qsl(body)))
            if here.lost.get(method):
                status, answer = here.lost[method].pop(0), "Server Error"
            if status >= 400:
                self.error(status, answer)
            else:
                reply_json(self, status, answer)

    def refuse(self, status: int) -> None:
        """Refuse; with a limit's headers if it is because of one."""
        if status != 429:
            self.error(status, "Refused.")
            return
        here = self.here
        here.limited_until = here.limited_until or int(time.time()) + here.reset
        self.send_response(status)
        self.send_header("X-RateLimit-Limit", "600")
        self.send_header("X-RateLimit-Remaining", "0")
        self.send_header("X-RateLimit-Reset", str(here.limited_until))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as it must be
