"""Resources that use another role than before, which may allow them more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    if_alternatives,
    is_satisfiable,
    referenced_name,
    text_alternatives,
    type_of,
)
from cfngen.review.assumptions import with_parameters
from cfngen.review.facts import Facts
from cfngen.review.model import MISSING, Detail, Kind
from cfngen.review.permissions import exceeds
from cfngen.review.permissions.attachments import identity_policies
from cfngen.review.permissions.policies import Policy
from cfngen.review.rule import Hit, Rule
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
MAX_PAIRS = 300_000  # of statements that are compared, in all of a template
RoleUse = tuple[
    Condition, AnyText
]  # when something acts with a role, and the role as it is written


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that use a role which may allow more than the one before.

    What only follows a role that is replaced works as before. Roles of the template are compared
    by their permissions; those of all other roles are not known here.
    """
    sides = _Roles(facts.before), _Roles(facts.after)
    parameters = facts.default_parameters
    for change in facts.changes.values():
        if change.kind is not Kind.CHANGED:
            continue
        reported: set[str] = set()
        for detail in change.properties:
            for path, old, new in _role_replacements(change.type, detail, parameters):
                message = _message(sides, old, new)
                if message and message not in reported:
                    reported.add(message)
                    yield Hit(change.name, message, path=path)


def _role_replacements(
    type_: str, detail: Detail, parameters: Mapping[str, str]
) -> Iterator[tuple[str, list[RoleUse], list[RoleUse]]]:
    """Yield the paths where a detail names other roles, with the old and the new ones."""
    if detail.before is detail.after:
        return
    was, now = (
        dict(_roles(type_, detail.path, with_parameters(value, parameters)))
        for value in (detail.before, detail.after)
    )
    for path, new in now.items():
        if new != was.get(path):
            yield path, was.get(path, []), new


def _roles(type_: str, path: str, value: Any) -> Iterator[tuple[str, list[RoleUse]]]:
    """Yield the properties within a value that name roles."""
    if value is MISSING:
        return
    for when, alternative in if_alternatives(value):
        if isinstance(alternative, dict) and not any(key.startswith("Fn::") for key in alternative):
            for key, inner in alternative.items():
                for at, uses in _roles(type_, f"{path}.{key}", inner):
                    yield at, [(when | inner_condition, role) for inner_condition, role in uses]
            continue
        if _names_roles(type_, path):
            yield path, list(text_alternatives(value))
            return
        if isinstance(alternative, list):
            for number, item in enumerate(alternative):
                yield from _roles(type_, f"{path}[{number}]", item)


def _names_roles(type_: str, path: str) -> bool:
    if type_ in ROLES:
        return path == "Roles" or path.startswith(("Roles[", "Roles."))
    return ROLE.search(path) is not None and not type_.startswith("AWS::IAM::")


def _message(sides: tuple[_Roles, _Roles], old: list[RoleUse], new: list[RoleUse]) -> str:
    """Return what to report of roles that replace others; empty if there is nothing."""
    groups: dict[Condition, list[AnyText]] = {}
    for when, role in old:
        groups.setdefault(when, []).append(role)
    kept = {role for _, role in new}
    for when, role in new:
        if role == "":  # by an empty parameter: no role
            continue
        others = [group for condition, group in groups.items() if is_satisfiable(when | condition)]
        if not others and sides[1].may_do_more(role, sides[0], []):
            return f"now uses {shown(role)}"
        for group in others:
            if role not in group and sides[1].may_do_more(role, sides[0], group):
                preposition = "in addition to" if kept.issuperset(group) else "instead of"
                return f"uses {shown(role)} {preposition} {', '.join(map(shown, group))}"
    return ""


class _Roles:
    """What the roles of one template may do."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.compared: dict[tuple[AnyText, ...], bool] = {}
        self.pairs = 0

    def policies(self, text: AnyText) -> list[Policy]:
        """Return the policies of a role or instance profile; an opaque one if it is external."""
        name = self.named(text)
        if not name:
            role = canonical(text)
            return [
                Policy(role, "permissions", role, None, description=f"everything that {role} may")
            ]
        return [policy for policy in self.all if policy.attached_to == name]

    def may_do_more(self, role: AnyText, before: _Roles, others: list[AnyText]) -> bool:
        """Whether a role may do what the others do not allow, as far as is known here."""
        key = (role, *others)
        if key not in self.compared:
            other_policies = [policy for other in others for policy in before.policies(other)]
            self.compared[key] = self._exceeds(other_policies, self.policies(role))
        return self.compared[key]

    def _exceeds(self, old: list[Policy], new: list[Policy]) -> bool:
        self.pairs += sum(len(p.statements) for p in old) * sum(len(p.statements) for p in new)
        if self.pairs > MAX_PAIRS:
            return True  # rather reported than missed
        for kind in ("permissions", "boundary"):
            was, now = (
                [replace(policy, attached_to="role") for policy in side if policy.kind == kind]
                for side in (old, new)
            )
            limits = kind == "boundary" and not was
            if now and not limits and exceeds("role", was, now):
                return True
        return False

    def named(self, text: AnyText) -> str:
        """Return the logical ID of the role that a reference leads to; empty if it is external."""
        name = referenced_name(text)
        if type_of(self.stack, name) == PROFILE:
            profile = self.stack.resource(name)
            roles = list(text_alternatives(profile.properties.get("Roles"))) if profile else []
            name = referenced_name(roles[0][1]) if len(roles) == 1 and roles[0][0] == ALWAYS else ""
        return name if type_of(self.stack, name) == "AWS::IAM::Role" else ""

    @cached_property
    def all(self) -> list[Policy]:
        """The policies of the template's roles."""
        return list(identity_policies(self.stack))


RULE = Rule(
    title="A resource acts with another role",
    help=(
        "The resource works with another role than before, which may allow it more. The permissions "
        "of roles outside of the template are not known to the review. Check what the new role "
        "allows."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
)
