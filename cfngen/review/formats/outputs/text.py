"""A review for a terminal: the verdict, all findings, then the changes that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.escaping import escape_controls
from cfngen.review.formats.columns import columns
from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.findings import MAX_PLACES, GroupedFinding, by_gravity, grouped_findings
from cfngen.review.formats.options import Options
from cfngen.review.formats.phrases import (
    changed_signs,
    construct_of,
    finding_place,
    in_base,
    legend,
    origin_place,
)
from cfngen.review.formats.reasons import pages, reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.text_details import Details, LinePrinter
from cfngen.review.formats.verdict import gravity, summary, verdict
from cfngen.review.formats.waivers import digest_phrase, waiver_phrases
from cfngen.review.model import Kind, Review, StackReview

MIN_WIDTH = 40
COLOURS = {"grave": "red", "careful": "yellow", "calm": "green"}
MAX_NAME_WIDTH = 32
KINDS = {Kind.ADDED: "new", Kind.REMOVED: "removed", Kind.CHANGED: "", Kind.AFFECTED: "affected"}


def render(review: Review, options: Options) -> str:
    """Return a review for a person, coloured by the style.

    Templates without a finding have a line each, unless `details` are wanted or there is no other.
    """
    lines = _Printer(review, options).lines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Printer(LinePrinter):
    """Prints one review."""

    def __init__(self, review: Review, options: Options) -> None:
        super().__init__(options.style, max(options.width, MIN_WIDTH))
        self.review = review
        self.details = options.details
        self.stacks = by_gravity(review.stacks)
        self.grouped = grouped_findings(review.stacks, review.unknowns)
        self.pages = pages(group.finding for group in self.grouped)

    def lines(self) -> Iterator[str]:
        review = self.review
        yield from self.folded(verdict(review), "", bold=True, fg=COLOURS[gravity(review.findings)])
        sides = f"{escape_controls(review.base)} → {escape_controls(review.head)}"
        first, *phrases = scope(review) or [""]
        yield from self.folded(", ".join(filter(None, (sides, first))), "", dim=True)
        for phrase in phrases:
            yield from self.folded(phrase, "", dim=True)
        for phrase in waiver_phrases(review):
            yield from self.folded(phrase, "", fg="yellow")
        yield from self.findings(self.grouped)
        shown = [stack for stack in self.stacks if self.is_shown(stack)]
        yield from self.shown(shown)
        yield from self.others([stack for stack in self.stacks if not self.is_shown(stack)])
        for page, number in self.pages.items():
            yield from [""] if number == 1 else []
            yield f"{self.style(f'[{number}] {page}', dim=True)}"
        if phrase := digest_phrase(review):
            yield from ("", self.style(phrase, dim=True))

    def is_shown(self, stack: StackReview) -> bool:
        """Whether a template has more than one line."""
        gone = stack.kind is Kind.REMOVED
        only = len(self.stacks) == 1
        return self.details or only or gone or bool(stack.findings or stack.notes)

    def findings(self, groups: Sequence[GroupedFinding]) -> Iterator[str]:
        """Yield the findings of all templates by label, the most severe first."""
        label = ""
        for group in groups:
            if group.label != label:
                label = group.label
                yield ""
                yield self.style(label, fg=group.finding.concern.colour, bold=True)
            yield from self.finding(group)

    def finding(self, group: GroupedFinding) -> Iterator[str]:
        place, *places = self.places(group)
        place = f"{place}  {group.finding.code}".rstrip()
        if columns(group.subject) + 4 + columns(place) <= self.width:
            yield f"  {self.style(group.subject, bold=True)}  {self.style(place, dim=True)}"
        else:
            yield from self.folded(group.subject, "  ", bold=True)
            places.insert(0, place)
        for more in places:
            yield from self.folded(more, "    ", dim=True)
        group_reasons = reasons(group.finding.reasons)
        numbers = "".join(
            f" [{self.pages[reason.page]}]" for reason in group_reasons if reason.page
        )
        explanation = "; ".join(reason.text for reason in group_reasons if reason.text)
        yield from self.folded(f"{group.message}{'' if explanation else numbers}", "    ")
        if explanation:
            yield from self.folded(f"{explanation}{numbers}", "    ", dim=True)
        if group.waiver:
            yield from self.folded(group.waiver, "    ", fg="yellow")

    def places(self, group: GroupedFinding) -> list[str]:
        """Return the places of a finding, with the template's name if the file does not show it."""
        places = []
        for stack, finding in group.places[:MAX_PLACES]:
            place = finding_place(finding, stack) + in_base(finding, self.review.base)
            origin = f", from {origin_place(finding.origin)}" if finding.origin else ""
            named = (
                "" if stack.name and stack.name in stack.file else f"{escape_controls(stack.name)} "
            )
            construct = f"{named_construct}  " if (named_construct := construct_of(finding)) else ""
            places.append(f"{construct}{named}{place}{origin}".strip())
        if len(group.places) > MAX_PLACES:
            places.append(f"and {len(group.places) - MAX_PLACES} more")
        return places

    def shown(self, stacks: Sequence[StackReview]) -> Iterator[str]:
        """Yield templates with their details; equal details are printed once."""
        printed: dict[tuple[str, ...], str] = {}
        views = [stack if self.details else condensed(stack) for stack in stacks]
        signs_legend = legend([view for view in views if self.has_signs(view)])
        if "·" in signs_legend:  # a single sign is explained by the phrase beside it
            yield ""
            # A sign and its words stay together.
            together = signs_legend.replace(" ", "\0").replace("\0·\0", " · ")
            for line in self.wrapped(together, 0):
                yield self.style(line.replace("\0", " "), dim=True)
        for stack, view in zip(stacks, views, strict=True):
            yield ""
            yield from self.heading(stack)
            body = tuple(self.body(stack, view))
            if body in printed and len(body) > 1:
                yield from self.folded(f"same as {printed[body]}", "  ")
            else:
                yield from body
                printed[body] = escape_controls(stack.name)

    def has_signs(self, stack: StackReview) -> bool:
        return self.details or stack.kind is Kind.CHANGED

    def heading(self, stack: StackReview) -> Iterator[str]:
        gone = f" in {escape_controls(self.review.base)}" if stack.kind is Kind.REMOVED else ""
        place = f"{escape_controls(stack.file)}{gone}" if stack.file else ""
        signs = changed_signs(stack) if stack.kind is Kind.CHANGED else ""
        about = "  ".join(part for part in (place, KINDS[stack.kind], signs) if part)
        name = escape_controls(stack.name)
        if columns(name) + 2 + columns(about) <= self.width:
            yield f"{self.style(name, bold=True)}  {self.style(about, dim=True)}".rstrip()
        else:
            yield from self.folded(name, "", bold=True)
            yield from self.folded(about, "  ", dim=True)

    def body(self, stack: StackReview, view: StackReview) -> Iterator[str]:
        for fact in facts(stack):
            yield from self.folded(fact, "  ")
        for note in stack.notes:
            yield from self.folded(f"note: {escape_controls(note)}", "  ")
        yield from Details(self, view, everything=self.details).lines()

    def others(self, stacks: Sequence[StackReview]) -> Iterator[str]:
        """Yield a line for each template that has no finding."""
        if not stacks:
            return
        yield ""
        name_width = min(
            max(columns(escape_controls(stack.name)) for stack in stacks), MAX_NAME_WIDTH
        )
        for stack in stacks:
            name = escape_controls(stack.name)
            line_summary = summary(stack)
            if columns(name) <= name_width:
                margin = name + " " * (name_width - columns(name)) + "  "
                first, *rest = self.wrapped(line_summary, name_width + 2)
                yield f"{self.style(margin, bold=True)}{first}"
                yield from (f"{' ' * (name_width + 2)}{line}" for line in rest)
            else:
                yield from self.folded(name, "", bold=True)
                yield from self.folded(line_summary, "  ")
        line_summary = "it" if len(stacks) == 1 else f"these {len(stacks)}"
        yield from self.folded(
            f"--details shows everything that changes in {line_summary}.", "", dim=True
        )
