"""The policy of a template: what CloudFormation needs to create, update and delete its stack.

What a type needs is in the handlers of its schema: all of create, read, update and delete, since a
failed update takes back what it did. `cfngen deploy-role` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cfngen.cloudformation.template import Resource, TemplateBody
from cfngen.deploy.role.arns import ActionResources, action_resources
from cfngen.deploy.role.connections import connections
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.extra_actions import extra_actions
from cfngen.deploy.role.features import is_needed, property_actions
from cfngen.deploy.role.handlers import actions, exists
from cfngen.deploy.role.notes import (
    explanations,
    types_without_handlers,
    unknown_types_message,
    warnings,
)
from cfngen.deploy.role.objects import objects_read
from cfngen.deploy.role.pass_role import managed_roles, passed_roles
from cfngen.deploy.role.statements import Grants, Statement
from cfngen.errors import CfngenError


@dataclass(frozen=True)
class OmittedActions:
    """Actions of handlers that the policy does not allow, by type, and the reason."""

    reason: str
    actions: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Policy:
    """What the role has to be allowed, and what a person has to know of it.

    `warnings` is what nobody should overlook, `explanations` how the policy came about.
    """

    name: str
    statements: tuple[Statement, ...]
    warnings: tuple[str, ...] = ()
    explanations: tuple[str, ...] = ()
    omitted: tuple[OmittedActions, ...] = ()


def policy(name: str, body: Any, destination: Destination, *, skip_unknown: bool = False) -> Policy:
    """Return what a template's service role needs.

    Args:
        name: what the template is called.
        body: the template, as plain data.
        destination: the stack's name, and what else is known of where it is deployed to.
        skip_unknown: add a warning for types of which nothing is known, instead of an error.

    Raises:
        CfngenError: types that have no handlers and are not in the overlay, all of them at once.
    """
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        raise CfngenError(f"{name}: no template: it has no mapping `Resources`")
    template = TemplateBody.of(body)
    destination = replace(
        destination, declared=frozenset(template.parameters), defaults=template.defaults
    )
    unknown = types_without_handlers(template.resources)
    if unknown and not skip_unknown:
        raise CfngenError(unknown_types_message(name, unknown))
    draft = _Draft(template.resources, destination)
    for resource in template.resources.values():
        draft.add(resource)
    for extra in extra_actions(template, destination):
        draft.grants.add(extra.action, extra.arns, extra.reason)
    return Policy(
        name,
        tuple(draft.grants.statements()),
        tuple(warnings(template, unknown)),
        tuple(explanations(template.resources, destination)),
        draft.omitted(),
    )


class _Draft:
    """What is gathered of a template, one resource after the other."""

    def __init__(self, resources: dict[str, Resource], destination: Destination) -> None:
        self.resources = resources
        self.destination = destination
        self.grants = Grants()
        self.unknown: dict[str, dict[str, None]] = {}
        self.unused: dict[str, dict[str, None]] = {}
        self.without_role: dict[str, list[str]] = {}

    def add(self, resource: Resource) -> None:
        """Add what one resource needs."""
        for action in actions(resource.type):
            if action == "iam:PassRole":
                self._pass_roles(resource)
            elif not exists(action):
                self.unknown.setdefault(resource.type, {})[action] = None
            elif not is_needed(action, resource, self.resources, self.destination):
                self.unused.setdefault(resource.type, {})[action] = None
            else:
                allowed = self._allowed_on(action, resource)
                if allowed.arns:
                    note = _with_star(action, allowed.note)
                    self.grants.add(action, allowed.arns, resource.type, note)
        for extra, arn in property_actions(resource, self.destination):
            self.grants.add(extra.action, (arn,), resource.type, extra.reason, extra.condition)

    def omitted(self) -> tuple[OmittedActions, ...]:
        """Return what handlers list and the policy does not allow."""
        allowed = self.grants.actions
        roles = self.without_role.items()
        groups = (
            _omitted("no property asks for it", self.unused, allowed),
            _omitted("IAM has no such action", self.unknown, allowed),
            OmittedActions(
                "no role or instance profile to pass was found",
                {f"{type_} ({', '.join(ids)})": ("iam:PassRole",) for type_, ids in roles},
            ),
        )
        return tuple(group for group in groups if group.actions)

    def _pass_roles(self, resource: Resource) -> None:
        """Add the roles that a resource hands over, or that it has none."""
        roles = list(passed_roles(resource, self.resources, self.destination))
        for role in roles:
            for service in role.services:
                condition = ("StringEquals", "iam:PassedToService", service)
                self.grants.add("iam:PassRole", (role.arn,), resource.type, role.note, condition)
        if not roles:
            self.without_role.setdefault(resource.type, []).append(resource.name)

    def _allowed_on(self, action: str, resource: Resource) -> ActionResources:
        """Return what an action is to be allowed on: what the resource names, or its kind."""
        subject = (resource, self.resources, self.destination)
        return (
            objects_read(action, *subject)
            or connections(action, *subject)
            or managed_roles(action, *subject)
            or action_resources(action, *subject)
        )


def _omitted(
    reason: str, actions_of: dict[str, dict[str, None]], allowed: set[str]
) -> OmittedActions:
    by_type = {
        type_: tuple(action for action in names if action not in allowed)
        for type_, names in actions_of.items()
    }
    return OmittedActions(reason, {type_: names for type_, names in by_type.items() if names})


def _with_star(action: str, note: str) -> str:
    """Return a note that says where an action with a star comes from."""
    if "*" in action:
        return "; ".join(filter(None, (note, f"{action} is what the schema asks for")))
    return note
