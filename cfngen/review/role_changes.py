"""Resources that act with another role than before, and may so do more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.values import shown
from cfngen.review.assumptions import assumed, usual
from cfngen.review.model import MISSING, Certainty, Concern, Detail, Finding, Kind, ResourceChange
from cfngen.review.permissions import exceeds
from cfngen.review.permissions.alternatives import (
    ALWAYS,
    When,
    branches,
    items,
    possible,
    referred,
    type_of,
)
from cfngen.review.permissions.attachments import Policy, identities
from cfngen.review.stack import Stack

# The properties that say with which role something acts, as the schemas call them, with what may
# stand behind: `Arn` or `Name` of an instance profile, the number of an item.
ROLE = re.compile(
    r"(?:^|[.\]])(?:[A-Za-z0-9]*(?:Role|RoleArns?|RoleARN|IamInstanceProfile|InstanceProfileArn)"
    r"|IamRoles|InstanceProfileName)(?:\.(?:Arn|Name))?(?:\[[^\]]*\])*\Z"
)
# Where `Roles` are the roles that something acts with, and not those that it gives something to.
ROLES = frozenset(("AWS::IAM::InstanceProfile", "AWS::Cognito::IdentityPoolRoleAttachment"))
PROFILE = "AWS::IAM::InstanceProfile"
MOST_PAIRS = 300_000  # of statements that are compared, in all of a template
Acting = tuple[When, str]  # when something acts with a role, and the role as it is written


def acting(before: Stack, after: Stack, changes: Mapping[str, ResourceChange]) -> Iterator[Finding]:
    """Yield the resources that act with a role that may do what the one before could not.

    What only follows a role that is replaced acts as before. Roles of the template are compared by
    what they may do; of all others nobody knows it here.
    """
    sides = _Roles(before), _Roles(after)
    known = usual(before, after)
    for change in changes.values():
        if change.kind is not Kind.CHANGED:
            continue
        told: set[str] = set()
        for detail in change.properties:
            for path, old, new in _swapped(change.type, detail, known):
                words = _words(sides, old, new)
                if words and words not in told:
                    told.add(words)
                    yield Finding(Concern.BROADEN, Certainty.MAY, change.name, words, path=path)


def _swapped(
    type_: str, detail: Detail, known: dict[str, str]
) -> Iterator[tuple[str, list[Acting], list[Acting]]]:
    """Yield where a detail has roles that are not the same: path, those of before, those of now."""
    if detail.before is detail.after:
        return
    was, now = (
        dict(_roles(type_, detail.path, assumed(value, known)))
        for value in (detail.before, detail.after)
    )
    for path, new in now.items():
        if new != was.get(path):
            yield path, was.get(path, []), new


def _roles(type_: str, path: str, value: Any) -> Iterator[tuple[str, list[Acting]]]:
    """Yield the properties within a value that name roles."""
    if value is MISSING:
        return
    for when, one in branches(value):
        if isinstance(one, dict) and not any(key.startswith("Fn::") for key in one):
            for key, inner in one.items():
                for at, found in _roles(type_, f"{path}.{key}", inner):
                    yield at, [(when | its, role) for its, role in found]
            continue
        if _names_roles(type_, path):
            yield path, list(items(value))
            return
        if isinstance(one, list):
            for number, item in enumerate(one):
                yield from _roles(type_, f"{path}[{number}]", item)


def _names_roles(type_: str, path: str) -> bool:
    if type_ in ROLES:
        return path == "Roles" or path.startswith(("Roles[", "Roles."))
    return ROLE.search(path) is not None and not type_.startswith("AWS::IAM::")


def _words(sides: tuple[_Roles, _Roles], old: list[Acting], new: list[Acting]) -> str:
    """Return what a reviewer has to know of roles that have taken the place of others, if any."""
    groups: dict[When, list[str]] = {}
    for when, role in old:
        groups.setdefault(when, []).append(role)
    kept = {role for _, role in new}
    for when, role in new:
        others = [group for its, group in groups.items() if possible(when | its)]
        if not others and sides[1].may_more(role, sides[0], []):
            return f"acts with {shown(role)} now"
        for group in others:
            if role not in group and sides[1].may_more(role, sides[0], group):
                how = "besides" if kept.issuperset(group) else "instead of"
                return f"acts with {shown(role)} {how} {', '.join(map(shown, group))}"
    return ""


class _Roles:
    """What the roles of one template may do."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.compared: dict[tuple[str, ...], bool] = {}
        self.pairs = 0

    def policies(self, text: str) -> list[Policy]:
        """Return the policies of a role, or a profile, of the template; none of another."""
        name = self.named(text)
        if not name:
            return [Policy(text, "permissions", text, None, words=f"everything that {text} may")]
        return [policy for policy in self.all if policy.holder == name]

    def may_more(self, role: str, before: _Roles, others: list[str]) -> bool:
        """Whether a role may do what others do not allow, as far as that is known here."""
        asked = (role, *others)
        if asked not in self.compared:
            than = [policy for other in others for policy in before.policies(other)]
            self.compared[asked] = self._exceeds(than, self.policies(role))
        return self.compared[asked]

    def _exceeds(self, old: list[Policy], new: list[Policy]) -> bool:
        self.pairs += sum(len(p.sentences) for p in old) * sum(len(p.sentences) for p in new)
        if self.pairs > MOST_PAIRS:
            return True  # rather told than passed over
        for kind in ("permissions", "boundary"):
            was, now = (
                [replace(policy, holder="role") for policy in side if policy.kind == kind]
                for side in (old, new)
            )
            limits = kind == "boundary" and not was
            if now and not limits and exceeds("role", was, now):
                return True
        return False

    def named(self, text: str) -> str:
        """Return the logical ID of the role that a reference leads to; nothing if none here."""
        name = referred(text)
        if type_of(self.stack, name) == PROFILE:
            profile = self.stack.resource(name)
            roles = list(items(profile.properties.get("Roles"))) if profile else []
            name = referred(roles[0][1]) if len(roles) == 1 and roles[0][0] == ALWAYS else ""
        return name if type_of(self.stack, name) == "AWS::IAM::Role" else ""

    @cached_property
    def all(self) -> list[Policy]:
        """The policies of the template's roles."""
        return list(identities(self.stack))
