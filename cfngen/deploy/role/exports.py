"""What other stacks export that a policy has to name: the ARNs of their roles and functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.template import Resource, TemplateBody
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import of_resource
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.names import patterns

# The service and the kind of its ARNs, by the types that are looked for.
TYPES = {"AWS::IAM::Role": ("iam", "role"), "AWS::Lambda::Function": ("lambda", "function")}


def exported_arns(
    templates: Iterable[tuple[str, Any]], destination: Destination
) -> dict[str, tuple[str, ...]]:
    """Return the ARNs of roles and functions that stacks export, as patterns, by the export's name.

    An output may be the ARN or the name: either way it is the ARN that is returned. Other exports
    are left out.

    Args:
        templates: the name of each stack and its template, as plain data.
        destination: where the stacks are.
    """
    exported: dict[str, tuple[str, ...]] = {}
    for stack, body in templates:
        template = TemplateBody.of(body)
        here = replace(destination, stack=stack, parameters=template.defaults, exports={})
        for export, resource in _exports(template):
            arns = of_resource(*TYPES[resource.type], resource, here).arns
            exported |= dict.fromkeys(patterns(export, here), arns)
    return exported


def _exports(template: TemplateBody) -> Iterator[tuple[Any, Resource]]:
    """Yield the resolved names of exports whose value is made of one such resource, with that."""
    for output in template.outputs.values():
        export = output.get("Export")
        if not isinstance(export, dict):
            continue
        value = template.resolver.resolve(output.get("Value"))
        names = {name for name, _ in references(value)}
        resource = template.resource(names.pop()) if len(names) == 1 else None
        if resource and resource.type in TYPES:
            yield template.resolver.resolve(export.get("Name")), resource
