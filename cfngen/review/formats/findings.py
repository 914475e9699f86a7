"""The findings of a review for readers: the most severe first, equal ones together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cfngen.review.formats.phrases import finding_subject
from cfngen.review.formats.verdict import is_grave, ordered, rank
from cfngen.review.formats.waivers import finding_waiver
from cfngen.review.model import (
    Certainty,
    Concern,
    Effect,
    Exposure,
    Finding,
    Kind,
    PermissionChange,
    StackReview,
)

OPENED = "opened to the internet"
MAX_PLACES = 6  # of one finding that several templates have
MAX_REPORTED_ACTIONS = 6  # actions that a finding still names, as `cfngen.review` has it

_Pair = tuple[StackReview, Finding]


@dataclass(frozen=True)
class GroupedFinding:
    """One finding, and all places where the same was found."""

    label: str
    subject: str
    message: str
    finding: Finding
    places: tuple[_Pair, ...]

    @property
    def is_grave(self) -> bool:
        """Whether a deployment will fail, or data will be lost."""
        return is_grave(self.finding)

    @property
    def waiver(self) -> str:
        """What is said of its waiver; empty without one."""
        return finding_waiver(self.finding)


def grouped_findings(
    stacks: Sequence[StackReview],
    unknowns: Sequence[Finding] = (),
    *,
    include_new_stacks: bool = False,
) -> list[GroupedFinding]:
    """Return the findings, gravest first, those that are the same in several templates once.

    Args:
        stacks: the templates.
        unknowns: what could not be compared, which is of no template.
        include_new_stacks: whether findings about what a new template allows are included.
    """
    grouped: dict[tuple[object, ...], list[_Pair]] = {}
    for stack, finding in ordered(stacks, unknowns):
        if (is_new_access(stack, finding) and not include_new_stacks) or _is_repeated(
            stack, finding
        ):
            continue
        key = (
            label(finding), finding.section, finding.subject, finding.message,
            finding.reasons, finding.path, finding.waiver,
        )  # fmt: skip
        grouped.setdefault(key, []).append((stack, finding))
    findings = [
        GroupedFinding(
            label(pairs[0][1]),
            finding_subject(pairs[0][1]),
            pairs[0][1].message,
            pairs[0][1],
            tuple(pairs),
        )
        for pairs in grouped.values()
    ]
    return sorted(
        findings,
        key=lambda grouped_finding: (
            *rank(grouped_finding.finding),
            grouped_finding.label != OPENED,
        ),
    )


def by_gravity(stacks: Sequence[StackReview]) -> list[StackReview]:
    """Return templates by their most severe finding; running ones before new and removed ones."""
    kinds = (Kind.CHANGED, Kind.REMOVED, Kind.ADDED)

    def gravest(stack: StackReview) -> tuple[bool, tuple[int, bool], int]:
        ranks = [rank(f) for f in stack.findings if not is_new_access(stack, f)]
        place = kinds.index(stack.kind) if stack.kind in kinds else 0
        return (not ranks, min(ranks, default=(0, False)), place)

    return sorted(stacks, key=gravest)


def label(finding: Finding) -> str:
    """Return the label of a finding: its concern, and whether it is only possible."""
    if finding.certainty is Certainty.MAY:
        return finding.concern.possible_label
    return OPENED if is_opened(finding) else finding.concern.label


def is_new_access(stack: StackReview, finding: Finding) -> bool:
    """Whether a finding only says what a new template allows."""
    return stack.kind is Kind.ADDED and finding.concern is Concern.BROADEN


def is_opened(finding: Finding) -> bool:
    """Whether a finding is about a way in from the internet."""
    return finding.exposure is not None


def unreported_exposures(stack: StackReview) -> list[Exposure]:
    """Return what was opened to the internet or closed, except for what findings report."""
    reported = {f.exposure for f in stack.findings if not is_new_access(stack, f)}
    return [exposure for exposure in stack.exposures if exposure not in reported]


def is_fully_reported(stack: StackReview, change: PermissionChange) -> bool:
    """Whether a finding already reports all changes of these permissions."""
    return (
        stack.kind is Kind.CHANGED
        and not change.lost
        and len(change.gained) == 1
        and change.gained[0].effect is Effect.ALLOW
        and len(change.gained[0].actions) <= MAX_REPORTED_ACTIONS
        and any(
            f.concern is Concern.BROADEN and f.subject == change.attached_to for f in stack.findings
        )
    )


def _is_repeated(stack: StackReview, finding: Finding) -> bool:
    """Whether another finding says the same, and that it is open to the internet."""
    gained = [
        change.gained
        for change in stack.permissions
        if (change.attached_to, change.policy) == (finding.subject, finding.policy)
    ]
    opened = [
        (other.exposure.grant,)
        for other in stack.findings
        if other.exposure and other.exposure.grant and other.subject == finding.subject
    ]
    return any(grants in opened and grants[0].principal == "*" for grants in gained)
