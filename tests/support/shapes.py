"""One judge of what is handed to an API of AWS: botocore's service models, all of what they say.

`botocore.validate.ParamValidator` looks at types, required members and minima only. Patterns,
enumerations, maxima, unions and unknown members are judged here as well, as the services do: a
pattern is matched whole, since their models carry no anchors and the services refuse what only
holds a match.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import botocore.session
import regex

# Names in error messages, by the type of a model; what Python hands over for each.
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


def problems(service: str, operation: str, parameters: Any) -> list[str]:
    """Return what AWS would refuse in a request, each with its place.

    Args:
        service: as botocore names it, such as `codepipeline`.
        operation: such as `DisableStageTransition`.
        parameters: the request's members, as plain data.

    Raises:
        ValueError: there is no such service or operation, so that nothing was judged.
        UnreadablePatternError: a pattern is not of the engine's language.
    """
    shape = input_of(service, operation)
    return list(judged(parameters, shape, "")) if shape else []


def input_of(service: str, operation: str) -> Any:
    """Return the shape of what an operation takes, or nothing if it takes nothing."""
    try:
        return model(service).operation_model(operation).input_shape
    except Exception as error:
        raise ValueError(f"no operation {service} {operation}: {error}") from None


@functools.cache
def model(service: str) -> Any:
    """Return a service's description."""
    return botocore.session.get_session().get_service_model(service)


def judged(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with a value of a shape."""
    kind, place = shape.type_name, where or "the request"
    right = PYTHON[kind]
    if not isinstance(value, right) or (isinstance(value, bool) and bool not in right):
        yield f"{place} is {value!r}, not of type {kind}"
    elif kind == "structure":
        yield from _structure(value, shape, where)
    elif kind == "map":
        yield from _size(len(value), shape.metadata, place, "entries")
        for key, item in value.items():
            yield from judged(key, shape.key, f"the key {key!r} of {place}")
            yield from judged(item, shape.value, f"{where}[{key!r}]")
    elif kind == "list":
        yield from _size(len(value), shape.metadata, place, "items")
        for number, item in enumerate(value):
            yield from judged(item, shape.member, f"{where}[{number}]")
    elif kind == "blob":
        content = base64.b64decode(value) if isinstance(value, str) else value
        yield from _size(len(content), shape.metadata, place, "bytes")
    elif kind in ("string", "character"):
        yield from _text(value, shape.metadata, place)
    elif kind not in ("boolean", "timestamp"):
        least, most = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not least <= value <= most:
            yield f"{place} is {value}, not from {least} to {most}"


def _structure(value: dict[str, Any], shape: Any, where: str) -> Iterator[str]:
    members, place = shape.members, where or "the request"
    yield from (f"{place} has no {name}" for name in shape.required_members if name not in value)
    yield from (f"{place} takes no member {name!r}" for name in value if name not in members)
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{place} takes exactly one of {', '.join(members)}, and has {len(value)}"
    for name in members:
        if name in value:
            yield from judged(value[name], members[name], f"{where}.{name}".lstrip("."))


def _size(size: int, limits: dict[str, Any], place: str, what: str) -> Iterator[str]:
    if size < limits.get("min", 0):
        yield f"{place} has {size} {what}, fewer than {limits['min']}"
    if size > limits.get("max", size):
        yield f"{place} has {size} {what}, more than {limits['max']}"


def _text(value: str, limits: dict[str, Any], place: str) -> Iterator[str]:
    yield from _size(len(value), limits, place, "characters")
    if limits.get("enum") and value not in limits["enum"]:
        yield f"{place} is {value!r}, none of {', '.join(limits['enum'])}"
    pattern = limits.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{place} is {value[:100]!r}, not all of it of {pattern}"


class UnreadablePatternError(ValueError):
    """A pattern that the engine does not read: it must be listed, not skipped."""


# Java writes a character beyond the first 65,536 as two.
PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"


@functools.cache
def compiled(pattern: str) -> regex.Pattern[str]:
    r"""Return a pattern of Java's, which knows `\p{Alpha}` and possessive quantifiers, compiled.

    Raises:
        UnreadablePatternError: it cannot be.
    """
    try:
        text = pattern.replace(*PAIRS)
        return regex.compile(text, regex.VERSION1 if "&&" in text else regex.VERSION0)
    except regex.error as error:
        raise UnreadablePatternError(f"{pattern}: {error}") from None
