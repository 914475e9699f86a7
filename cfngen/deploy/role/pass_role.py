"""Roles that are handed to services: `iam:PassRole`, for each service by itself.

They are found by what values are: references to roles and instance profiles of the template, and
ARNs of others, wherever they stand, also inside of text such as an OpenAPI document. Only what a
value does not show by itself (a parameter, an import, a bare name) goes by its property's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cfngen.cloudformation.placeholders import masked
from cfngen.cloudformation.schemas import is_custom
from cfngen.cloudformation.template import Resource
from cfngen.cloudformation.text import AnyText, Ref, join, parts_of, reference
from cfngen.cloudformation.values import references, without_references
from cfngen.deploy.role.arns import (
    IMPORTED_NOTE,
    ActionResources,
    kinds_of,
    linked_roles,
    of_resource,
)
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.names import describe_unknown, import_name, parameters, patterns
from cfngen.deploy.role.principals import default_services
from cfngen.deploy.role.property_texts import Leaf, leaves

ROLE, PROFILE = "AWS::IAM::Role", "AWS::IAM::InstanceProfile"
LINKED = "AWS::IAM::ServiceLinkedRole"
IAM = "AWS::IAM::"
NESTED = "AWS::CloudFormation::Stack"
EC2 = ("ec2.amazonaws.com",)
# Properties, parameters and keys of text that have a role, or an instance profile.
ROLE_NAME = re.compile(
    r"(?i)(role(s|name|names|arn|arns|_arn)?|rolearnforlogging|permissionarn|callerarn|"
    r"(?P<only_arns>credentials(arn)?))\Z"
)
PROFILE_NAME = re.compile(r"(?i)(instanceprofile(\.?(name|arn))?|jobflowrole|instancerole)\Z")
# Whose instance profiles are no profiles of IAM.
NO_PROFILES = "AWS::DMS::"
# Resources that are used by others, which hand over what is in them.
CARRIERS = frozenset(
    (
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::EC2::LaunchTemplate",
        "AWS::ECS::DaemonTaskDefinition",
    )
)


@dataclass(frozen=True)
class PassedRole:
    """A role's ARN, as a pattern; the services that get it; and what is to be said of it."""

    arn: str
    services: tuple[str, ...]
    note: str = ""


def passed_roles(
    resource: Resource, resources: dict[str, Resource], destination: Destination
) -> Iterator[PassedRole]:
    """Yield the roles that a resource hands over, those of what it is launched from included."""
    without_role: list[Leaf] = []
    for leaf in leaves(resource.type, resource.properties):
        roles = list(_by_value(leaf, resource, resources, destination))
        yield from roles
        if not roles:
            without_role.append(leaf)
    for leaf in without_role:
        yield from _by_name(leaf, resource, resources, destination)
    for name in sorted(resource.referenced_names & set(resources)):
        if resources[name].type in CARRIERS and resource.type not in CARRIERS:
            yield from passed_roles(resources[name], resources, destination)


def managed_roles(
    action: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources | None:
    """Return the roles that a handler reads or changes: those that its resource hands over.

    And those that the service makes for itself, of types that do. `None` for other actions, and
    for what hands over none.
    """
    service, _, verb = action.partition(":")
    if service != "iam" or verb.endswith("ServiceLinkedRole") or resource.type.startswith(IAM):
        return None
    if kinds_of(service, verb) != ["role"]:
        return None
    roles = list(passed_roles(resource, resources, destination))
    if not roles:
        return None
    makes = "iam:CreateServiceLinkedRole" in actions(resource.type)
    linked = linked_roles(resource.type, destination) if makes else ()
    notes = dict.fromkeys(role.note for role in roles if role.note)
    return ActionResources(
        tuple(dict.fromkeys((*(role.arn for role in roles), *linked))), "; ".join(notes)
    )


def _by_value(
    leaf: Leaf, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> Iterator[PassedRole]:
    """Yield what a text says by itself: references to roles and profiles, and their ARNs."""
    named = {name for name, attribute in references(leaf.text) if attribute in ("", "Arn")}
    for name in sorted(named & set(resources)):
        yield from _of_template(resources[name], leaf, resource, resources, destination)
    text = masked(_given(leaf.text, destination))
    for match in _arns(text.mark).finditer(text.text):
        arn = text.restored_text(match[0].rstrip(",."))
        if any(_is_role(resources.get(name)) for name, _ in references(arn)):
            continue
        if match[1] == "instance-profile":
            yield _any_role(leaf, resource, destination)
        else:
            yield from _elsewhere(leaf, arn, resource, resources, destination)


def _is_role(resource: Resource | None) -> bool:
    return resource is not None and resource.type in (ROLE, PROFILE, LINKED)


def _of_template(
    other: Resource,
    leaf: Leaf,
    resource: Resource,
    resources: dict[str, Resource],
    destination: Destination,
) -> Iterator[PassedRole]:
    """Yield a role of the template, or those of its instance profile."""
    if other.type == ROLE:
        role_arns = of_resource("iam", "role", other, destination)
        for arn in role_arns.arns:
            yield PassedRole(arn, _services(resource, leaf, other), role_arns.note)
    elif other.type == PROFILE and resource.type != PROFILE:
        yield from passed_roles(other, resources, destination)
    elif other.type == LINKED:
        start = destination.arn("iam", "role/aws-service-role/", region="")
        for service in patterns(other.properties.get("AWSServiceName"), destination):
            yield PassedRole(f"{start}{service}/*", _services(resource, leaf, None))


def _by_name(
    leaf: Leaf, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> Iterator[PassedRole]:
    """Yield what only a name shows: of a property, or of a parameter within a text."""
    referenced = references(leaf.text)
    types = {resources[name].type for name, _ in referenced if name in resources}
    if any(not _makes_roles(type_) for type_ in types):
        return  # something else of the template
    if (
        PROFILE_NAME.search(leaf.name) or PROFILE_NAME.search(leaf.path)
    ) and not resource.type.startswith(NO_PROFILES):
        if resource.type != PROFILE:
            yield _any_role(leaf, resource, destination)
    elif _may_be_role(leaf) or _is_exported(leaf, destination):
        yield from _elsewhere(leaf, leaf.text, resource, resources, destination)
    else:
        for name in sorted(parameters(leaf.text) & destination.declared):
            default = destination.defaults.get(name, "")
            if _arns("").search(default) or ROLE_NAME.search(name):
                value = reference(name)
                yield from _elsewhere(leaf, value, resource, resources, destination)


def _makes_roles(type_: str) -> bool:
    """Whether an attribute of a resource may be any role: what a nested stack or code returns."""
    return type_ == NESTED or is_custom(type_)


def _may_be_role(leaf: Leaf) -> bool:
    """Whether a property is called like a role, and its value is not plainly something else."""
    match = ROLE_NAME.search(leaf.name)
    if not match:
        return False
    plain = without_references(leaf.text)
    if match["only_arns"] and plain == leaf.text:  # a literal that is no role's ARN
        return False
    return bool(re.fullmatch(r"(arn:[\w-]*:iam::\d*:role/)?[\w+=,.@/-]*", plain))


def _is_exported(leaf: Leaf, destination: Destination) -> bool:
    """Whether a value is a role that another stack is known to export."""
    return import_name(leaf.text) is not None and any(
        ":role/" in pattern for pattern in patterns(leaf.text, destination)
    )


def _any_role(leaf: Leaf, resource: Resource, destination: Destination) -> PassedRole:
    """Return any role, for EC2: which role is in an instance profile, only the account knows."""
    note = (
        f"{leaf.path} of {resource.name} is an instance profile from elsewhere, whose role is not"
        " in the template"
    )
    return PassedRole(destination.arn("iam", "role/*", region=""), EC2, note)


def _elsewhere(
    leaf: Leaf,
    value: AnyText,
    resource: Resource,
    resources: dict[str, Resource],
    destination: Destination,
) -> Iterator[PassedRole]:
    """Yield a role that the template does not refer to: an ARN or a name, known or asked for."""
    start = destination.arn("iam", "role/", region="")
    for pattern in patterns(value, destination):
        text = pattern.strip("*")
        arn = pattern if ":role/" in text else start + (pattern.rpartition("/")[2] or "*")
        note = IMPORTED_NOTE if import_name(value) is not None else ""
        if not text or arn == start + "*":
            note = f"{leaf.path} of {resource.name} is {describe_unknown(value, destination)}"
        yield PassedRole(arn, _services(resource, leaf, _same(arn, resources, destination)), note)


def _same(arn: str, resources: dict[str, Resource], destination: Destination) -> Resource | None:
    """Return the role of the template that an ARN is, written out, with a name of its own."""
    path = arn.partition(":role/")[2]
    for role in resources.values():
        if role.type == ROLE and "*" not in path:
            arns = of_resource("iam", "role", role, destination).arns
            if path in {arn_of_role.partition(":role/")[2] for arn_of_role in arns}:
                return role
    return None


def _given(text: AnyText, destination: Destination) -> AnyText:
    """Return a text with the parameters whose values are given."""
    given = destination.parameters
    return join(
        given.get(part.name, part) if isinstance(part, Ref) and not part.attribute else part
        for part in parts_of(text)
    )


@lru_cache
def _arns(mark: str) -> re.Pattern[str]:
    """Return what finds ARNs of roles and profiles in a text in which words stand for references.

    Args:
        mark: how these words begin, nothing if there are none.
    """
    word = rf"{mark}\([^()]*\)|" if mark else ""
    return re.compile(
        rf"arn:(?:{word}[\w-])+:iam::(?:{word}\d)*:(role|instance-profile)/"
        rf"(?:{word}[\w+=,.@/-])+",
        re.ASCII,
    )


def _services(resource: Resource, leaf: Leaf, role: Resource | None) -> tuple[str, ...]:
    """Return whom a role is handed to: the resource's service, as far as the role trusts it.

    A role that trusts no service is one that another role assumes; it is handed over all the same.
    """
    own = default_services(resource.type, leaf.name)
    trusted = _trusted(role) if role else []
    if not trusted:
        return own
    return tuple(service for service in own if service in trusted) or tuple(trusted)


def _trusted(role: Resource) -> list[str]:
    document = role.properties.get("AssumeRolePolicyDocument")
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    trusted: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        trusted += [
            service
            for service in (services if isinstance(services, list) else [services])
            if isinstance(service, str) and re.fullmatch(r"[a-z0-9.-]+", service)
        ]
    return trusted
