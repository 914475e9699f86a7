"""Puts waivers beside the findings that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cfngen.review.model import Finding, Review, Side, StackReview
from cfngen.review.waiver import Waiver, WaiverState
from cfngen.review.waivers.changes import Changes, can_be_waived

Key = tuple[str, str, str, str]
# Which of several waivers of one finding is shown, the first before the others.
PREFERENCE = (
    WaiverState.WAIVED, WaiverState.ACCEPTED, WaiverState.PROPOSED, WaiverState.EXPIRED,
    WaiverState.SPENT, WaiverState.UNUSED,
)  # fmt: skip
SECTIONS = ("Resources", "Outputs", "Parameters", "Conditions", "Mappings", "Rules")


def with_waivers(
    review: Review,
    waivers: Sequence[Waiver],
    changes: Changes,
    date: str,
    *,
    accept_new: bool = False,
    renamed: Iterable[str] = (),
) -> Review:
    """Return a review whose findings have their waivers, as of a date.

    Args:
        review: the review, without waivers.
        waivers: the entries of both sides, each with the side that it stands on.
        changes: the texts that were compared.
        date: the day of the review, as YYYY-MM-DD.
        accept_new: whether a waiver that only head has counts as well.
        renamed: templates that had another name in base, in which nothing is waived.
    """
    desk = _Desk(waivers, changes, date, accept_new, tuple(renamed))
    stacks = tuple(desk.stack(stack) for stack in review.stacks)
    states = [desk.states.get(n) or desk.unmatched(w) for n, w in enumerate(waivers)]
    placed = [replace(w, state=state) for w, state in zip(waivers, states, strict=True)]
    first = WaiverState.PROPOSED, WaiverState.ACCEPTED
    placed.sort(key=lambda waiver: (waiver.state not in first, *waiver.key))
    return replace(review, stacks=stacks, waivers=tuple(placed), date=date)


def drafts(review: Review, changes: Changes, until: str, renamed: Iterable[str]) -> list[Waiver]:
    """Return a waiver for each finding that has none yet, without reason and owner."""
    drafted: dict[Key, Waiver] = {}
    names = tuple(renamed)
    for stack in review.stacks:
        if is_renamed(stack.name, names) or not changes.is_seen(stack.name):
            continue
        for finding in stack.findings:
            if not can_be_waived(finding) or _has_entry(finding):
                continue
            waiver = Waiver(
                finding.code,
                stack.name,
                finding.subject,
                "",
                "",
                until,
                changes.digest(stack, finding),
                changes.after(stack, finding),
            )
            drafted.setdefault(waiver.key, waiver)
    return list(drafted.values())


def _has_entry(finding: Finding) -> bool:
    """Whether head has a waiver of a finding, if only to be renewed, or needs none."""
    waiver = finding.waiver
    return waiver is not None and (waiver.counts or waiver.side is not Side.BASE)


def is_renamed(name: str, renamed: Sequence[str]) -> bool:
    """Whether a template, or the one that it is inside of, had another name in base."""
    return any(name == other or name.startswith(f"{other}/") for other in renamed)


@dataclass
class _Desk:
    """Holds findings to waivers, and keeps what each waiver turned out to be."""

    waivers: Sequence[Waiver]
    changes: Changes
    date: str
    accept_new: bool
    renamed: tuple[str, ...]
    states: dict[int, WaiverState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the waivers by what they are about, so that most findings are not looked at."""
        self.numbers: dict[tuple[str, str, str], list[int]] = {}
        for number, waiver in enumerate(self.waivers):
            self.numbers.setdefault(waiver.key[:3], []).append(number)

    def stack(self, stack: StackReview) -> StackReview:
        if not self.waivers or is_renamed(stack.name, self.renamed):
            return stack
        findings = tuple(self.finding(stack, finding) for finding in stack.findings)
        return replace(stack, findings=findings)

    def finding(self, stack: StackReview, finding: Finding) -> Finding:
        numbers = self.numbers.get((finding.code, stack.name, finding.subject))
        if not numbers or not self.changes.is_seen(stack.name):
            return finding
        change = self.changes.digest(stack, finding)
        matching = [n for n in numbers if self.waivers[n].change == change]
        for number in matching:
            self.states[number] = self.matched(self.waivers[number])
        best = min(matching, key=lambda n: PREFERENCE.index(self.states[n]), default=None)
        if best is None:
            return finding
        return replace(finding, waiver=replace(self.waivers[best], state=self.states[best]))

    def matched(self, waiver: Waiver) -> WaiverState:
        if self.date > waiver.until:
            return WaiverState.EXPIRED
        if waiver.side is not Side.HEAD:
            return WaiverState.WAIVED
        return WaiverState.ACCEPTED if self.accept_new else WaiverState.PROPOSED

    def unmatched(self, waiver: Waiver) -> WaiverState:
        if waiver.after and self.is_spent(waiver):
            return WaiverState.SPENT
        if self.date > waiver.until:
            return WaiverState.EXPIRED
        if waiver.side is Side.HEAD:
            return WaiverState.PROPOSED
        return WaiverState.UNUSED

    def is_spent(self, waiver: Waiver) -> bool:
        """Whether base contains the change: it has what head had when the waiver was drafted."""
        subjects = ((section, waiver.resource) for section in SECTIONS)
        return any(
            self.changes.in_base(waiver.template, subject) == waiver.after for subject in subjects
        )


def sides(base: Iterable[Waiver], head: Iterable[Waiver]) -> list[Waiver]:
    """Return the waivers of both sides, each with where it stands, those of both once."""
    old, new = ({waiver.entry: None for waiver in side} for side in (base, head))
    return [
        *(replace(w, side=Side.BOTH if w in new else Side.BASE) for w in old),
        *(replace(w, side=Side.HEAD) for w in new if w not in old),
    ]
