"""Properties that protect data or have it deleted, and what a change of them does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.compare.differences import differences
from cfngen.review.compare.replacement import inner
from cfngen.review.model import MISSING
from cfngen.review.permissions.alternatives import When, branches, lookup, possible
from cfngen.review.stack import Resource

OFF = frozenset(("", "0", "false"))


def unprotected(old: Resource, new: Resource) -> Iterator[str]:
    """Yield the properties that protected data, and do not, or may not, do so any more."""
    for path, wanted in new.schema.protects.items():
        was, now = (
            [(when, value == wanted) for when, value in _said(side, path)] for side in (old, new)
        )
        if any(
            before and not after and possible(when | other)
            for when, before in was
            for other, after in now
        ):
            yield ".".join(path)


def _said(resource: Resource, path: tuple[str, ...]) -> Iterator[tuple[When, str]]:
    default = resource.schema.default(path)
    for when, value in lookup(resource.properties, *path):
        yield when, scalar(default if value is None else value)


def expiring(old: Resource, new: Resource) -> list[str]:
    """Return where something appears, or is another, by which a service deletes data itself."""
    schema = new.schema
    found: dict[str, None] = {}
    if schema.expires:
        for difference in differences(old.properties, new.properties, schema):
            for _, before, after in inner(difference, schema.expires):
                if _on(after) - _on(before):
                    found[difference.path] = None
    return list(found)


def _on(value: Any) -> set[str]:
    """Return the values a property may have, without those that switch it off."""
    if value is MISSING:
        return set()
    if isinstance(value, list):
        return {text for item in value for text in _on(item)}
    return {
        canonical(inside)
        for _, inside in branches(value)
        if inside is not None and not (_plain(inside) and scalar(inside) in OFF)
    }


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list)
