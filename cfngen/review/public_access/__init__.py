"""Ways in from the internet that a change opens or closes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cfngen.review.assumptions import assumed, usual
from cfngen.review.model import Exposure
from cfngen.review.permissions.alternatives import (
    ALWAYS,
    When,
    existence,
    ordered,
    possible,
    referred,
    type_of,
)
from cfngen.review.permissions.conditions import described, no_stricter
from cfngen.review.public_access.anonymous_principals import strangers
from cfngen.review.public_access.composite import API, METHOD, blocked, doors
from cfngen.review.public_access.firewalls import let_through
from cfngen.review.public_access.properties import thrown
from cfngen.review.public_access.security_groups import PREFIXES, TYPES, Ingress, ingress
from cfngen.review.stack import Resource, Stack


def exposures(before: Stack, after: Stack, changed: Collection[str]) -> tuple[Exposure, ...]:
    """Return the ways in from the internet that are open on one side only.

    `changed` are the logical IDs of resources that are not the same. A way that is wider than one
    of the other side, such as a range of ports, is another way.
    """
    place = ordered(before, after)
    names = sorted(set(changed), key=lambda name: (place.get(name, 0), name))
    let_in, kept_out = strangers(before, after, names)
    known = usual(before, after)
    found = [
        *_compared(before, after, names, known),
        *_groups(before, after, names, known),
        *(Exposure(holder, text, opened=True) for holder, text in let_in),
        *(Exposure(holder, text, opened=False) for holder, text in kept_out),
        *let_through(before, after, names),
    ]
    unique = dict.fromkeys(found)
    return tuple(
        sorted(unique, key=lambda one: (place.get(one.resource, 0), not one.opened, one.what))
    )


@dataclass(frozen=True)
class Way:
    """One way in: the logical ID of what is reached, words, and when it is there."""

    resource: str
    words: str
    when: When = ALWAYS

    def includes(self, other: Way) -> bool:
        """Whether the other is the same way, or there less often."""
        same = (self.resource, self.words) == (other.resource, other.words)
        return same and no_stricter(self.when, other.when)

    def __str__(self) -> str:
        """Return it for a person."""
        return self.words


Opening = TypeVar("Opening", Way, Ingress)


def _compared(
    before: Stack, after: Stack, names: list[str], known: dict[str, str]
) -> Iterator[Exposure]:
    """Yield what single resources open and close."""
    for name in _with_methods(before, after, names):
        was, now = (
            replace(found, properties=assumed(found.properties, known)) if found else None
            for found in (before.resource(name), after.resource(name))
        )
        # No word on both sides is no difference; a new bucket without one is blocked.
        silent = all(one is None or blocked(one) for one in (was, now))
        yield from _differences(
            list(_ways(before, was, silent=silent)), list(_ways(after, now, silent=silent))
        )


def _with_methods(before: Stack, after: Stack, names: list[str]) -> list[str]:
    """Return names and those of their APIs' methods, which an API may open without a change."""
    apis = {name for name in names if API in (type_of(before, name), type_of(after, name))}
    methods = [
        name
        for stack in (before, after)
        for name in (stack.names if apis else ())
        if type_of(stack, name) == METHOD
        and (resource := stack.resource(name))
        and referred(resource.properties.get("RestApiId")) in apis
    ]
    return list(dict.fromkeys((*names, *methods)))


def _ways(stack: Stack, resource: Resource | None, *, silent: bool) -> Iterator[Way]:
    """Yield what a resource opens; `silent` if it is a bucket without a word on public access."""
    when = existence(stack, resource) if resource else None
    if resource is None or when is None or resource.type in TYPES:
        return
    found = list(thrown(resource.type, resource.properties))
    if not silent:
        found += doors(stack, resource)
    for words, inner in found:
        if possible(when | inner):
            yield Way(resource.name, words, when | inner)


def _groups(
    before: Stack, after: Stack, names: list[str], known: dict[str, str]
) -> Iterator[Exposure]:
    """Yield what security groups let in, wherever in the template their rules stand."""
    sides = before, after
    types = {*TYPES, PREFIXES}
    if not any(type_of(stack, name) in types for name in names for stack in sides):
        return
    found = [
        [
            rule
            for name in stack.names
            if type_of(stack, name) in TYPES and (resource := stack.resource(name))
            for rule in ingress(
                stack, replace(resource, properties=assumed(resource.properties, known))
            )
        ]
        for stack in sides
    ]
    yield from _differences(*found)


def _differences(was: Sequence[Opening], now: Sequence[Opening]) -> Iterator[Exposure]:
    for old, new, opened in ((was, now, True), (now, was, False)):
        for one in new:
            if not any(other.includes(one) for other in old):
                words = described(one.when)
                told = f"{one}, {words}" if words else str(one)
                yield Exposure(one.resource, told, opened)
