"""Refuses every request that is not of the service's model, as the service would.

Clients check some of it before they send; what API Gateway, rules and schedules send, nobody does.
What was refused is kept as well: a payload may go on after a refusal, and a test would not see it.
"""

from __future__ import annotations

import functools
from typing import Any

import own
from ministack import app
from ministack.core.responses import error_response_json
from support import shapes

INVALID: list[str] = []  # what was wrong with requests
# Those whose requests are JSON with the operation in a header.
SERVICES = (
    *("codebuild", "codecommit", "codepipeline", "ecr", "ecs", "events", "kms", "logs"),
    *("secretsmanager", "sqs", "ssm"),
)


@functools.cache
def prefixes() -> dict[str, str]:
    """Return the services by the prefix of their operations' names in the header."""
    return {shapes.model(name).metadata["targetPrefix"]: name for name in SERVICES}


def problems(target: str, asked: dict[str, Any]) -> list[str]:
    """Return what is wrong with a request."""
    prefix, _, operation = target.rpartition(".")
    service = prefixes().get(prefix)
    if not service:
        return []
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
