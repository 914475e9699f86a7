"""What a change opens to the internet, and what it closes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    existence,
    is_satisfiable,
    referenced_name,
    template_order,
    type_of,
)
from cfngen.review.assumptions import default_parameters, with_parameters
from cfngen.review.model import Exposure
from cfngen.review.permissions.conditions import describe, is_no_stricter
from cfngen.review.public_access.anonymous_principals import anonymous_access
from cfngen.review.public_access.composite import (
    API,
    METHOD,
    composite_access,
    is_blocked_by_default,
)
from cfngen.review.public_access.firewalls import firewall_exposures
from cfngen.review.public_access.properties import public_properties
from cfngen.review.public_access.security_groups import PREFIXES, TYPES, Ingress, ingress
from cfngen.review.stack import Resource, Stack


def exposures(before: Stack, after: Stack, changed: Collection[str]) -> tuple[Exposure, ...]:
    """Return what is reachable from the internet on one side only.

    `changed` are the logical IDs of resources that differ. An access path that is wider than one
    of the other side, such as a range of ports, is another access path.
    """
    place = template_order(before, after)
    names = sorted(set(changed), key=lambda name: (place.get(name, 0), name))
    let_in, kept_out = anonymous_access(before, after, names)
    parameters = default_parameters(before, after)
    opened_or_closed = [
        *_compared(before, after, names, parameters),
        *_groups(before, after, names, parameters),
        *(Exposure(name, text, opened=True, grant=grant) for name, text, grant in let_in),
        *(Exposure(name, text, opened=False, grant=grant) for name, text, grant in kept_out),
        *firewall_exposures(before, after, names),
    ]
    unique = dict.fromkeys(opened_or_closed)
    return tuple(
        sorted(
            unique,
            key=lambda exposure: (
                place.get(exposure.resource, 0),
                not exposure.opened,
                exposure.description,
            ),
        )
    )


@dataclass(frozen=True)
class AccessPath:
    """One way to reach a resource from the internet, and the condition under which it exists."""

    resource: str
    description: str
    condition: Condition = ALWAYS

    def includes(self, other: AccessPath) -> bool:
        """Whether the other is the same access path, or exists less often."""
        same = (self.resource, self.description) == (other.resource, other.description)
        return same and is_no_stricter(self.condition, other.condition)

    def __str__(self) -> str:
        """Return it for a person."""
        return self.description


Opening = TypeVar("Opening", AccessPath, Ingress)


def _compared(
    before: Stack, after: Stack, names: list[str], parameters: dict[str, str]
) -> Iterator[Exposure]:
    """Yield what single resources open and close."""
    for name in _with_methods(before, after, names):
        was, now = (
            replace(resource, properties=with_parameters(resource.properties, parameters))
            if resource
            else None
            for resource in (before.resource(name), after.resource(name))
        )
        # No word on both sides is no difference; a new bucket without one is blocked.
        silent = all(resource is None or is_blocked_by_default(resource) for resource in (was, now))
        yield from _differences(
            list(_access_paths(before, was, silent=silent)),
            list(_access_paths(after, now, silent=silent)),
        )


def _with_methods(before: Stack, after: Stack, names: list[str]) -> list[str]:
    """Return names and those of the methods of their APIs, which a changed API may open."""
    apis = {name for name in names if API in (type_of(before, name), type_of(after, name))}
    methods = [
        name
        for stack in (before, after)
        for name in (stack.names if apis else ())
        if type_of(stack, name) == METHOD
        and (resource := stack.resource(name))
        and referenced_name(resource.properties.get("RestApiId")) in apis
    ]
    return list(dict.fromkeys((*names, *methods)))


def _access_paths(stack: Stack, resource: Resource | None, *, silent: bool) -> Iterator[AccessPath]:
    """Yield what a resource opens; `silent` for a bucket without any public access setting."""
    when = existence(stack, resource) if resource else None
    if resource is None or when is None or resource.type in TYPES:
        return
    descriptions = list(public_properties(resource.type, resource.properties))
    if not silent:
        descriptions += composite_access(stack, resource)
    for description, inner in descriptions:
        if is_satisfiable(when | inner):
            yield AccessPath(resource.name, description, when | inner)


def _groups(
    before: Stack, after: Stack, names: list[str], parameters: dict[str, str]
) -> Iterator[Exposure]:
    """Yield what security groups allow in, wherever in the template their rules are."""
    sides = before, after
    types = {*TYPES, PREFIXES}
    if not any(type_of(stack, name) in types for name in names for stack in sides):
        return
    rules = [
        [
            rule
            for name in stack.names
            if type_of(stack, name) in TYPES and (resource := stack.resource(name))
            for rule in ingress(
                stack,
                replace(resource, properties=with_parameters(resource.properties, parameters)),
            )
        ]
        for stack in sides
    ]
    yield from _differences(*rules)


def _differences(was: Sequence[Opening], now: Sequence[Opening]) -> Iterator[Exposure]:
    for old, new, opened in ((was, now, True), (now, was, False)):
        for opening in new:
            if not any(other.includes(opening) for other in old):
                condition = describe(opening.condition)
                description = f"{opening}, {condition}" if condition else str(opening)
                yield Exposure(opening.resource, description, opened)
