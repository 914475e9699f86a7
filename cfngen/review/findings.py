"""Findings about what is replaced and whose permissions are broadened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfngen.review.model import (
    Certainty,
    Concern,
    Effect,
    Exposure,
    Extent,
    Finding,
    PermissionChange,
    PolicyKind,
    ResourceChange,
)
from cfngen.review.stack import Stack

# The rules of permissions, by the kind of policy.
POLICY_CODES = {
    PolicyKind.PERMISSIONS: "B101",
    PolicyKind.TRUST: "B102",
    PolicyKind.RESOURCE: "B103",
    PolicyKind.BOUNDARY: "B104",
}
# In the order of AWS page "Template sections"; what is of no section comes first.
SECTIONS = ("", "Parameters", "Resources", "Outputs")
MAX_ACTIONS = 6  # that a finding names; all of them stand with the permissions


def replacement_findings(after: Stack, changes: dict[str, ResourceChange]) -> Iterator[Finding]:
    """Yield the resources that will or may be replaced, except for those only revised."""
    for change in changes.values():
        resource = after.resource(change.name)
        if change.replacement is Certainty.NO or resource is None or resource.schema.revised:
            continue
        causes = [d for d in change.properties if d.replacement is change.replacement]
        paths = ", ".join(dict.fromkeys(d.path for d in causes))
        first = " (the old one is deleted first)" if resource.schema.deletes_first else ""
        reason = f"{causes[0].note or 'changes'}" if causes else ""
        message = f"{change.replacement} be replaced{first}: {paths} {reason}".rstrip()
        yield Finding(
            Concern.REPLACE,
            change.replacement,
            change.name,
            message,
            "; ".join(change.reasons),
            path=causes[0].path if causes else "",
            code="P101",
        )


def broadening_findings(
    permission_changes: Iterable[PermissionChange], exposures: Iterable[Exposure]
) -> Iterator[Finding]:
    """Yield who may do more than before, and what became reachable from the internet."""
    for change in permission_changes:
        if change.extent in (Extent.BROADENED, Extent.MIXED):
            yield Finding(
                Concern.BROADEN,
                Certainty.WILL,
                change.attached_to,
                _gain_message(change),
                code=POLICY_CODES[change.policy],
                policy=change.policy,
            )
    for exposure in exposures:
        if exposure.opened:
            yield Finding(
                Concern.BROADEN,
                Certainty.WILL,
                exposure.resource,
                exposure.description,
                code="B105",
                exposure=exposure,
            )


def in_order(findings: Iterable[Finding], before: Stack, after: Stack) -> list[Finding]:
    """Return findings by concern, then in template order, without duplicates.

    Where several rules find something in one place, it is in the order of their codes.
    """
    concerns = {concern: number for number, concern in enumerate(Concern)}
    sections = {section: number for number, section in enumerate(SECTIONS)}
    resources = {name: n for n, name in enumerate(dict.fromkeys((*after.names, *before.names)))}

    def place(finding: Finding) -> tuple[int, int, int]:
        section = finding.section
        number = resources.get(finding.subject, 0) if section == "Resources" else 0
        return concerns[finding.concern], sections.get(section, 0), number

    return sorted(dict.fromkeys(findings), key=place)


def _gain_message(change: PermissionChange) -> str:
    """Return the first permission that is gained, and how many more there are."""
    if not change.gained:
        return f"{change.policy}: a limit was removed"
    first = change.gained[0]
    # A condition of the template is written with its word before it.
    start = " " if first.condition == first.when else " if "
    condition = f"{start}{first.condition}" if first.condition else ""
    who = "" if first.principal == change.attached_to else f"{first.principal} "
    verb = "may" if first.effect is Effect.ALLOW else "is no longer denied"
    more = len(change.gained) - 1
    rest = f", and {more} more" if more else ""
    actions = ", ".join(first.actions[:MAX_ACTIONS])
    if len(first.actions) > MAX_ACTIONS:
        actions += f" and {len(first.actions) - MAX_ACTIONS} more"
    return f"{who}{verb} {actions} on {first.resource}{condition}{rest}"
