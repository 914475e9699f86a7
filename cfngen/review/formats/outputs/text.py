"""A review for a terminal: the verdict, all findings, then the changes that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.review.formats.columns import columns
from cfngen.review.formats.document import FindingBlock, TemplateBlock, document, signs_legend
from cfngen.review.formats.findings import MAX_PLACES
from cfngen.review.formats.options import Options
from cfngen.review.formats.terminal import NOTHING, Line, LinePrinter, joined, margin_of, padded
from cfngen.review.formats.text_details import DetailsPrinter
from cfngen.review.model import Kind, Review

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
        self.details = options.details
        self.document = document(review, whole=options.details)
        reasons = (reason for finding in self.document.findings for reason in finding.reasons)
        pages = dict.fromkeys(reason.page for reason in reasons if reason.page)
        self.pages = {page: number for number, page in enumerate(pages, 1)}

    def lines(self) -> Iterator[Line]:
        about = self.document
        yield from self.folded(about.verdict, 0, bold=True, fg=COLOURS[about.gravity])
        sides = f"{about.base} → {about.head}"
        first, *phrases = about.scope or [""]
        yield from self.folded(", ".join(filter(None, (sides, first))), 0, dim=True)
        for phrase in phrases:
            yield from self.folded(phrase, 0, dim=True)
        for phrase in about.waivers:
            yield from self.folded(phrase, 0, fg="yellow")
        yield from self.findings(about.findings)
        shown = [template for template in about.templates if self.is_shown(template)]
        yield from self.shown(shown)
        yield from self.others([block for block in about.templates if not self.is_shown(block)])
        for page, number in self.pages.items():
            if number == 1:
                yield NOTHING
            yield self.style(f"[{number}] {page}", dim=True)
        if about.digest:
            yield from (NOTHING, self.style(about.digest, dim=True))

    def is_shown(self, template: TemplateBlock) -> bool:
        """Whether a template has more than one line."""
        gone = template.kind is Kind.REMOVED
        only = len(self.document.templates) == 1
        return self.details or only or gone or not template.is_quiet

    def findings(self, findings: Sequence[FindingBlock]) -> Iterator[Line]:
        """Yield the findings of all templates by label, the most severe first."""
        label = ""
        for finding in findings:
            if finding.label != label:
                label = finding.label
                yield NOTHING
                yield self.style(label, fg=finding.concern.colour, bold=True)
            yield from self.finding(finding)

    def finding(self, finding: FindingBlock) -> Iterator[Line]:
        place, *places = self.places(finding)
        place = (Line("%s  %s") % (place, finding.code)).rstrip()
        subject = Line.escape(finding.subject)
        if columns(subject) + 4 + columns(place) <= self.width:
            styled = (self.style(subject, bold=True), self.style(place, dim=True))
            yield Line("  %s  %s") % styled
        else:
            yield from self.folded(subject, 2, bold=True)
            places.insert(0, place)
        for more in places:
            yield from self.folded(more, 4, dim=True)
        pages = [self.pages[reason.page] for reason in finding.reasons if reason.page]
        numbers = "".join(f" [{number}]" for number in pages)
        explanation = "; ".join(reason.text for reason in finding.reasons if reason.text)
        yield from self.folded(f"{finding.message}{'' if explanation else numbers}", 4)
        if explanation:
            yield from self.folded(f"{explanation}{numbers}", 4, dim=True)
        if finding.waiver:
            yield from self.folded(finding.waiver, 4, fg="yellow")

    def places(self, finding: FindingBlock) -> list[Line]:
        """Return the places of a finding, with the template's name if the file does not show it."""
        places = []
        for place in finding.places[:MAX_PLACES]:
            origin = f", from {place.origin}" if place.origin else ""
            is_named = place.template and place.template in place.file
            named = "" if is_named else f"{place.template} "
            construct = f"{place.construct}  " if place.construct else ""
            text = f"{construct}{named}{place.line}{place.side}{origin}"
            places.append(Line.escape(text.strip()))
        if len(finding.places) > MAX_PLACES:
            places.append(Line("and %s more") % (len(finding.places) - MAX_PLACES))
        return places

    def shown(self, templates: Sequence[TemplateBlock]) -> Iterator[Line]:
        """Yield templates with their details; equal details are printed once."""
        printed: dict[tuple[str, ...], str] = {}
        legend = signs_legend([template for template in templates if self.has_signs(template)])
        if "·" in legend:  # a single sign is explained by the phrase beside it
            yield NOTHING
            yield from self.grouped(legend, dim=True)
        for template in templates:
            yield NOTHING
            yield from self.heading(template)
            body = tuple(self.body(template))
            if body in printed and len(body) > 1:
                yield from self.folded(f"same as {printed[body]}", 2)
            else:
                yield from body
                printed[body] = template.name

    def has_signs(self, template: TemplateBlock) -> bool:
        return self.details or template.kind is Kind.CHANGED

    def heading(self, template: TemplateBlock) -> Iterator[Line]:
        gone = f" in {self.document.base}" if template.kind is Kind.REMOVED else ""
        place = f"{template.file}{gone}" if template.file else ""
        signs = " ".join(map(str, template.signs)) if template.kind is Kind.CHANGED else ""
        about = joined(filter(None, (place, KINDS[template.kind], signs)), "  ")
        name = Line.escape(template.name)
        if columns(name) + 2 + columns(about) <= self.width:
            yield Line("%s  %s") % (self.style(name, bold=True), self.style(about, dim=True))
        else:
            yield from self.folded(name, 0, bold=True)
            yield from self.folded(about, 2, dim=True)

    def body(self, template: TemplateBlock) -> Iterator[Line]:
        for fact in template.facts:
            yield from self.folded(fact, 2)
        for note in template.notes:
            yield from self.folded(f"note: {note}", 2)
        yield from DetailsPrinter(self, template.details, everything=self.details).lines()

    def others(self, templates: Sequence[TemplateBlock]) -> Iterator[Line]:
        """Yield a line for each template that has no finding."""
        if not templates:
            return
        yield NOTHING
        widths = [columns(Line.escape(template.name)) for template in templates]
        name_width = min(max(widths), MAX_NAME_WIDTH)
        for template, width in zip(templates, widths, strict=True):
            if width <= name_width:
                name = padded(template.name, name_width) + "  "
                first, *rest = self.wrapped(template.summary, name_width + 2)
                yield self.style(name, bold=True) + first
                yield from (margin_of(name_width + 2) + line for line in rest)
            else:
                yield from self.folded(template.name, 0, bold=True)
                yield from self.folded(template.summary, 2)
        these = "it" if len(templates) == 1 else f"these {len(templates)}"
        yield from self.folded(f"--details shows everything that changes in {these}.", 0, dim=True)
