"""checkov reads `Metadata.checkov.skip` of each resource.

Source: checkov's page "Suppressing and Skipping Policies", part CloudFormation Metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cfngen.cloudformation.document import Document, Waiver
from cfngen.project.annotated_copy import annotated_copy

SCANNER = "checkov"


def file(name: str) -> str:
    """Return where the copy of a template goes."""
    return f"{name}.yaml"


def text(name: str, document: Document, waivers: Mapping[str, Sequence[Waiver]]) -> str:
    """Return a copy of the template in which each skipped check has its reason."""

    def entry(group: Sequence[Waiver]) -> dict[str, Any]:
        return {"skip": [{"id": waiver.rule_name, "comment": waiver.reason} for waiver in group]}

    return annotated_copy(name, document, waivers, scanner=SCANNER, key="checkov", entry=entry)
