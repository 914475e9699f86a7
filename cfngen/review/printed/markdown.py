"""A review as a pull-request comment: the verdict, the findings, a picture, details folded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cfngen.review.model import Finding, Review, StackReview
from cfngen.review.printed.diagram import mermaid, picture
from cfngen.review.printed.escaped import code, cut_lines, fenced, folded_code, prose, units
from cfngen.review.printed.markdown_parts import Piece, pieces
from cfngen.review.printed.phrases import (
    ORDER,
    changed_signs,
    counted,
    finding_place,
    finding_subject,
    in_base,
    origin_place,
    why,
)
from cfngen.review.printed.verdict import (
    CALM,
    CAREFUL,
    GRAVE,
    gravity,
    is_grave,
    is_news,
    ordered,
    rank,
    summary,
    verdict,
)

_Because = Callable[[Finding, StackReview], str]

MARKER = "<!-- cfngen review -->"  # by which a later comment finds the one to replace
SYMBOLS = {GRAVE: "⛔", CAREFUL: "⚠️", CALM: "✅"}
LEAST = 1000  # characters that the verdict and what is said of the rest need at least
AT_THE_END = 200  # of them for what did not fit
MESSAGES = (1000, 160)  # characters of a finding's message, where there is room and where not
LEGEND = "An arrow leads from a resource to what it refers to."


def as_markdown(review: Review, limit: int) -> str:
    """Return a review in GitHub's markdown, shorter than `limit` characters.

    The findings of every template stay as long as there is room for them. Details go first, the
    biggest before the smaller; what was left out is said where it is missing.
    """
    limit = max(limit, LEAST)
    comment = _Comment(review)
    text = comment.text()
    while units(text) >= limit and comment.drop(units(text) - limit):
        text = comment.text()
    if units(text) >= limit:
        text = comment.without_details(MESSAGES[0])
    if units(text) >= limit:
        text = comment.without_details(MESSAGES[1])
    return text if units(text) < limit else comment.cut(limit)


class _Comment:
    """One comment, of which details can be dropped."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.details = {number: list(pieces(s)) for number, s in enumerate(review.stacks)}
        self.dropped: dict[int, list[Piece]] = {number: [] for number in self.details}
        flowchart = mermaid(picture(review.stacks))
        self.picture = f"{fenced(flowchart, 'mermaid')}\n_{LEGEND}_\n" if flowchart else ""
        found = ordered(review.stacks)
        self.found = [pair for pair in found if not is_news(*pair)]
        for number, stack in enumerate(review.stacks):
            rows = self.rows([pair for pair in ordered([stack]) if is_news(*pair)])
            if rows:
                self.details[number].insert(0, Piece("findings", "\n".join(rows)))

    def text(self) -> str:
        """Return the comment with the details that are left."""
        stacks = self.review.stacks
        folds = [self.fold(number, stack) for number, stack in enumerate(stacks)]
        return "\n".join(
            [*self.head(), *self.table(MESSAGES[0], self.because), self.picture, *folds]
        ).rstrip() + "\n"  # fmt: skip

    def drop(self, excess: int) -> bool:
        """Drop the biggest details, as much as is too much; tell whether there was anything."""
        left = [(number, piece) for number, found in self.details.items() for piece in found]
        left.sort(key=lambda pair: (-units(pair[1].text), pair[0]))
        for number, piece in left:
            if excess < 0:
                break
            self.details[number].remove(piece)
            self.dropped[number].append(piece)
            excess -= units(piece.text)
        return bool(left)

    def without_details(self, most: int) -> str:
        """Return the comment with all findings, and templates in a line each."""
        because = self.because if most == MESSAGES[0] else _nothing
        lines = [*self.head(), *self.table(most, because), *map(_bullet, self.review.stacks), ""]
        return "\n".join([*lines, "_Details did not fit into this comment._"]) + "\n"

    def cut(self, limit: int) -> str:
        """Return the comment with a line for each template, and findings while there is room.

        Where not even the lines have room, the gravest are those that stay.
        """
        head = "\n".join(self.head())
        heading, rule, *rows = self.table(MESSAGES[1], _nothing) or ["", ""]
        rows = rows[:-1]  # without the empty line at the end
        room = limit - units(f"{head}\n{heading}\n{rule}\n") - AT_THE_END
        bullets = [_bullet(stack) for stack in sorted(self.review.stacks, key=_rank)]
        lines = cut_lines(bullets, room)
        room -= sum(units(line) + 1 for line in lines)
        findings = cut_lines(rows, room) if len(lines) == len(bullets) else []
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

    def head(self) -> Iterator[str]:
        review = self.review
        symbol = SYMBOLS[gravity(review.findings)]
        yield MARKER
        yield f"### {symbol} {verdict(review)}"
        yield ""
        same = counted(review.unchanged, "template") if review.unchanged else ""
        told = f" · {same} unchanged" if same else ""
        yield f"{code(review.base)} → {code(review.head)}{told}"
        yield ""

    def table(self, most: int, because: _Because) -> list[str]:
        """Return the findings about stacks that run, gravest first; nothing if there are none."""
        several = len(self.review.stacks) > 1
        return self.rows(self.found, most, because, several=several)

    def rows(
        self,
        found: Sequence[tuple[StackReview, Finding]],
        most: int = MESSAGES[0],
        because: _Because | None = None,
        *,
        several: bool = False,
    ) -> list[str]:
        """Return findings as a table; with the names of their templates if there are several."""
        if not found:
            return []
        lines = ["|  | what | why |", "|---|---|---|"]
        if several:
            lines = ["|  | template | what | why |", "|---|---|---|---|"]
        for stack, finding in found:
            why = (because or self.because)(finding, stack)
            cells = [_concern(finding)]
            cells += [code(stack.name)] if several else []
            cells += [code(finding_subject(finding)), prose(finding.message, most) + why]
            lines.append(f"| {' | '.join(cells)} |")
        return [*lines, ""]

    def because(self, finding: Finding, stack: StackReview) -> str:
        """Return the lines below a finding: why, and where."""
        place = finding_place(finding, stack)
        words, page = why(finding.because)
        link = f" [{page.rpartition('/')[2].removesuffix('.html')}]({page})" if page else ""
        lines = [f"{prose(words, 300)}{link}"] if words else []
        if place:
            side = f" {prose(side)}" if (side := in_base(finding, stack, self.review.base)) else ""
            origin = f" from {code(origin_place(finding.origin))}" if finding.origin else ""
            lines.append(f"{code(place)}{side}{origin}")
        return "".join(f"<br>{line}" for line in lines)

    def fold(self, number: int, stack: StackReview) -> str:
        """Return a template's line with its details folded below it."""
        found, dropped = self.details[number], self.dropped[number]
        body = [f"{piece.text.rstrip()}\n" for piece in found]
        if dropped:
            names = ", ".join(dict.fromkeys(piece.name for piece in dropped))
            body.append(f"_Did not fit into this comment: {names}._\n")
        if not body:
            return _bullet(stack)
        signs = changed_signs(stack)
        line = f"{folded_code(stack.name)} {summary(stack)} {folded_code(signs)}".rstrip()
        start = f"<details><summary>{line}</summary>\n"
        return "\n".join([start, *body, "</details>\n"])


def _concern(finding: Finding) -> str:
    symbol = SYMBOLS[GRAVE if is_grave(finding) else CAREFUL]
    doubt = "maybe " if finding.certainty == "may" else ""
    return f"{symbol} {doubt}{ORDER[finding.concern]}"


def _bullet(stack: StackReview) -> str:
    return f"- {code(stack.name)} {summary(stack)}"


def _rank(stack: StackReview) -> tuple[int, bool]:
    return min(map(rank, stack.findings), default=(len(ORDER), False))


def _nothing(_finding: Finding, _stack: StackReview) -> str:
    return ""
