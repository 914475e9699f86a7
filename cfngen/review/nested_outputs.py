"""Outputs of a nested template that differ, as the outer template sees them."""

from __future__ import annotations

import hashlib
from typing import Any

from cfngen.cloudformation.text import Text, reference
from cfngen.cloudformation.values import canonical, references, scalar
from cfngen.review.pairs import Pair
from cfngen.review.stack import Stack


def changed_outputs(pair: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the outer template knows of outputs, before and after, by attribute.

    A literal is known. What only the deployment knows and is not the same on both sides becomes a
    reference that is equal to nothing else, so that each use of it differs as well.
    """
    outputs: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    if pair.old is None or pair.new is None or pair.same:
        return outputs
    old, new = (_values(stack) for stack in pair.stacks)
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        moved = sorted({other for other, _ in references(now)} & pair.replaced)
        if canonical(was) == canonical(now) and not moved:
            continue
        key = f"{pair.resource}.Outputs.{name}"
        for side, value, mark in ((outputs[0], was, []), (outputs[1], now, moved)):
            plain = isinstance(value, str | int | float)
            side[key] = scalar(value) if plain else _unknown(key, [value, mark])
    return outputs


def _values(stack: Stack) -> dict[str, Any]:
    return {
        str(name): stack.resolver.resolve(output.get("Value"))
        for name, output in stack.section("Outputs").items()
        if isinstance(output, dict)
    }


def _unknown(key: str, value: Any) -> Text:
    digest = hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()
    return reference(f"{key}.{digest[:8]}")
