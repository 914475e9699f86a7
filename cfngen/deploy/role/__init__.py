"""The least-privilege policy of the service role that CloudFormation deploys a template with.

What a type needs is in the handlers of its schema: all of create, read, update and delete, since a
failed update takes back what it did. `cfngen deploy-role` prints it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import Resource, Taken, taken
from cfngen.deploy.role.connections import connections
from cfngen.deploy.role.exports import defaults
from cfngen.deploy.role.extra_actions import calls
from cfngen.deploy.role.features import added, wanted
from cfngen.deploy.role.handlers import actions, exists
from cfngen.deploy.role.names import Place
from cfngen.deploy.role.notes import not_covered, notes, refusal, remarks, strange_types
from cfngen.deploy.role.objects import named
from cfngen.deploy.role.pass_role import passed, roles_of
from cfngen.errors import CfngenError

LONGEST = 100  # characters of a pattern by which what it covers is looked up

__all__ = ["LeftOut", "Place", "Policy", "Statement", "policy"]


@dataclass(frozen=True)
class Statement:
    """One statement, and what is to be said about it."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # operator, key, values
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Actions of handlers that the policy does not allow, by type, and why."""

    because: str
    actions: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Policy:
    """What the role has to be allowed, and what a person has to know of it.

    `notes` is what nobody should overlook, `remarks` what explains how it came about.
    """

    name: str
    statements: tuple[Statement, ...]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass
class _Gathered:
    """What one action is to be allowed on, by all who need it."""

    arns: dict[str, None] = field(default_factory=dict)
    about: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def narrowed(self) -> tuple[str, ...]:
        """Return the ARNs without those that another covers."""
        return _narrowed(tuple(self.arns))


Condition = tuple[str, str, str]  # operator, key, value


class _Statements:
    """Actions in the order in which the template asks for them."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Condition | None], _Gathered] = {}

    def add(
        self,
        action: str,
        arns: tuple[str, ...],
        about: str,
        note: str = "",
        condition: Condition | None = None,
    ) -> None:
        gathered = self.found.setdefault((action, condition), _Gathered())
        gathered.arns |= dict.fromkeys(arns)
        gathered.about[about] = None
        if note:
            gathered.notes[note] = None

    def statements(self) -> Iterator[Statement]:
        """Yield the statements: actions of a service that share what they are allowed on."""
        groups: dict[tuple[Any, ...], list[tuple[str, Condition | None, _Gathered]]] = {}
        for (action, condition), gathered in self.found.items():
            arns = gathered.narrowed()
            service = "" if arns == ("*",) else action.partition(":")[0]
            # An action with a condition is on its own; values of one condition are alternatives.
            apart = (action, *condition[:2]) if condition else None
            groups.setdefault((service, arns, apart), []).append((action, condition, gathered))
        for (_, arns, apart), members in groups.items():
            about = dict.fromkeys(what for *_, gathered in members for what in gathered.about)
            notes = dict.fromkeys(note for *_, gathered in members for note in gathered.notes)
            said = () if arns == ("*",) else (", ".join(about),)
            values = tuple(dict.fromkeys(one[2] for _, one, _ in members if one))
            conditions = ((*apart[1:], values),) if apart else ()
            names = tuple(sorted({action for action, *_ in members}))
            yield Statement(names, arns, conditions, (*said, *notes))


@lru_cache
def _narrowed(arns: tuple[str, ...]) -> tuple[str, ...]:
    """Return ARNs without those that another covers.

    Not each is held against each: what a pattern covers has the pattern's longest text in it.
    """
    patterns: dict[str, list[str]] = {}
    for arn in arns:
        if "*" in arn or "?" in arn:
            longest = max(re.split("[*?]", arn), key=len)[:LONGEST]
            patterns.setdefault(longest, []).append(arn)
    lengths = {len(text) for text in patterns}

    def covered(arn: str) -> bool:
        return any(
            pattern != arn and _covers(pattern, arn)
            for length in lengths
            for start in range(len(arn) - length + 1)
            for pattern in patterns.get(arn[start : start + length], ())
        )

    return tuple(arn for arn in arns if not covered(arn))


def _covers(pattern: str, arn: str) -> bool:
    """Whether everything that one ARN matches is matched by another."""
    return fnmatchcase(arn, pattern.replace("[", "[[]"))


def policy(name: str, body: Any, place: Place, *, skip_unknown: bool = False) -> Policy:
    """Return what a template's service role needs.

    Args:
        name: what the template is called.
        body: the template, as plain data.
        place: the stack's name, and what else is known of where it will be.
        skip_unknown: take types of which nothing is known for a note, not for an error.

    Raises:
        CfngenError: types that have no handlers and are not in the overlay, all of them at once.
    """
    body = body if isinstance(body, dict) else {}
    declared = frozenset(map(str, _section(body, "Parameters")))
    place = replace(place, declared=declared, defaults=defaults(body))
    resources = _resources(name, body)
    strange = strange_types(resources)
    if strange and not skip_unknown:
        raise CfngenError(refusal(name, strange))
    draft = _Draft(resources, place)
    for resource in resources.values():
        draft.add(resource)
    for call in calls(body, resources, place):
        draft.made.add(call.action, call.arns, call.why)
    return Policy(
        name,
        tuple(draft.made.statements()),
        (*not_covered(strange), *notes(body, resources)),
        tuple(remarks(resources, place)),
        draft.left_out(),
    )


class _Draft:
    """What is gathered of a template, one resource after the other."""

    def __init__(self, resources: dict[str, Resource], place: Place) -> None:
        self.resources = resources
        self.place = place
        self.made = _Statements()
        self.unknown: dict[str, dict[str, None]] = {}
        self.unused: dict[str, dict[str, None]] = {}
        self.without_role: dict[str, list[str]] = {}

    def add(self, resource: Resource) -> None:
        """Add what one resource needs."""
        for action in actions(resource.type):
            if action == "iam:PassRole":
                self._pass(resource)
            elif not exists(action):
                self.unknown.setdefault(resource.type, {})[action] = None
            elif not wanted(action, resource, self.resources, self.place):
                self.unused.setdefault(resource.type, {})[action] = None
            else:
                found = self._taken(action, resource)
                if found.arns:
                    self.made.add(action, found.arns, resource.type, _about(action, found.note))
        for one, arn in added(resource, self.place):
            self.made.add(one.action, (arn,), resource.type, one.why, one.condition)

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what handlers list and the policy does not allow."""
        allowed = {action for action, _ in self.made.found}
        roles = self.without_role.items()
        found = (
            _left_out("no property asks for it", self.unused, allowed),
            _left_out("IAM has no such action", self.unknown, allowed),
            LeftOut(
                "no role or instance profile to pass was found",
                {f"{type_} ({', '.join(ids)})": ("iam:PassRole",) for type_, ids in roles},
            ),
        )
        return tuple(one for one in found if one.actions)

    def _pass(self, resource: Resource) -> None:
        """Add the roles that a resource hands over, or that it has none."""
        roles = list(passed(resource, self.resources, self.place))
        for role in roles:
            for service in role.services:
                condition = ("StringEquals", "iam:PassedToService", service)
                self.made.add("iam:PassRole", (role.arn,), resource.type, role.note, condition)
        if not roles:
            self.without_role.setdefault(resource.type, []).append(resource.name)

    def _taken(self, action: str, resource: Resource) -> Taken:
        """Return what an action is to be allowed on: what the resource names, or its kind."""
        known = (resource, self.resources, self.place)
        return (
            named(action, *known)
            or connections(action, *known)
            or roles_of(action, *known)
            or taken(action, *known)
        )


def _left_out(because: str, found: dict[str, dict[str, None]], allowed: set[str]) -> LeftOut:
    by_type = {
        type_: tuple(action for action in actions if action not in allowed)
        for type_, actions in found.items()
    }
    return LeftOut(because, {type_: actions for type_, actions in by_type.items() if actions})


def _resources(name: str, body: dict[str, Any]) -> dict[str, Resource]:
    listed = body.get("Resources")
    if not isinstance(listed, dict):
        raise CfngenError(f"{name}: no template: it has no mapping `Resources`")
    resolver = Resolver(_section(body, "Mappings"), _section(body, "Conditions"))
    found: dict[str, Resource] = {}
    for key, about in listed.items():
        about = about if isinstance(about, dict) else {}
        properties = resolver.resolve(about.get("Properties") or {})
        properties = properties if isinstance(properties, dict) else {}
        refers = frozenset(one for one, _ in references(properties))
        found[str(key)] = Resource(str(key), str(about.get("Type", "")), properties, refers)
    return found


def _section(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _about(action: str, note: str) -> str:
    """Return a statement's note; a star in an action is told, whatever it is allowed on."""
    if "*" in action:
        return "; ".join(filter(None, (note, f"{action} is what the schema asks for")))
    return note
