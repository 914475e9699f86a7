"""One check of what is handed to an API of AWS: botocore's service models, all of what they say.

botocore's own validator looks at types, required members and minima only. Patterns, enumerations,
maxima, unions and unknown members are checked here as well, as the services do.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import botocore.session

from cfngen.linting.value_limits import beyond, beyond_range, beyond_size

# What Python hands over for each type of a model.
PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "blob": (str, bytes, bytearray),
    "timestamp": (str, int, float, datetime),
    "structure": (dict,),
    "list": (list, tuple),
    "map": (dict,),
}

# The services that we speak to in JSON, with the operation in a header.
IN_HEADER = (
    *("codebuild", "codecommit", "codepipeline", "ecr", "ecs", "events", "kms", "logs"),
    *("secretsmanager", "sqs", "ssm"),
)


def problems(service: str, operation: str, parameters: Any) -> list[str]:
    """Return what AWS would refuse in a request, each with its place.

    Args:
        service: as botocore names it, such as `codepipeline`.
        operation: such as `DisableStageTransition`.
        parameters: the request's members, as plain data.

    Raises:
        ValueError: there is no such service or operation, so that nothing was checked; or a
            pattern cannot be read.
    """
    shape = input_of(service, operation)
    return list(violations(parameters, shape, "")) if shape else []


def input_of(service: str, operation: str) -> Any:
    """Return the shape of what an operation takes, or nothing if it takes nothing.

    Raises:
        ValueError: there is no such service or operation.
    """
    try:
        return model(service).operation_model(operation).input_shape
    except Exception as error:
        raise ValueError(f"no operation {service} {operation}: {error}") from None


def refusal(service: str, operation: str, parameters: Any) -> tuple[str, str] | None:
    """Return the code and the message by which AWS refuses a request, or nothing.

    The code is the operation's own for a member where it has one, such as
    `InvalidRepositoryNameException`, and `ValidationException` otherwise.

    Raises:
        ValueError: as `problems` does.
    """
    found = problems(service, operation, parameters)
    if not found:
        return None
    errors = {shape.name for shape in model(service).operation_model(operation).error_shapes}
    for name, shape in input_of(service, operation).members.items():
        if name not in parameters:
            form = "{}RequiredException"
        elif any(violations(parameters[name], shape, name)):
            form = "Invalid{}Exception"
        else:
            continue
        # The error of `defaultBranchName` speaks of a branch's name.
        words = re.findall("[A-Z][a-z]*", name[0].upper() + name[1:])
        codes = [form.format("".join(words[start:])) for start in range(len(words))]
        for code in codes:
            if code in errors and (name in parameters or f"the request has no {name}" in found):
                return code, "; ".join(found)
    return "ValidationException", "; ".join(found)


def answer_problems(service: str, operation: str, answer: Any) -> list[str]:
    """Return where an answer is not of the service's model, so that AWS cannot give it."""
    shape = model(service).operation_model(operation).output_shape
    if not shape:
        return [f"{operation} answers nothing"] if answer else []
    return list(violations(answer, shape, ""))


def of_header(target: str) -> tuple[str, str]:
    """Return the service and the operation of the header `X-Amz-Target`.

    Raises:
        KeyError: it is none of `IN_HEADER`.
    """
    prefix, _, operation = target.rpartition(".")
    return prefixes()[prefix], operation


@functools.cache
def prefixes() -> dict[str, str]:
    """Return the services of `IN_HEADER` by the prefix of their operations in the header."""
    return {model(name).metadata["targetPrefix"]: name for name in IN_HEADER}


@functools.cache
def model(service: str) -> Any:
    """Return a service's description."""
    return botocore.session.get_session().get_service_model(service)


def violations(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with a value of a shape."""
    kind, place = shape.type_name, where or "the request"
    right = PYTHON[kind]
    if not isinstance(value, right) or (isinstance(value, bool) and bool not in right):
        yield f"{place} is {value!r}, not of type {kind}"
    elif kind == "structure":
        yield from _structure(value, shape, where)
    elif kind in ("list", "map"):
        yield from _several(value, shape, where)
    else:
        yield from (f"{place} {how}" for how in _single(value, kind, shape.metadata))


def _structure(value: dict[str, Any], shape: Any, where: str) -> Iterator[str]:
    members, place = shape.members, where or "the request"
    yield from (f"{place} has no {name}" for name in shape.required_members if name not in value)
    yield from (f"{place} takes no member {name!r}" for name in value if name not in members)
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{place} takes exactly one of {', '.join(members)}, and has {len(value)}"
    for name in members:
        if name in value:
            yield from violations(value[name], members[name], f"{where}.{name}".lstrip("."))


def _several(value: Any, shape: Any, where: str) -> Iterator[str]:
    items = shape.type_name == "list"
    unit = "items" if items else "entries"
    yield from (f"{where} {how}" for how in beyond_size(len(value), shape.metadata, unit))
    if items:
        for number, item in enumerate(value):
            yield from violations(item, shape.member, f"{where}[{number}]")
        return
    for key, item in value.items():
        yield from violations(key, shape.key, f"the key {key!r} of {where}")
        yield from violations(item, shape.value, f"{where}[{key!r}]")


def _single(value: Any, kind: str, limits: dict[str, Any]) -> Iterator[str]:
    if kind == "blob":
        content = base64.b64decode(value) if isinstance(value, str) else value
        yield from beyond_size(len(content), limits, "bytes")
    elif kind in ("string", "character"):
        yield from (how for _, how in beyond(value, limits))
    elif kind not in ("boolean", "timestamp"):
        yield from beyond_range(value, limits)
