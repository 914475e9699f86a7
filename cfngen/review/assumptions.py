"""What parameters are taken to be, where a finding rests on a value that only a deployment has."""

from __future__ import annotations

from typing import Any

from cfngen.cloudformation.values import PRIVATE, REFERENCE, SPOOF, scalar
from cfngen.review.stack import Stack


def usual(before: Stack, after: Stack) -> dict[str, str]:
    """Return what parameters are if nobody says otherwise: a stack keeps the value that it has."""
    return {
        name: PRIVATE.sub(SPOOF, scalar(parameter["Default"]))
        for stack in (after, before)
        for name, parameter in stack.section("Parameters").items()
        if isinstance(parameter, dict) and isinstance(parameter.get("Default"), str | int)
    }


def assumed(value: Any, known: dict[str, str]) -> Any:
    """Return a resolved value with parameters that are as usual."""
    if isinstance(value, dict):
        return {key: assumed(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [assumed(item, known) for item in value]
    if not isinstance(value, str) or not known:
        return value
    return REFERENCE.sub(
        lambda match: match[0] if match[2] else known.get(match[1], match[0]), value
    )
