"""Which values parameters are assumed to have, where only a deployment knows."""

from __future__ import annotations

from typing import Any

from cfngen.cloudformation.values import PRIVATE, REFERENCE, SPOOF, scalar
from cfngen.review.stack import Stack


def default_parameters(before: Stack, after: Stack) -> dict[str, str]:
    """Return the defaults of all parameters, by name.

    A running stack keeps the value that it has; without other knowledge that is the default.
    """
    return {
        name: PRIVATE.sub(SPOOF, scalar(parameter["Default"]))
        for stack in (after, before)
        for name, parameter in stack.section("Parameters").items()
        if isinstance(parameter, dict) and isinstance(parameter.get("Default"), str | int)
    }


def with_parameters(value: Any, parameters: dict[str, str]) -> Any:
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
    if not isinstance(value, str) or not parameters:
        return value
    return REFERENCE.sub(
        lambda match: match[0] if match[2] else parameters.get(match[1], match[0]), value
    )
