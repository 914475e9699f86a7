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

from cfngen.deploy_role.arns import Resource, taken
from cfngen.deploy_role.beyond import calls
from cfngen.deploy_role.features import exists, wanted
from cfngen.deploy_role.names import Place
from cfngen.deploy_role.passing import passed
from cfngen.deploy_role.told import not_covered, notes, refusal, remarks, strange_types
from cfngen.errors import CfngenError
from cfngen.intrinsics import Resolver
from cfngen.schemas import OPERATIONS, schema
from cfngen.values import references

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


class _Statements:
    """Actions in the order in which the template asks for them."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], _Gathered] = {}

    def add(
        self, action: str, arns: tuple[str, ...], about: str, note: str = "", to: str = ""
    ) -> None:
        gathered = self.found.setdefault((action, to), _Gathered())
        gathered.arns |= dict.fromkeys(arns)
        gathered.about[about] = None
        if note:
            gathered.notes[note] = None

    def statements(self) -> Iterator[Statement]:
        """Yield the statements: actions of a service that share what they are allowed on."""
        groups: dict[tuple[Any, ...], list[tuple[str, str, _Gathered]]] = {}
        for (action, to), gathered in self.found.items():
            arns = gathered.narrowed()
            service = "" if arns == ("*",) else action.partition(":")[0]
            groups.setdefault((service, arns, bool(to)), []).append((action, to, gathered))
        for (_, arns, passes), members in groups.items():
            about = dict.fromkeys(what for *_, gathered in members for what in gathered.about)
            notes = dict.fromkeys(note for *_, gathered in members for note in gathered.notes)
            said = () if arns == ("*",) else (", ".join(about),)
            services = tuple(dict.fromkeys(to for _, to, _ in members))
            condition = (("StringEquals", "iam:PassedToService", services),) if passes else ()
            actions = tuple(sorted({action for action, *_ in members}))
            yield Statement(actions, arns, condition, (*said, *notes))


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
    place = replace(place, declared=frozenset(map(str, _section(body, "Parameters"))))
    resources = _resources(name, body)
    strange = strange_types(resources)
    if strange and not skip_unknown:
        raise CfngenError(refusal(name, strange))
    made = _Statements()
    unknown: dict[str, dict[str, None]] = {}
    unused: dict[str, dict[str, None]] = {}
    for resource in resources.values():
        for action in _actions(resource):
            if action == "iam:PassRole":
                for arn, services, note in passed(resource, resources, place):
                    for service in services:
                        made.add(action, (arn,), resource.type, note, service)
            elif not exists(action):
                unknown.setdefault(resource.type, {})[action] = None
            elif not wanted(action, resource):
                unused.setdefault(resource.type, {})[action] = None
            else:
                found = taken(action, resource, resources, place)
                note = _about(action, found.note)
                made.add(action, found.arns, resource.type, note)
    for call in calls(body, resources, place):
        made.add(call.action, call.arns, call.why)
    allowed = {action for action, _ in made.found}
    left_out = (
        _left_out("no property asks for it", unused, allowed),
        _left_out("IAM has no such action", unknown, allowed),
    )
    return Policy(
        name,
        tuple(made.statements()),
        (*not_covered(strange), *notes(body, resources)),
        tuple(remarks(resources, place)),
        tuple(one for one in left_out if one.actions),
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


def _actions(resource: Resource) -> list[str]:
    known = schema(resource.type)
    found = [action for operation in OPERATIONS for action in known.permissions(operation)]
    return list(dict.fromkeys(action for action in found if ":" in action))


def _about(action: str, note: str) -> str:
    """Return a statement's note; a star in an action is told, whatever it is allowed on."""
    if "*" in action:
        return "; ".join(filter(None, (note, f"{action} is what the schema asks for")))
    return note
