"""cfn-lint reads `Metadata.cfn-lint.config.ignore_checks` of each resource.

It has no place for a reason, so each reason is a comment above the resource. Source: cfn-lint's
README, part Metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.document import Document, Waiver
from cfngen.project.annotated_copy import annotated_copy

SCANNER = "cfn-lint"


def file(name: str) -> str:
    """Return where the copy of a template goes."""
    return f"{name}.yaml"


def text(name: str, document: Document, waivers: Mapping[str, Sequence[Waiver]]) -> str:
    """Return a copy of the template in which resources name the rules that are not for them."""

    def entry(group: Sequence[Waiver]) -> dict[str, Any]:
        return {"config": {"ignore_checks": [waiver.rule_name for waiver in group]}}

    comments = dict(document.comments)
    for title, group in waivers.items():
        place = ("Resources", title)
        reasons = [f"{waiver.rule_name}: {waiver.reason}" for waiver in group]
        comments[place] = "\n".join(filter(None, [comments.get(place, ""), *reasons]))
    noted = replace(document, comments=comments)
    return annotated_copy(name, noted, waivers, scanner=SCANNER, key="cfn-lint", entry=entry)
