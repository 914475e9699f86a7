"""Properties that keep, protect or delete data, and what a change to them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cfngen.cloudformation.schemas import Schema
from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.alternatives import (
    Condition,
    if_alternatives,
    is_satisfiable,
    lookup,
)
from cfngen.review.compare.differences import Difference
from cfngen.review.compare.replacement import touched_values
from cfngen.review.model import MISSING
from cfngen.review.stack import Resource

OFF = frozenset(("", "0", "false"))
Paths = tuple[tuple[str, ...], ...]  # of properties


def shortened(differences: Iterable[Difference], paths: Paths, schema: Schema) -> set[str]:
    """Return where one of some numbers became smaller; no number means for ever.

    >>> from cfngen.cloudformation.schemas import schema
    >>> days = Difference("RetentionInDays", ("RetentionInDays",), 30, "7")
    >>> shortened([days], (("RetentionInDays",),), schema("AWS::Logs::LogGroup"))
    {'RetentionInDays'}
    """
    smaller: set[str] = set()
    if not paths:
        return smaller
    for difference in differences:
        for path, before, after in touched_values(difference, paths):
            default = schema.default(path)
            unstated = float("inf") if default is None else default
            sides = [_smallest(unstated if side is MISSING else side) for side in (before, after)]
            if sides[0] is not None and sides[1] is not None and sides[1] < sides[0]:
                smaller.add(difference.path)
    return smaller


def _smallest(value: Any) -> float | None:
    numbers = [_number(item) for item in (value if isinstance(value, list) else [value])]
    return None if None in numbers else min(filter(None, numbers), default=None)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def lost_protections(old: Resource, new: Resource) -> Iterator[str]:
    """Yield the properties that protected data and no longer do, or may no longer do so.

    >>> def table(on):
    ...     settings = {"PointInTimeRecoveryEnabled": on}
    ...     return Resource(
    ...         "Orders", "AWS::DynamoDB::Table", {"PointInTimeRecoverySpecification": settings}, {}
    ...     )
    >>> list(lost_protections(table(True), table(False)))
    ['PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled']
    """
    for path, wanted in new.schema.protects.items():
        was, now = (
            [(when, value == wanted) for when, value in _values(side, path)] for side in (old, new)
        )
        if any(
            before and not after and is_satisfiable(when | other)
            for when, before in was
            for other, after in now
        ):
            yield ".".join(path)


def _values(resource: Resource, path: tuple[str, ...]) -> Iterator[tuple[Condition, AnyText]]:
    default = resource.schema.default(path)
    for when, value in lookup(resource.properties, *path):
        yield when, scalar(default if value is None else value)


def new_expirations(differences: Iterable[Difference], paths: Paths) -> list[str]:
    """Return the settings by which a service deletes data itself that were added or changed."""
    added: dict[str, None] = {}
    if not paths:
        return []
    for difference in differences:
        for _, before, after in touched_values(difference, paths):
            if _active_values(after) - _active_values(before):
                added[difference.path] = None
    return list(added)


def _active_values(value: Any) -> set[str]:
    """Return the values a property may have, without those that switch it off."""
    if value is MISSING:
        return set()
    if isinstance(value, list):
        return {text for item in value for text in _active_values(item)}
    return {
        canonical(inside)
        for _, inside in if_alternatives(value)
        if inside is not None and not (_is_plain(inside) and scalar(inside) in OFF)
    }


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)
