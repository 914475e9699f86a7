"""The comments of CodeCommit's pull requests, on loopback."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from support import shapes
from support.loopback import Loopback, reply_json

ROLE = "arn:aws:sts::123456789012:assumed-role/ReviewRole"
IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{}</Arn><UserId>A</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>
"""


class CodeCommit(Loopback):
    """The comments of pull requests; requests are held to the service's model in botocore.

    Attributes:
        comments: what was written, oldest first.
        calls: the operations that were asked for, in order.
        session: the session that the caller's role has; every build has another.
        strict: whether another session of a role is somebody else.
        tokens: the requests that had a token.
    """

    page = 2

    def __init__(self) -> None:
        """Start without any."""
        self.comments: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.session = "AWSCodeBuild-1"
        self.strict = False
        self.tokens: dict[str, dict[str, Any]] = {}
        state = self

        class Ours(Handler):
            here = state

        self.listen(Ours)

    @property
    def caller(self) -> str:
        """Who asks."""
        return f"{ROLE}/{self.session}"

    def add(self, author: str, content: str, **more: Any) -> dict[str, Any]:
        """Write a comment as somebody."""
        made = {
            "commentId": f"c{len(self.comments)}",
            "content": content,
            "authorArn": author,
            "creationDate": 1700000000.25 + len(self.comments),
            "deleted": False,
            **more,
        }
        self.comments.append(made)
        return made

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer an operation."""
        self.calls.append(operation)
        if wrong := shapes.refusal("codecommit", operation, request):
            return 400, dict(zip(("__type", "message"), wrong, strict=True))
        return {
            "GetCommentsForPullRequest": self.listed,
            "PostCommentForPullRequest": self.posted,
            "UpdateComment": self.updated,
        }[operation](request)

    def listed(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return a page of groups of comments, one in each."""
        start = int(request.get("nextToken", 0))
        groups = [
            {"pullRequestId": request["pullRequestId"], "comments": [comment]}
            for comment in self.comments[start : start + self.page]
        ]
        answer: dict[str, Any] = {"commentsForPullRequestData": groups}
        if start + self.page < len(self.comments):
            answer["nextToken"] = str(start + self.page)
        return 200, answer

    def posted(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Write a comment, once for each token."""
        if len(request["content"]) > 10_240:
            return 400, {"__type": "CommentContentSizeLimitExceededException"}
        if request["clientRequestToken"] not in self.tokens:
            self.add(self.caller, request["content"])
        self.tokens[request["clientRequestToken"]] = request
        return 200, {"pullRequestId": request["pullRequestId"]}

    def updated(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Write a comment anew, if it is the caller's."""
        (found,) = [one for one in self.comments if one["commentId"] == request["commentId"]]
        if self.strict and found["authorArn"] != self.caller:
            return 400, {"__type": "CommentNotCreatedByCallerException", "message": "not yours"}
        found["content"] = request["content"]
        return 200, {"comment": found}


class Handler(BaseHTTPRequestHandler):
    """Tells the protocols apart."""

    here: CodeCommit

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer an operation."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        _, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if operation:
            reply_json(self, *self.here.answer(operation, json.loads(sent)))
            return
        assert b"Action=GetCallerIdentity" in sent
        body = IDENTITY.format(self.here.caller).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
