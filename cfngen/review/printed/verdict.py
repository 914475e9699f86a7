"""The verdict of a review in one line, and which findings come first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.review.model import (
    Certainty,
    Concern,
    Finding,
    Kind,
    ResourceChange,
    Review,
    StackReview,
)
from cfngen.review.printed.phrases import ORDER, counted

NOTHING = "Nothing changes for the stacks that are running"
SAFE = "nothing is refused, replaced or broadened"
IN_PLACE, REVISED = "changed in place", "in a new revision"
WORDS = ("added", "removed", REVISED, IN_PLACE, "affected")
# Worst first.
GRAVE, CAREFUL, CALM = "grave", "careful", "calm"

_Subject = tuple[str, str]  # a template's name and a logical ID


def verdict(review: Review) -> str:
    """Return what the reviewer has to know, in one line."""
    changing = [s for s in review.stacks if s.kind is Kind.CHANGED and not s.empty]
    heads = [f"{counted(len(changing), 'stack')} change{'s' * (len(changing) == 1)}"]
    heads = heads if changing else []
    for kind, words in ((Kind.ADDED, "new"), (Kind.REMOVED, "gone")):
        found = [s for s in review.stacks if s.kind is kind]
        if found:
            is_are = "is" if len(found) == 1 else "are"
            with_what = ", ".join(_holders(found)) if kind is Kind.ADDED else ""
            told = f" ({with_what})" if with_what else ""
            heads.append(f"{counted(len(found), 'template')} {is_are} {words}{told}")
    clauses = list(_clauses(review.stacks))
    if not changing:
        heads = ["; ".join([NOTHING, *heads])]
        return ": ".join([*heads, *([", ".join(clauses)] if clauses else [])])
    told = ", ".join(clauses) if clauses else f"{_harmless(changing)}; {SAFE}"
    return f"{', '.join(heads)}: {told}"


def summary(stack: StackReview) -> str:
    """Return what becomes of one template, in one line without its name."""
    heads = {Kind.ADDED: ["new template"], Kind.REMOVED: ["template is gone"]}.get(stack.kind, [])
    clauses = list(_clauses([stack], alone=True))
    powers = _holders([stack]) if stack.kind is Kind.ADDED else []
    return ", ".join([*heads, *powers, *clauses]) or _harmless([stack])


def rank(finding: Finding) -> tuple[int, bool]:
    """Return what findings are sorted by, the gravest first."""
    return list(ORDER).index(finding.concern), finding.certainty is not Certainty.WILL


def ordered(stacks: Sequence[StackReview]) -> list[tuple[StackReview, Finding]]:
    """Return every finding with its template, gravest first, those of stacks that run before."""
    found = [(stack, finding) for stack in stacks for finding in stack.findings]
    return sorted(found, key=lambda pair: (*rank(pair[1]), pair[0].kind is Kind.ADDED))


def is_news(stack: StackReview, finding: Finding) -> bool:
    """Whether a finding only says what a template that is new allows."""
    return stack.kind is Kind.ADDED and finding.concern is Concern.BROADEN


def gravity(findings: Sequence[Finding]) -> str:
    """Return how grave findings are: `grave`, `careful` or `calm`."""
    if any(is_grave(finding) for finding in findings):
        return GRAVE
    return CAREFUL if findings else CALM


def is_grave(finding: Finding) -> bool:
    """Whether a deployment will fail, or data will be lost."""
    worst = finding.concern in (Concern.REFUSED, Concern.DATA)
    return worst and finding.certainty is Certainty.WILL


def tally(stacks: Sequence[StackReview], concern: Concern) -> tuple[int, int]:
    """Return for how many resources and the like a concern is certain, and for how many not."""
    if concern is Concern.REPLACE:
        will, may = _replaced(stacks)
    else:
        will = _subjects(stacks, concern, Certainty.WILL)
        may = _subjects(stacks, concern, Certainty.MAY) - will
    return len(will), len(may)


def _clauses(stacks: Sequence[StackReview], *, alone: bool = False) -> Iterator[str]:
    """Yield what is grave about templates, the gravest first."""
    yield from _refused(stacks, alone=alone)
    will, may = _replaced(stacks)
    risk = _subjects(stacks, Concern.DATA)
    removed = {(s.name, r.name) for s in stacks for r in s.resources if r.kind is Kind.REMOVED}
    others = risk - will - may
    for what, subjects in (("removed ", others & removed), ("", others - removed)):
        if subjects:
            yield f"data of {counted(len(subjects), f'{what}resource')} at risk"
    for words, subjects in (("will", will), ("may", may)):
        if subjects:
            at_risk = len(subjects & risk)
            of = "" if at_risk == len(subjects) else f" of {at_risk}"
            data = f" (data{of} at risk)" if at_risk else ""
            yield f"{counted(len(subjects), 'resource')} {words} be replaced{data}"
    yield from _broadened(stacks)


def _refused(stacks: Sequence[StackReview], *, alone: bool) -> Iterator[str]:
    left = list(stacks)
    for certainty, words in ((Certainty.WILL, "refused"), (Certainty.MAY, "may be refused")):
        found = [
            stack
            for stack in left
            if any(
                f.concern is Concern.REFUSED and f.certainty is certainty for f in stack.findings
            )
        ]
        if found:
            yield words if alone else f"{len(found)} {words}"
        left = [stack for stack in left if stack not in found]


def _replaced(stacks: Sequence[StackReview]) -> tuple[set[_Subject], set[_Subject]]:
    # Findings say so, not changes: that a new revision replaces the old one does no harm.
    will, may = (_subjects(stacks, Concern.REPLACE, c) for c in (Certainty.WILL, Certainty.MAY))
    return will, may - will


def _broadened(stacks: Sequence[StackReview]) -> Iterator[str]:
    """Yield whose powers grew; in a new template there is nobody yet whose powers could grow."""
    running = [stack for stack in stacks if stack.kind is not Kind.ADDED]
    yield from (f"{words} broadened" for words in _holders(running))
    if opened := _opened(stacks):
        yield f"{counted(len(opened), 'resource')} opened to the internet"


def _holders(stacks: Sequence[StackReview]) -> Iterator[str]:
    """Yield how many roles and policies there are findings about."""
    subjects = _subjects(stacks, Concern.BROADEN)
    powers = [(s.name, p) for s in stacks for p in s.powers]
    policies = {(name, p.holder) for name, p in powers if p.policy == "resource"}
    roles = {(name, p.holder) for name, p in powers if p.policy != "resource"}
    others = subjects - _opened(stacks) - policies - roles
    for noun, found in (
        ("role", subjects & roles),
        ("resource policy", (subjects & policies) - roles),
        ("policy", others),
    ):
        if found:
            yield counted(len(found), noun)


def _opened(stacks: Sequence[StackReview]) -> set[_Subject]:
    return {(s.name, e.resource) for s in stacks for e in s.exposures if e.opened}


def _harmless(stacks: Sequence[StackReview]) -> str:
    """Return what changes where nothing is grave."""
    words = [_word(change) for stack in stacks for change in stack.resources]
    told = [f"{words.count(word)} {word}" for word in WORDS if word in words]
    if told:
        number, _, rest = told[0].partition(" ")
        return ", ".join([f"{counted(int(number), 'resource')} {rest}", *told[1:]])
    sections = dict.fromkeys(entry.section.lower() for stack in stacks for entry in stack.entries)
    return f"no resource, only {' and '.join(sections)}" if sections else "no resource"


def _word(change: ResourceChange) -> str:
    if change.kind is Kind.CHANGED:
        return IN_PLACE if change.replacement is Certainty.NO else REVISED
    return change.kind.value


def _subjects(
    stacks: Sequence[StackReview], concern: Concern, certainty: Certainty | None = None
) -> set[_Subject]:
    wanted = (certainty,) if certainty else (Certainty.WILL, Certainty.MAY)
    return {
        (stack.name, finding.subject)
        for stack in stacks
        for finding in stack.findings
        if finding.concern is concern and finding.certainty in wanted
    }
