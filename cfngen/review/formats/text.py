"""A review for a terminal: the verdict, the findings of all templates, then what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.review.formats.columns import columns, visible
from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.findings import MOST_PLACES, Told, by_gravity, told
from cfngen.review.formats.phrases import (
    changed_signs,
    finding_place,
    in_base,
    legend,
    origin_place,
)
from cfngen.review.formats.reasons import pages, reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.text_details import Details, Paper, Style
from cfngen.review.formats.verdict import gravity, summary, verdict
from cfngen.review.model import Concern, Kind, Review, StackReview

WIDTH = 100
LEAST = 40
COLOURS = {"grave": "red", "careful": "yellow", "calm": "green"}
CONCERNS = {
    Concern.REFUSED: "red", Concern.DATA: "red", Concern.REPLACE: "yellow",
    Concern.BROADEN: "magenta", Concern.UNKNOWN: "yellow",
}  # fmt: skip
MOST_NAME = 32
KINDS = {Kind.ADDED: "new", Kind.REMOVED: "gone", Kind.CHANGED: "", Kind.AFFECTED: "affected"}


def as_text(review: Review, style: Style, width: int = WIDTH, *, details: bool = False) -> str:
    """Return a review for a person; `style` colours text if there is a terminal.

    Templates without a finding have a line each, unless `details` are wanted or there is no other.
    """
    lines = list(_Printer(review, style, max(width, LEAST), details=details).lines())
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Printer(Paper):
    """Prints one review."""

    def __init__(self, review: Review, style: Style, width: int, *, details: bool) -> None:
        super().__init__(style, width)
        self.review = review
        self.details = details
        self.stacks = by_gravity(review.stacks)
        self.found = told(review.stacks, review.unknowns)
        self.pages = pages(one.finding for one in self.found)

    def lines(self) -> Iterator[str]:
        review = self.review
        yield from self.folded(verdict(review), "", bold=True, fg=COLOURS[gravity(review.findings)])
        sides = f"{visible(review.base)} → {visible(review.head)}"
        first, *phrases = scope(review) or [""]
        yield from self.folded(", ".join(filter(None, (sides, first))), "", dim=True)
        for phrase in phrases:
            yield from self.folded(phrase, "", dim=True)
        yield from self.findings(self.found)
        shown = [stack for stack in self.stacks if self.is_shown(stack)]
        yield from self.shown(shown)
        yield from self.others([stack for stack in self.stacks if not self.is_shown(stack)])
        for page, number in self.pages.items():
            yield from [""] if number == 1 else []
            yield f"{self.style(f'[{number}] {page}', dim=True)}"

    def is_shown(self, stack: StackReview) -> bool:
        """Whether a template has more than one line."""
        gone = stack.kind is Kind.REMOVED
        only = len(self.stacks) == 1
        return self.details or only or gone or bool(stack.findings or stack.notes)

    def findings(self, found: Sequence[Told]) -> Iterator[str]:
        """Yield the findings of all templates below what they are called, gravest first."""
        label = ""
        for one in found:
            if one.label != label:
                label = one.label
                yield ""
                yield self.style(label, fg=CONCERNS[one.finding.concern], bold=True)
            yield from self.finding(one)

    def finding(self, one: Told) -> Iterator[str]:
        place, *places = self.places(one)
        if columns(one.subject) + 4 + columns(place) <= self.width:
            yield f"  {self.style(one.subject, bold=True)}  {self.style(place, dim=True)}"
        else:
            yield from self.folded(one.subject, "  ", bold=True)
            places.insert(0, place)
        for more in places:
            yield from self.folded(more, "    ", dim=True)
        why = reasons(one.finding.because)
        numbers = "".join(f" [{self.pages[reason.page]}]" for reason in why if reason.page)
        words = "; ".join(reason.words for reason in why if reason.words)
        yield from self.folded(f"{one.message}{'' if words else numbers}", "    ")
        if words:
            yield from self.folded(f"{words}{numbers}", "    ", dim=True)

    def places(self, one: Told) -> list[str]:
        """Return where a finding is, with the template's name where the file's does not tell."""
        found = []
        for stack, finding in one.places[:MOST_PLACES]:
            place = finding_place(finding, stack) + in_base(finding, self.review.base)
            origin = f", from {origin_place(finding.origin)}" if finding.origin else ""
            named = "" if stack.name and stack.name in stack.file else f"{visible(stack.name)} "
            found.append(f"{named}{place}{origin}".strip())
        if len(one.places) > MOST_PLACES:
            found.append(f"and {len(one.places) - MOST_PLACES} more")
        return found

    def shown(self, stacks: Sequence[StackReview]) -> Iterator[str]:
        """Yield templates with their details, once where several have the same ones."""
        known: dict[tuple[str, ...], str] = {}
        views = [stack if self.details else condensed(stack) for stack in stacks]
        words = legend([view for view in views if self.has_signs(view)])
        if "·" in words:  # one sign is told by the words beside it
            yield ""
            # A sign and its words stay together.
            together = words.replace(" ", "\0").replace("\0·\0", " · ")
            for line in self.wrapped(together, 0):
                yield self.style(line.replace("\0", " "), dim=True)
        for stack, view in zip(stacks, views, strict=True):
            yield ""
            yield from self.heading(stack)
            body = tuple(self.body(stack, view))
            if body in known and len(body) > 1:
                yield from self.folded(f"as in {known[body]}", "  ")
            else:
                yield from body
                known[body] = visible(stack.name)

    def has_signs(self, stack: StackReview) -> bool:
        return self.details or stack.kind is Kind.CHANGED

    def heading(self, stack: StackReview) -> Iterator[str]:
        gone = f" in {visible(self.review.base)}" if stack.kind is Kind.REMOVED else ""
        place = f"{visible(stack.file)}{gone}" if stack.file else ""
        signs = changed_signs(stack) if stack.kind is Kind.CHANGED else ""
        told = "  ".join(part for part in (place, KINDS[stack.kind], signs) if part)
        name = visible(stack.name)
        if columns(name) + 2 + columns(told) <= self.width:
            yield f"{self.style(name, bold=True)}  {self.style(told, dim=True)}".rstrip()
        else:
            yield from self.folded(name, "", bold=True)
            yield from self.folded(told, "  ", dim=True)

    def body(self, stack: StackReview, view: StackReview) -> Iterator[str]:
        for fact in facts(stack):
            yield from self.folded(fact, "  ")
        for note in stack.notes:
            yield from self.folded(f"note: {visible(note)}", "  ")
        yield from Details(self, view, everything=self.details).lines()

    def others(self, stacks: Sequence[StackReview]) -> Iterator[str]:
        """Yield a line for each template that has no finding."""
        if not stacks:
            return
        yield ""
        wide = min(max(columns(visible(stack.name)) for stack in stacks), MOST_NAME)
        for stack in stacks:
            name = visible(stack.name)
            told = summary(stack)
            if columns(name) <= wide:
                margin = name + " " * (wide - columns(name)) + "  "
                first, *rest = self.wrapped(told, wide + 2)
                yield f"{self.style(margin, bold=True)}{first}"
                yield from (f"{' ' * (wide + 2)}{line}" for line in rest)
            else:
                yield from self.folded(name, "", bold=True)
                yield from self.folded(told, "  ")
        told = "it" if len(stacks) == 1 else f"these {len(stacks)}"
        yield from self.folded(f"--details tells everything that changes in {told}.", "", dim=True)
