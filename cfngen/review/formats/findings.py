"""The findings of a review as people read them: gravest first, and each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cfngen.review.formats.columns import visible
from cfngen.review.formats.phrases import ORDER, finding_subject
from cfngen.review.formats.verdict import is_grave, ordered, rank
from cfngen.review.model import (
    Certainty,
    Concern,
    Exposure,
    Finding,
    Kind,
    PowerChange,
    StackReview,
)

MAYBE = {
    Concern.REFUSED: "maybe refused", Concern.DATA: "data maybe at risk",
    Concern.REPLACE: "maybe replaced", Concern.BROADEN: "maybe broadened",
    Concern.UNKNOWN: "unknown",
}  # fmt: skip
OPENED = "opened to the internet"
MOST_PLACES = 6  # of one finding that several templates have
TOLD_WHOLE = 6  # actions that a finding still names, as `cfngen.review` has it

_Pair = tuple[StackReview, Finding]


@dataclass(frozen=True)
class Told:
    """One finding, and everywhere that the same is found."""

    label: str
    subject: str
    message: str
    finding: Finding
    places: tuple[_Pair, ...]

    @property
    def grave(self) -> bool:
        """Whether a deployment will fail, or data will be lost."""
        return is_grave(self.finding)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The names of the templates that it is about."""
        return tuple(dict.fromkeys(stack.name for stack, _ in self.places if stack.name))


def told(
    stacks: Sequence[StackReview], unknowns: Sequence[Finding] = (), *, news: bool = False
) -> list[Told]:
    """Return the findings, gravest first, those that are the same in several templates once.

    Args:
        stacks: the templates.
        unknowns: what could not be compared, which is of no template.
        news: whether what a new template allows is told, which nobody had before.
    """
    grouped: dict[tuple[object, ...], list[_Pair]] = {}
    for stack, finding in ordered(stacks, unknowns):
        if (is_news(stack, finding) and not news) or _is_told_better(stack, finding):
            continue
        key = (
            label(stack, finding), finding.section, finding.subject, finding.message,
            finding.because, finding.path,
        )  # fmt: skip
        grouped.setdefault(key, []).append((stack, finding))
    found = [
        Told(
            label(*pairs[0]),
            finding_subject(pairs[0][1]),
            _message(pairs[0][1]),
            pairs[0][1],
            tuple(pairs),
        )
        for pairs in grouped.values()
    ]
    return sorted(found, key=lambda one: (*rank(one.finding), one.label != OPENED))


def by_gravity(stacks: Sequence[StackReview]) -> list[StackReview]:
    """Return templates by their gravest finding; those that run before new ones and gone ones."""
    kinds = (Kind.CHANGED, Kind.REMOVED, Kind.ADDED)

    def gravest(stack: StackReview) -> tuple[bool, tuple[int, bool], int]:
        found = [rank(f) for f in stack.findings if not is_news(stack, f)]
        place = kinds.index(stack.kind) if stack.kind in kinds else 0
        return (not found, min(found, default=(0, False)), place)

    return sorted(stacks, key=gravest)


def label(stack: StackReview, finding: Finding) -> str:
    """Return what a finding is called: its concern, with a doubt where there is one."""
    if finding.certainty is Certainty.MAY:
        return MAYBE[finding.concern]
    return OPENED if is_opened(stack, finding) else ORDER[finding.concern]


def is_news(stack: StackReview, finding: Finding) -> bool:
    """Whether a finding only says what a template that is new allows."""
    return stack.kind is Kind.ADDED and finding.concern is Concern.BROADEN


def is_opened(stack: StackReview, finding: Finding) -> bool:
    """Whether a finding is about a way in from the internet."""
    return finding.concern is Concern.BROADEN and any(
        way.opened and (way.resource, way.what) == (finding.subject, finding.message)
        for way in stack.exposures
    )


def ways_in(stack: StackReview) -> list[Exposure]:
    """Return what was opened to the internet or closed, save what findings tell of."""
    given = {
        (finding.subject, finding.message)
        for finding in stack.findings
        if is_opened(stack, finding) and not is_news(stack, finding)
    }
    return [way for way in stack.exposures if (way.resource, way.what) not in given]


def told_whole(stack: StackReview, power: PowerChange) -> bool:
    """Whether a finding says all that has changed of what a holder may do."""
    return (
        stack.kind is Kind.CHANGED
        and not power.lost
        and len(power.gained) == 1
        and power.gained[0].effect == "Allow"
        and len(power.gained[0].actions) <= TOLD_WHOLE
        and any(f.concern is Concern.BROADEN and f.subject == power.holder for f in stack.findings)
    )


def _is_told_better(stack: StackReview, finding: Finding) -> bool:
    """Whether another finding says the same, and that it is open to the internet."""
    anybody = "anybody " + finding.message.removeprefix("* ")
    return finding.message.startswith("* ") and any(
        (other.subject, other.message) == (finding.subject, anybody) for other in stack.findings
    )


def _message(finding: Finding) -> str:
    return visible(finding.message.removesuffix(f", because of {finding.subject}"))
