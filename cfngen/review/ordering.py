"""In which order the findings of one template stand."""

from __future__ import annotations

from collections.abc import Iterable

from cfngen.review.model import Concern, Finding
from cfngen.review.stack import Stack

# In the order of AWS page "Template sections"; what is of no section comes first.
SECTIONS = ("", "Parameters", "Resources", "Outputs")


def in_order(findings: Iterable[Finding], before: Stack, after: Stack) -> list[Finding]:
    """Return findings by concern, then in template order, without duplicates.

    Where several rules find something in one place, it is in the order of their codes.
    """
    unique = list(dict.fromkeys(findings))
    if len(unique) < 2:
        return unique
    concerns = {concern: number for number, concern in enumerate(Concern)}
    sections = {section: number for number, section in enumerate(SECTIONS)}
    resources = {name: n for n, name in enumerate(dict.fromkeys((*after.names, *before.names)))}

    def place(finding: Finding) -> tuple[int, int, int]:
        section = finding.section
        number = resources.get(finding.subject, 0) if section == "Resources" else 0
        return concerns[finding.concern], sections.get(section, 0), number

    return sorted(unique, key=place)
