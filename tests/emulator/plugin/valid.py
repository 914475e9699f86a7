"""Holds every request to the service's model: names, types, enumerations, patterns, lengths.

Clients check some of it before they send; what API Gateway, rules and schedules send, nobody does.
Source: the service models in botocore, which AWS makes its own SDKs from.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import botocore.session
import own
from botocore.validate import ParamValidator
from ministack import app

INVALID: list[str] = []  # what was wrong with requests
SERVICES = (
    *("codebuild", "codecommit", "codepipeline", "ecr", "ecs", "events", "kms", "logs"),
    *("secretsmanager", "sqs", "ssm"),
)


@functools.cache
def models() -> dict[str, Any]:
    """Return the models of services whose requests are JSON, by the prefix of their targets."""
    session = botocore.session.get_session()
    found = (session.get_service_model(service) for service in SERVICES)
    return {model.metadata["targetPrefix"]: model for model in found}


def problems(target: str, asked: dict[str, Any]) -> list[str]:
    """Return what is wrong with a request."""
    prefix, _, name = target.rpartition(".")
    model = models().get(prefix)
    if not model or name not in model.operation_names:
        return []
    shape = model.operation_model(name).input_shape
    report = ParamValidator().validate(asked, shape)
    found = [report.generate_report()] if report.has_errors() else list(limits(asked, shape))
    return [f"{target}: {problem}" for problem in found]


def limits(value: Any, shape: Any, where: str = "") -> Any:
    """Yield what is beyond an enumeration, a pattern or a length."""
    if shape.type_name == "string":
        yield from of_text(value, shape.metadata, where)
    elif shape.type_name == "structure":
        yield from (f"{where}.{name} is unknown" for name in value if name not in shape.members)
        for name in value.keys() & shape.members.keys():
            yield from limits(value[name], shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{where} has {len(value)} items"
        for item in value:
            yield from limits(item, shape.member, f"{where}[]")


def of_text(value: str, told: dict[str, Any], where: str) -> Any:
    """Yield what a text is not."""
    if told.get("enum") and value not in told["enum"]:
        yield f"{where} cannot be {value!r}"
    if len(value) > told.get("max", len(value)):
        yield f"{where} has {len(value)} characters"
    pattern = python(told.get("pattern", ""))
    if pattern and not pattern.search(value):
        yield f"{where} {value[:100]!r} is not of {told['pattern']}"


@functools.cache
def python(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of Java's as one of Python's, if it is one."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def plug_in() -> None:
    """Look at requests on their way."""
    theirs = app._dispatch_service_request

    async def ours(method: str, path: str, headers: Any, body: bytes, *more: Any) -> Any:
        target = headers.get("x-amz-target", "")
        if target:
            try:
                INVALID.extend(problems(target, own.parsed(body)))
            except Exception as error:
                INVALID.append(f"{target}: {error!r} for {json.dumps(own.parsed(body))[:200]}")
        return await theirs(method, path, headers, body, *more)

    app._dispatch_service_request = ours
