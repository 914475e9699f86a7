"""Roles that other stacks export, as far as their templates say what they will be called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import Resource, of_resource
from cfngen.deploy.role.names import Place, patterns

ROLE = "AWS::IAM::Role"


def exported_roles(
    templates: Iterable[tuple[str, Any]], place: Place
) -> dict[str, tuple[str, ...]]:
    """Return the ARNs of the roles that stacks export, as patterns, by the name of the export.

    An output may be the ARN of the role or its name: either way it is the role's ARN that is
    returned. What is no role is left out.

    Args:
        templates: the name of each stack and its template, as plain data.
        place: where the stacks are.
    """
    found: dict[str, tuple[str, ...]] = {}
    for stack, body in templates:
        here = replace(place, stack=stack, parameters=defaults(body), exports={})
        resolver = Resolver(_section(body, "Mappings"), _section(body, "Conditions"))
        resources = _section(body, "Resources")
        for output in _section(body, "Outputs").values():
            export = output.get("Export") if isinstance(output, dict) else None
            if not isinstance(export, dict):
                continue
            names = {name for name, _ in references(resolver.resolve(output.get("Value")))}
            roles = [n for n in names if _mapping(resources.get(n)).get("Type") == ROLE]
            if len(names) == len(roles) == 1:
                properties = resolver.resolve(resources[roles[0]].get("Properties") or {})
                role = Resource(roles[0], ROLE, _mapping(properties), frozenset())
                arns = of_resource("iam", "role", role, here).arns
                for name in patterns(resolver.resolve(export.get("Name")), here):
                    found[name] = arns
    return found


def defaults(body: Any) -> dict[str, str]:
    """Return what a template's parameters are if nobody says otherwise, by their names."""
    return {
        str(name): str(about["Default"])
        for name, about in _section(body, "Parameters").items()
        if isinstance(about, dict) and "Default" in about
    }


def _section(body: Any, name: str) -> dict[str, Any]:
    return _mapping(_mapping(body).get(name))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
