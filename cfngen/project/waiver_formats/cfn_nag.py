"""cfn-nag reads `Metadata.cfn_nag.rules_to_suppress` of each resource.

Source: cfn-nag's README, part Per-Resource Rule Suppression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cfngen.cloudformation.document import Document, Waiver
from cfngen.project.annotated_copy import annotated_copy

SCANNER = "cfn-nag"


def file(name: str) -> str:
    """Return where the copy of a template goes."""
    return f"{name}.yaml"


def text(name: str, document: Document, waivers: Mapping[str, Sequence[Waiver]]) -> str:
    """Return a copy of the template in which each suppressed rule has its reason."""

    def entry(group: Sequence[Waiver]) -> dict[str, Any]:
        return {"rules_to_suppress": [{"id": w.rule_name, "reason": w.reason} for w in group]}

    return annotated_copy(name, document, waivers, scanner=SCANNER, key="cfn_nag", entry=entry)
