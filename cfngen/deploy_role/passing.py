"""Roles that are handed to services: `iam:PassRole`, for each service by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.deploy_role.arns import IMPORTED, Resource, of_resource
from cfngen.deploy_role.names import Place, asked, import_name, patterns
from cfngen.values import references

ROLE = "AWS::IAM::Role"
KEY = re.compile(r"(Role|Roles|RoleArn|RoleArns|RoleARN|RoleName|Credentials)\Z")
# Whom a role is handed to by a resource, where that is not called like the service of its type.
TO = {
    "AWS::ApiGatewayV2": "apigateway",
    "AWS::ECS::TaskDefinition": "ecs-tasks",
    "AWS::EMR": "elasticmapreduce",
    "AWS::IAM::InstanceProfile": "ec2",
    "AWS::KinesisFirehose": "firehose",
    "AWS::StepFunctions": "states",
}


def passed(
    resource: Resource, resources: dict[str, Resource], place: Place
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield what a resource hands over: a role's ARN, to which services, and a note."""
    for where, value in _roles(resource.properties, ""):
        names = {name for name, _ in references(value)}
        mine = [resources[n] for n in sorted(names) if n in resources and resources[n].type == ROLE]
        for role in mine:
            found = of_resource("iam", "role", role, place)
            for arn in found.arns:
                yield arn, _services(resource, role), found.note
        if not mine:
            yield from _elsewhere(resource, where, value, place)


def _elsewhere(
    resource: Resource, where: str, value: Any, place: Place
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield a role that is not the template's: an ARN or a name, known or asked for."""
    start = f"arn:{place.partition}:iam::{place.account}:role/"
    for pattern in patterns(value, place):
        text = pattern.strip("*")
        arn = pattern if ":role/" in text else start + (pattern.rpartition("/")[2] or "*")
        note = IMPORTED if import_name(value) is not None else ""
        if not text or arn == start + "*":
            note = f"{where} of {resource.name} is {asked(value, place)}"
        yield arn, _services(resource, None), note


def _services(resource: Resource, role: Resource | None) -> tuple[str, ...]:
    """Return whom a role is handed to: the resource's service, as far as the role trusts it.

    A role that trusts no service is one that another role assumes; it is handed over all the same.
    """
    family = resource.type.rpartition("::")[0]
    own = TO.get(resource.type) or TO.get(family) or family.rpartition("::")[2].lower()
    service = f"{own}.amazonaws.com"
    trusted = _trusted(role) if role else []
    return (service,) if not trusted or service in trusted else tuple(trusted)


def _trusted(role: Resource) -> list[str]:
    document = role.properties.get("AssumeRolePolicyDocument")
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    found: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        found += [
            s
            for s in (services if isinstance(services, list) else [services])
            if isinstance(s, str) and re.fullmatch(r"[a-z0-9.-]+", s)
        ]
    return found


def _roles(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the properties that name a role, by their path.

    What a pipeline's action is configured with is the action's own business.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{where}.{key}" if where else str(key)
            if key == "Configuration" or inner in ("", None):
                continue
            if KEY.search(str(key)) and not _structured(inner):
                for one in inner if isinstance(inner, list) else [inner]:
                    yield path, one
            else:
                yield from _roles(inner, path)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item, where)


def _structured(value: Any) -> bool:
    """Whether a value is a structure, rather than text or a choice between texts."""
    if isinstance(value, list):
        return any(map(_structured, value))
    return isinstance(value, dict) and "Fn::If" not in value
