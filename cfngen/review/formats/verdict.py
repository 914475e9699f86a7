"""The verdict of a review in one line, and its counts, the same for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cfngen.plurals import counted
from cfngen.review.formats.phrases import is_kept, is_retyped
from cfngen.review.model import (
    Certainty,
    Concern,
    Finding,
    Kind,
    PolicyKind,
    ResourceChange,
    Review,
    StackReview,
)

NOTHING = "Nothing changes for the stacks that are running"
NO_UPDATE = "No stack is updated"
NOT_KNOWN = "No change was found"
ALONE = "No template was compared"
EMPTY = "Nothing was compared: there is no template on either side"
STACKS_STAY = (
    "its stack remains until somebody deletes it",
    "their stacks remain until somebody deletes them",
)
SAFE = "nothing is refused, replaced or broadened"
IN_PLACE, REVISED, LEAVING = "changed in place", "in a new revision", "leaving the stack"
REFUSED, FOLLOWING = "refused", "affected by a replacement"
OUTCOMES = ("added", "removed", LEAVING, REVISED, IN_PLACE, REFUSED, FOLLOWING)
# Concerns with a clause of their own in the verdict; any other is counted under its label.
WORDED = frozenset(
    (Concern.REFUSED, Concern.DATA, Concern.REPLACE, Concern.BROADEN, Concern.UNKNOWN)
)
# Worst first.
GRAVE, CAREFUL, CALM = "grave", "careful", "calm"

COMPARISON = StackReview("", Kind.CHANGED)  # in the place of a template where there is none

_Subject = tuple[str, str]  # a template's name and a logical ID


def verdict(review: Review) -> str:
    """Return the result of a review in one line."""
    changing = [s for s in review.stacks if s.kind is Kind.CHANGED and not s.empty]
    gone = [s for s in review.stacks if s.kind is Kind.REMOVED]
    heads = []
    compared = f"{counted(review.scope.compared, 'template')} compared"
    if review.scope.nested:
        compared += f" ({review.scope.nested} nested)"
    if changing:
        heads.append(f"{counted(len(changing), 'stack')} change{'s' * (len(changing) == 1)}")
    if new := [s for s in review.stacks if s.kind is Kind.ADDED]:
        heads.append(_templates_clause("new", len(new), ", ".join(_broadened(new))))
    if gone:
        heads.append(_templates_clause("removed", len(gone), STACKS_STAY[len(gone) > 1]))
    clauses = ", ".join(_clauses(review.stacks, review.unknowns))
    if changing:
        heads = [heads[0], compared, *heads[1:]]
        return f"{', '.join(heads)}: {clauses or f'{_harmless(changing)}; {SAFE}'}"
    if not review.scope.compared:
        unread = [finding for finding in review.unknowns if finding.code == "U101"]
        start = "; ".join([ALONE, *heads]) if heads or unread else EMPTY
    else:
        doubt = any(finding.concern is Concern.UNKNOWN for finding in review.findings)
        start = NOT_KNOWN if doubt else NO_UPDATE if heads else NOTHING
        start = "; ".join([f"{start}, {compared}", *heads])
    return f"{start}: {clauses}" if clauses else start


def _templates_clause(word: str, number: int, details: str) -> str:
    clause = f"{counted(number, 'template')} {'is' if number == 1 else 'are'} {word}"
    return f"{clause} ({details})" if details else clause


def comparison(unknowns: Sequence[Finding]) -> StackReview:
    """Return the stand-in for a template, for findings that belong to none."""
    return replace(COMPARISON, findings=tuple(unknowns))


def summary(stack: StackReview) -> str:
    """Return what happens to one template, in one line without its name."""
    heads = {Kind.ADDED: ["new template"], Kind.REMOVED: ["template removed"]}.get(stack.kind, [])
    clauses = list(_clauses([stack], alone=True))
    broadened = _broadened([stack]) if stack.kind is Kind.ADDED else []
    return ", ".join([*heads, *broadened, *clauses]) or _harmless([stack])


def rank(finding: Finding) -> tuple[int, bool]:
    """Return the sort key of a finding, the most severe first."""
    return list(Concern).index(finding.concern), finding.certainty is not Certainty.WILL


def ordered(
    stacks: Sequence[StackReview], unknowns: Sequence[Finding] = ()
) -> list[tuple[StackReview, Finding]]:
    """Return every finding with its template, the most severe first.

    `unknowns` belong to no template: they come with an empty one, `COMPARISON`.
    """
    pairs = [(stack, finding) for stack in stacks for finding in stack.findings]
    pairs += [(COMPARISON, finding) for finding in unknowns]
    return sorted(pairs, key=lambda pair: (*rank(pair[1]), pair[0].kind is Kind.ADDED))


def gravity(findings: Sequence[Finding]) -> str:
    """Return how severe findings are: `grave`, `careful` or `calm`."""
    if any(is_grave(finding) for finding in findings):
        return GRAVE
    return CAREFUL if findings else CALM


def is_grave(finding: Finding) -> bool:
    """Whether a deployment will fail, or data will be lost."""
    return finding.concern.grave and finding.certainty is Certainty.WILL


def tally(stacks: Sequence[StackReview], concern: Concern) -> tuple[int, int]:
    """Return how many subjects a concern certainly has, and how many more it may have.

    Counted are the stacks that are refused; the resources whose data is at risk, that are
    replaced, or that a policy or an exposure was opened for. What a new template allows is not
    counted: nobody had less before.
    """
    certain: set[_Subject] = set()
    possible: set[_Subject] = set()
    subjects = {Certainty.WILL: certain, Certainty.MAY: possible}
    for stack in stacks:
        if concern is Concern.BROADEN and stack.kind is Kind.ADDED:
            continue
        for finding in stack.findings:
            if finding.concern is concern and finding.certainty in subjects:
                subject = "" if concern is Concern.REFUSED else finding.subject
                subjects[finding.certainty].add((stack.name, subject))
    return len(certain), len(possible - certain)


def _clauses(
    stacks: Sequence[StackReview], unknowns: Sequence[Finding] = (), *, alone: bool = False
) -> Iterator[str]:
    """Yield what is severe about templates, the worst first."""
    will, may = tally(stacks, Concern.REFUSED)
    for number, phrase in ((will, "refused"), (may, "may be refused")):
        if number:
            yield phrase if alone else f"{number} {phrase}"
    will, may = tally(stacks, Concern.DATA)
    if will:
        yield f"data of {counted(will, 'resource')} at risk"
    if may:
        yield (
            f"{may} more possibly"
            if will
            else f"data of {counted(may, 'resource')} possibly at risk"
        )
    will, may = tally(stacks, Concern.REPLACE)
    for number, phrase in ((will, "will be replaced"), (may, "may be replaced")):
        if number:
            yield f"{counted(number, 'resource')} {phrase}"
    running = [stack for stack in stacks if stack.kind is not Kind.ADDED]
    yield from _broadened(running, " broadened")
    will, may = tally([*stacks, comparison(unknowns)], Concern.UNKNOWN)
    if will or may:
        yield f"{will + may} unknown"
    yield from _labels(stacks)


def _labels(stacks: Sequence[StackReview]) -> Iterator[str]:
    """Yield how many resources the other concerns have, under their labels."""
    for concern in Concern:
        will, may = (0, 0) if concern in WORDED else tally(stacks, concern)
        for number, label in ((will, concern.label), (may, concern.possible_label)):
            if number:
                yield f"{counted(number, 'resource')} {label}"


def _broadened(stacks: Sequence[StackReview], verb: str = "") -> Iterator[str]:
    """Yield how many exposures, roles and policies there are findings about, each counted once.

    `verb` is what becomes of roles and policies.
    """
    subjects = {
        (stack.name, finding.subject)
        for stack in stacks
        for finding in stack.findings
        if finding.concern is Concern.BROADEN
    }
    changes = [(stack.name, change) for stack in stacks for change in stack.permissions]
    opened = {(s.name, e.resource) for s in stacks for e in s.exposures if e.opened}
    roles = {(name, p.attached_to) for name, p in changes if p.policy is not PolicyKind.RESOURCE}
    policies = {(name, p.attached_to) for name, p in changes if p.policy is PolicyKind.RESOURCE}
    for noun, rest, those in (
        ("resource", " opened to the internet", opened),
        ("role", verb, roles),
        ("resource policy", verb, policies),
        ("policy", verb, set(subjects)),
    ):
        if number := len(subjects & those):
            yield f"{counted(number, noun)}{rest}"
        subjects -= those


def _harmless(stacks: Sequence[StackReview]) -> str:
    """Return what changes where nothing is severe."""
    outcomes = [_outcome(change) for stack in stacks for change in stack.resources]
    counts = [(outcomes.count(outcome), outcome) for outcome in OUTCOMES if outcome in outcomes]
    if counts:
        (number, outcome), *rest = counts
        phrases = [f"{count} {other}" for count, other in rest]
        return ", ".join([f"{counted(number, 'resource')} {outcome}", *phrases])
    sections = dict.fromkeys(entry.section.lower() for stack in stacks for entry in stack.entries)
    return f"no resource, only {' and '.join(sections)}" if sections else "no resource"


def _outcome(change: ResourceChange) -> str:
    if is_retyped(change):
        return REFUSED
    if is_kept(change):
        return LEAVING
    if change.kind is Kind.CHANGED:
        return IN_PLACE if change.replacement is Certainty.NO else REVISED
    return FOLLOWING if change.kind is Kind.AFFECTED else change.kind.value
