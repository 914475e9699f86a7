"""A review as a pull-request comment: verdict, findings, diagram, and folded details."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cfngen.plurals import counted
from cfngen.review.formats.diagram import mermaid, picture
from cfngen.review.formats.findings import MAX_PLACES, GroupedFinding, by_gravity, grouped_findings
from cfngen.review.formats.markdown_escaping import (
    code,
    cut_lines,
    fenced,
    folded_code,
    prose,
    units,
)
from cfngen.review.formats.markdown_parts import Piece, linked, pieces
from cfngen.review.formats.options import Options
from cfngen.review.formats.phrases import (
    changed_signs,
    construct_of,
    finding_place,
    in_base,
    legend,
    origin_place,
)
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.verdict import CALM, CAREFUL, GRAVE, gravity, summary, verdict
from cfngen.review.formats.waivers import digest_phrase, waiver_phrases
from cfngen.review.model import Kind, Review, StackReview

_ReasonLines = Callable[[GroupedFinding], str]

MARKER = "<!-- cfngen review -->"  # by which a later comment finds the one to replace
SYMBOLS = {GRAVE: "⛔", CAREFUL: "⚠️", CALM: "✅"}
MIN_LIMIT = 1000  # characters that the verdict and what is said of the rest need at least
RESERVED_FOR_END = 200  # of them for what did not fit
MAX_SCOPE = 8000  # of them for what was compared and what was not, where there is room ...
MAX_SHORT_SCOPE = 200  # ... and where not
MAX_MESSAGE = (1000, 160)  # characters of a finding's message, where there is room and where not
LEGEND = "An arrow leads from a resource to what it refers to."


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
        self.review = review
        self.stacks = by_gravity(review.stacks)
        self.details = {n: list(pieces(s)) for n, s in enumerate(self.stacks)}
        self.dropped: dict[int, list[Piece]] = {number: [] for number in self.details}
        flowchart = mermaid(picture(self.stacks))
        self.picture = f"{fenced(flowchart, 'mermaid')}\n_{LEGEND}_\n" if flowchart else ""
        self.findings = grouped_findings(review.stacks, review.unknowns)

    def text(self) -> str:
        """Return the comment with the details that are left."""
        folds = [self.fold(number, stack) for number, stack in enumerate(self.stacks)]
        running = [stack for stack in self.stacks if stack.kind is Kind.CHANGED]
        signs = f"_Signs: {prose(signs_legend)}_\n" if (signs_legend := legend(running)) else ""
        table = self.table(MAX_MESSAGE[0], self.reason_lines)
        return "\n".join([*self.head(), *table, self.picture, signs, *folds]).rstrip() + "\n"

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

    def without_details(self, max_message: int) -> str:
        """Return the comment with all findings, and one line for each template."""
        reason_lines = self.reason_lines if max_message == MAX_MESSAGE[0] else _no_reason
        lines = [
            *self.head(),
            *self.table(max_message, reason_lines),
            *map(_bullet, self.stacks),
            "",
        ]
        return "\n".join([*lines, "_Details did not fit into this comment._"]) + "\n"

    def cut(self, limit: int) -> str:
        """Return the comment with a line for each template, and findings while there is room.

        Where not even the lines have room, the gravest are those that stay.
        """
        head = "\n".join(self.head(MAX_SHORT_SCOPE))
        heading, rule, *rows = self.table(MAX_MESSAGE[1], _no_reason) or ["", ""]
        rows = rows[:-1]  # without the empty line at the end
        available = limit - units(f"{head}\n{heading}\n{rule}\n") - RESERVED_FOR_END
        bullets = [*map(_bullet, self.stacks)]
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
        table = [heading, rule, *findings, ""] if findings else []
        end = f"_Details, {' and '.join(missing)} did not fit into this comment._"
        return "\n".join([head, *table, *lines, "", end]) + "\n"

    def head(self, max_scope: int = MAX_SCOPE) -> Iterator[str]:
        """Yield the verdict and what was compared, in at most some characters."""
        review = self.review
        symbol = SYMBOLS[gravity(review.findings)]
        yield MARKER
        yield f"### {symbol} {verdict(review)}"
        yield ""
        phrases = [prose(phrase, MAX_MESSAGE[0]) for phrase in scope(review)]
        kept = cut_lines(phrases, max_scope)
        missing = len(phrases) - len(kept)
        rest = [f"{missing} more about what was compared did not fit"] if missing else []
        yield " · ".join([f"{code(review.base)} → {code(review.head)}", *kept, *rest])
        yield ""
        yield from self.waivers(max_scope)

    def waivers(self, max_length: int) -> Iterator[str]:
        """Yield what is said of waivers, in at most some characters, and the digest."""
        lines = [f"- {prose(phrase, MAX_MESSAGE[0])}" for phrase in waiver_phrases(self.review)]
        kept = cut_lines(lines, max_length)
        missing = len(lines) - len(kept)
        yield from kept
        yield from [f"- {missing} more about waivers did not fit"] if missing else []
        yield from [""] if lines else []
        if phrase := digest_phrase(self.review):
            yield from (prose(phrase), "")

    def table(self, max_message: int, reason_lines: _ReasonLines) -> list[str]:
        """Return the findings about stacks that run, gravest first; nothing if there are none.

        The names of their templates stand there if there are several.
        """
        if not self.findings:
            return []
        several = len(self.review.stacks) > 1
        lines = ["|  | what | why |", "|---|---|---|"]
        if several:
            lines = ["|  | template | what | why |", "|---|---|---|---|"]
        for group in self.findings:
            symbol = SYMBOLS[GRAVE if group.is_grave else CAREFUL]
            name = f"<br>{code(group.finding.code)}" if group.finding.code else ""
            cells = [f"{symbol} {group.label}{name}"]
            cells += [_names(group.stacks)] if several else []
            waiver = f"<br>{prose(group.waiver, max_message)}" if group.waiver else ""
            message = f"{prose(group.message, max_message)}{reason_lines(group)}{waiver}"
            cells += [code(group.subject), message]
            lines.append(f"| {' | '.join(cells)} |")
        return [*lines, ""]

    def reason_lines(self, group: GroupedFinding) -> str:
        """Return the lines below a finding: its reasons and its places."""
        lines = list(map(linked, reasons(group.finding.reasons)))
        for stack, finding in group.places[:MAX_PLACES]:
            if place := finding_place(finding, stack):
                side = f" {prose(side)}" if (side := in_base(finding, self.review.base)) else ""
                origin = f" from {code(origin_place(finding.origin))}" if finding.origin else ""
                construct = f" {code(path)}" if (path := construct_of(finding)) else ""
                lines.append(f"{code(place)}{side}{origin}{construct}")
        return "".join(f"<br>{line}" for line in lines)

    def fold(self, number: int, stack: StackReview) -> str:
        """Return a template's line with its details folded below it."""
        pieces_left, dropped = self.details[number], self.dropped[number]
        body = [f"{piece.text.rstrip()}\n" for piece in pieces_left]
        if dropped:
            names = ", ".join(dict.fromkeys(piece.name for piece in dropped))
            body.append(f"_Did not fit into this comment: {names}._\n")
        if not body:
            return _bullet(stack)
        signs = changed_signs(stack)
        line = f"{folded_code(stack.name)} {summary(stack)} {folded_code(signs)}".rstrip()
        start = f"<details><summary>{line}</summary>\n"
        return "\n".join([start, *body, "</details>\n"])


def _names(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MAX_PLACES} more"] if len(names) > MAX_PLACES else []
    return "<br>".join([*map(code, names[:MAX_PLACES]), *more])


def _bullet(stack: StackReview) -> str:
    return f"- {code(stack.name)} {summary(stack)}"


def _no_reason(_group: GroupedFinding) -> str:
    return ""
