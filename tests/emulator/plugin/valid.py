"""Refuses every request that is not of the service's model, as the service would.

Clients check some of it before they send; what API Gateway, rules and schedules send, nobody does.
What was refused is kept as well: a payload may go on after a refusal, and a test would not see it.
"""

from __future__ import annotations

from typing import Any

import own
from ministack import app
from ministack.core.responses import error_response_json
from support import shapes

INVALID: list[str] = []  # what was wrong with requests


def problems(target: str, asked: dict[str, Any]) -> list[str]:
    """Return what is wrong with a request."""
    if target.rpartition(".")[0] not in shapes.prefixes():
        return []
    service, operation = shapes.of_header(target)
    return [f"{target}: {problem}" for problem in shapes.problems(service, operation, asked)]


def plug_in() -> None:
    """Look at requests on their way."""
    theirs = app._dispatch_service_request

    async def ours(method: str, path: str, headers: Any, body: bytes, *more: Any) -> Any:
        target = headers.get("x-amz-target", "")
        found = problems(target, own.parsed(body)) if target else []
        if found:
            INVALID.extend(found)
            return error_response_json("ValidationException", "; ".join(found), 400)
        return await theirs(method, path, headers, body, *more)

    app._dispatch_service_request = ours
