"""A review as a pull-request comment: verdict, findings, diagram, and folded details."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cfngen.plurals import counted
from cfngen.review.formats.diagram import mermaid
from cfngen.review.formats.document import FindingBlock, TemplateBlock, document, signs_legend
from cfngen.review.formats.findings import MAX_PLACES
from cfngen.review.formats.markdown_escaping import (
    Markdown,
    code,
    cut_lines,
    fenced,
    folded_code,
    joined,
    linked,
    prose,
    units,
)
from cfngen.review.formats.markdown_parts import Piece, pieces
from cfngen.review.formats.options import Options
from cfngen.review.formats.verdict import CALM, CAREFUL, GRAVE
from cfngen.review.model import Kind, Review

_ReasonLines = Callable[[FindingBlock], Markdown]

MARKER = Markdown("<!-- cfngen review -->")  # by which a later comment finds the one to replace
SYMBOLS = {GRAVE: Markdown("⛔"), CAREFUL: Markdown("⚠️"), CALM: Markdown("✅")}
NOTHING = Markdown("")
MIN_LIMIT = 1000  # characters that the verdict and what is said of the rest need at least
RESERVED_FOR_END = 200  # of them for what did not fit
MAX_SCOPE = 8000  # of them for what was compared and what was not, where there is room ...
MAX_SHORT_SCOPE = 200  # ... and where not
MAX_MESSAGE = (1000, 160)  # characters of a finding's message, where there is room and where not
LEGEND = Markdown("_An arrow leads from a resource to what it refers to._\n")


def render(review: Review, options: Options) -> str:
    """Return a review in GitHub's markdown, shorter than its limit of characters.

    The findings of every template stay as long as there is room for them. Details go first, the
    biggest before the smaller; what was left out is said where it is missing.
    """
    limit = max(options.limit, MIN_LIMIT)
    comment = _Comment(review)
    text = comment.text()
    while units(text) >= limit and comment.drop(units(text) - limit):
        text = comment.text()
    if units(text) >= limit:
        text = comment.without_details(MAX_MESSAGE[0])
    if units(text) >= limit:
        text = comment.without_details(MAX_MESSAGE[1])
    return text if units(text) < limit else comment.cut(limit)


class _Comment:
    """One comment, whose details can be dropped."""

    def __init__(self, review: Review) -> None:
        self.document = document(review)
        self.templates = self.document.templates
        self.details = {n: list(pieces(block)) for n, block in enumerate(self.templates)}
        self.dropped: dict[int, list[Piece]] = {number: [] for number in self.details}
        flowchart = mermaid(self.document.picture)
        self.picture = NOTHING
        if flowchart:
            self.picture = Markdown("%s\n%s") % (fenced(flowchart, "mermaid"), LEGEND)

    def text(self) -> Markdown:
        """Return the comment with the details that are left."""
        folds = [self.fold(number, block) for number, block in enumerate(self.templates)]
        legend = signs_legend([block for block in self.templates if block.kind is Kind.CHANGED])
        signs = Markdown("_Signs: %s_\n") % legend if legend else NOTHING
        table = self.table(MAX_MESSAGE[0], self.reason_lines)
        lines = [*self.head(), *table, self.picture, signs, *folds]
        return joined(lines, "\n").rstrip() + Markdown("\n")

    def drop(self, excess: int) -> bool:
        """Drop the biggest details until `excess` characters are saved; whether there were any."""
        left = [
            (number, piece) for number, pieces_left in self.details.items() for piece in pieces_left
        ]
        left.sort(key=lambda pair: (-units(pair[1].text), pair[0]))
        for number, piece in left:
            if excess < 0:
                break
            self.details[number].remove(piece)
            self.dropped[number].append(piece)
            excess -= units(piece.text)
        return bool(left)

    def without_details(self, max_message: int) -> Markdown:
        """Return the comment with all findings, and one line for each template."""
        reason_lines = self.reason_lines if max_message == MAX_MESSAGE[0] else _no_reason
        lines = [
            *self.head(),
            *self.table(max_message, reason_lines),
            *map(_bullet, self.templates),
            NOTHING,
            Markdown("_Details did not fit into this comment._\n"),
        ]
        return joined(lines, "\n")

    def cut(self, limit: int) -> Markdown:
        """Return the comment with a line for each template, and findings while there is room.

        Where not even the lines have room, the gravest are those that stay.
        """
        head = joined(self.head(MAX_SHORT_SCOPE), "\n")
        heading, rule, *rows = self.table(MAX_MESSAGE[1], _no_reason) or [NOTHING, NOTHING]
        rows = rows[:-1]  # without the empty line at the end
        available = limit - units(f"{head}\n{heading}\n{rule}\n") - RESERVED_FOR_END
        bullets = [*map(_bullet, self.templates)]
        lines = cut_lines(bullets, available)
        available -= sum(units(line) + 1 for line in lines)
        findings = cut_lines(rows, available) if len(lines) == len(bullets) else []
        missing = [
            counted(number, noun)
            for number, noun in (
                (len(rows) - len(findings), "finding"),
                (len(bullets) - len(lines), "template"),
            )
            if number
        ]
        table = [heading, rule, *findings, NOTHING] if findings else []
        end = Markdown("_Details, %s did not fit into this comment._\n") % " and ".join(missing)
        return joined([head, *table, *lines, NOTHING, end], "\n")

    def head(self, max_scope: int = MAX_SCOPE) -> Iterator[Markdown]:
        """Yield the verdict and what was compared, in at most some characters."""
        about = self.document
        yield MARKER
        yield Markdown("### %s %s") % (SYMBOLS[about.gravity], about.verdict)
        yield NOTHING
        phrases = [prose(phrase) for phrase in about.scope]
        kept = cut_lines(phrases, max_scope)
        missing = len(phrases) - len(kept)
        rest = [f"{missing} more about what was compared did not fit"] if missing else []
        sides = Markdown("%s → %s") % (code(about.base), code(about.head))
        yield joined([sides, *kept, *rest], " · ")
        yield NOTHING
        yield from self.waivers(max_scope)

    def waivers(self, max_length: int) -> Iterator[Markdown]:
        """Yield what is said of waivers, in at most some characters, and the digest."""
        lines = [Markdown("- %s") % phrase for phrase in self.document.waivers]
        kept = cut_lines(lines, max_length)
        yield from kept
        if missing := len(lines) - len(kept):
            yield Markdown("- %s more about waivers did not fit") % missing
        if lines:
            yield NOTHING
        if self.document.digest:
            yield prose(self.document.digest)
            yield NOTHING

    def table(self, max_message: int, reason_lines: _ReasonLines) -> list[Markdown]:
        """Return the findings about stacks that run, gravest first; nothing if there are none.

        The names of their templates stand there if there are several.
        """
        if not self.document.findings:
            return []
        several = len(self.templates) > 1
        lines = [Markdown("|  | what | why |"), Markdown("|---|---|---|")]
        if several:
            lines = [Markdown("|  | template | what | why |"), Markdown("|---|---|---|---|")]
        for finding in self.document.findings:
            symbol = SYMBOLS[GRAVE if finding.is_grave else CAREFUL]
            name = Markdown("<br>%s") % code(finding.code) if finding.code else ""
            cells = [Markdown("%s %s%s") % (symbol, finding.label, name)]
            cells += [_names(finding.templates)] if several else []
            waiver = prose(finding.waiver, max_message)
            message = prose(finding.message, max_message) + reason_lines(finding)
            cells += [
                code(finding.subject),
                message + Markdown("<br>%s") % waiver if waiver else message,
            ]
            lines.append(Markdown("| %s |") % joined(cells, " | "))
        return [*lines, NOTHING]

    def reason_lines(self, finding: FindingBlock) -> Markdown:
        """Return the lines below a finding: its reasons and its places."""
        lines = list(map(linked, finding.reasons))
        for place in finding.places[:MAX_PLACES]:
            if place.line:
                side = Markdown(" %s") % place.side if place.side else ""
                origin = Markdown(" from %s") % code(place.origin) if place.origin else ""
                construct = Markdown(" %s") % code(place.construct) if place.construct else ""
                lines.append(joined([code(place.line), side, origin, construct]))
        return joined(Markdown("<br>%s") % line for line in lines)

    def fold(self, number: int, template: TemplateBlock) -> Markdown:
        """Return a template's line with its details folded below it."""
        pieces_left, dropped = self.details[number], self.dropped[number]
        body = [Markdown("%s\n") % piece.text.rstrip() for piece in pieces_left]
        if dropped:
            names = joined(dict.fromkeys(piece.name for piece in dropped), ", ")
            body.append(Markdown("_Did not fit into this comment: %s._\n") % names)
        if not body:
            return _bullet(template)
        signs = " ".join(map(str, template.signs))
        about = (folded_code(template.name), template.summary, folded_code(signs))
        line = (Markdown("%s %s %s") % about).rstrip()
        start = Markdown("<details><summary>%s</summary>\n") % line
        return joined([start, *body, Markdown("</details>\n")], "\n")


def _names(names: Sequence[str]) -> Markdown:
    more = [f"and {len(names) - MAX_PLACES} more"] if len(names) > MAX_PLACES else []
    return joined([*map(code, names[:MAX_PLACES]), *more], "<br>")


def _bullet(template: TemplateBlock) -> Markdown:
    return Markdown("- %s %s") % (code(template.name), template.summary)


def _no_reason(_finding: FindingBlock) -> Markdown:
    return NOTHING
