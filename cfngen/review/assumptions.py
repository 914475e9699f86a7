"""Which values parameters are assumed to have, where only a deployment knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfngen.cloudformation.text import Part, Ref, Text, Unknown, join, parts_of
from cfngen.cloudformation.values import scalar
from cfngen.review.stack import Stack


def default_parameters(before: Stack, after: Stack) -> dict[str, str]:
    """Return the defaults of all parameters, by name.

    A running stack keeps the value that it has; without other knowledge that is the default.
    """
    return {
        name: str(scalar(parameter["Default"]))
        for stack in (after, before)
        for name, parameter in stack.section("Parameters").items()
        if isinstance(parameter, dict) and isinstance(parameter.get("Default"), str | int)
    }


def with_parameters(value: Any, parameters: Mapping[str, str]) -> Any:
    """Return a resolved value with references to parameters replaced by their values.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> days = Resolver({}, {}).resolve({"Ref": "Retention"})
    >>> with_parameters({"Days": days}, {"Retention": "30"})
    {'Days': '30'}
    """
    if isinstance(value, dict):
        return {key: with_parameters(item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [with_parameters(item, parameters) for item in value]
    if not isinstance(value, Text) or not parameters:
        return value
    return join(_with_parameters(part, parameters) for part in value.parts)


def _with_parameters(part: Part, parameters: Mapping[str, str]) -> Part:
    if isinstance(part, Ref):
        return part if part.attribute else parameters.get(part.name, part)
    if isinstance(part, Unknown):
        inner = join(_with_parameters(inner, parameters) for inner in part.argument)
        return Unknown(part.function, parts_of(inner))
    return part
