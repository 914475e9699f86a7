"""What CloudFormation's handlers are permitted to call, written down for the emulator.

Its interpreter has no cfn-lint. Sources: the registry's schemas and IAM's service reference, both
as cfn-lint ships them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfngen.cloudformation.render import read
from cfngen.cloudformation.schemas import OPERATIONS, iam_services, schema

ROOT = Path(__file__).parents[2]


def types() -> set[str]:
    """Return the resource types of the templates that ship, and of those inside of them."""
    pages = (path.read_text() for path in sorted((ROOT / "output").glob("*.yaml")))
    return {resource["Type"] for page in pages for resource in resources(read(page))}


def resources(template: Any) -> Iterator[dict[str, Any]]:
    """Yield a template's resources, and those of the templates that it carries."""
    for resource in template["Resources"].values():
        yield resource
        inner = resource.get("Properties", {}).get("TemplateBody")
        if isinstance(inner, str):
            yield from resources(read(inner))


def known() -> dict[str, Any]:
    """Return permissions by type and operation, and what IAM's actions act on, by service."""
    permissions = {
        name: {operation: schema(name).permissions(operation) for operation in OPERATIONS}
        for name in sorted(types())
    }
    listed = {a for each in permissions.values() for found in each.values() for a in found}
    services = {action.partition(":")[0] for action in listed} | {"lambda", "codeconnections"}
    table = iam_services()
    return {
        "permissions": permissions,
        "kinds": {
            f"{service}:{action}": about.get("Resources", [])
            for service in sorted(services & set(table))
            for action, about in table[service]["Actions"].items()
        },
        "formats": {
            service: {
                kind.lower(): about.get("ARNFormats", [])
                for kind, about in table[service]["Resources"].items()
            }
            for service in sorted(services & set(table))
        },
    }


def write(path: Path) -> None:
    """Write it down as JSON."""
    path.write_text(json.dumps(known()))
