"""Roles that other stacks export, as far as their templates say what they will be named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.template import Resource, TemplateBody
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import of_resource
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.names import patterns

ROLE = "AWS::IAM::Role"


def exported_roles(
    templates: Iterable[tuple[str, Any]], destination: Destination
) -> dict[str, tuple[str, ...]]:
    """Return the ARNs of the roles that stacks export, as patterns, by the name of the export.

    An output may be the ARN of the role or its name: either way it is the role's ARN that is
    returned. Other exports are left out.

    Args:
        templates: the name of each stack and its template, as plain data.
        destination: where the stacks are.
    """
    roles: dict[str, tuple[str, ...]] = {}
    for stack, body in templates:
        template = TemplateBody.of(body)
        here = replace(destination, stack=stack, parameters=template.defaults, exports={})
        for export, role in _exports(template):
            arns = of_resource("iam", "role", role, here).arns
            roles |= dict.fromkeys(patterns(export, here), arns)
    return roles


def _exports(template: TemplateBody) -> Iterator[tuple[Any, Resource]]:
    """Yield the resolved names of exports whose value is made of one role, each with that role."""
    for output in template.outputs.values():
        export = output.get("Export")
        if not isinstance(export, dict):
            continue
        value = template.resolver.resolve(output.get("Value"))
        names = {name for name, _ in references(value)}
        role = template.resource(names.pop()) if len(names) == 1 else None
        if role and role.type == ROLE:
            yield template.resolver.resolve(export.get("Name")), role
