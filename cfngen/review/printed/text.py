"""A review for a terminal: the verdict, then each template with everything that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    EntryChange,
    Exposure,
    Extent,
    Finding,
    Kind,
    PayloadChange,
    PowerChange,
    ResourceChange,
    Review,
    StackReview,
)
from cfngen.review.printed.phrases import (
    certain,
    changed_signs,
    columns,
    counted,
    detail_remarks,
    difference,
    entries_by_section,
    finding_place,
    finding_subject,
    grant_words,
    happening,
    in_base,
    is_long,
    is_same,
    origin_place,
    own_because,
    power_words,
    sign,
    value,
    visible,
    visible_lines,
    why,
)
from cfngen.review.printed.verdict import gravity, ordered, summary, verdict

Style = Callable[..., str]

WIDTH = 100
COLOURS = {"grave": "red", "careful": "yellow", "calm": "green"}
CONCERNS = {
    Concern.REFUSED: "red", Concern.DATA: "red", Concern.REPLACE: "yellow",
    Concern.BROADEN: "magenta",
}  # fmt: skip
SIGNED = {"+": "green", "-": "red", "~": "yellow", "→": "cyan", "-/+": "red", "-/+?": "yellow"}
KINDS = {Kind.ADDED: "new", Kind.REMOVED: "gone", Kind.CHANGED: "", Kind.AFFECTED: "affected"}


def as_text(review: Review, style: Style, width: int = WIDTH) -> str:
    """Return a review for a person; `style` colours text if there is a terminal."""
    lines = list(_Printer(review, style, max(width, 40)).lines())
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Printer:
    """Prints one review."""

    def __init__(self, review: Review, style: Style, width: int) -> None:
        self.review = review
        self.style = style
        self.width = width

    def lines(self) -> Iterator[str]:
        review = self.review
        colour = COLOURS[gravity(review.findings)]
        yield from self.folded(verdict(review), "", bold=True, fg=colour)
        sides = f"{visible(review.base)} → {visible(review.head)}"
        same = f", {counted(review.unchanged, 'template')} unchanged" if review.unchanged else ""
        yield from self.folded(f"{sides}{same}", "", dim=True)
        for stack in review.stacks:
            yield ""
            yield from self.stack(stack)

    def stack(self, stack: StackReview) -> Iterator[str]:
        name = self.style(visible(stack.name), bold=True)
        kind = KINDS[stack.kind]
        yield "  ".join(part for part in (name, visible(stack.file), kind) if part)
        told = " · ".join(part for part in (changed_signs(stack), summary(stack)) if part)
        yield from self.folded(told, "  ", dim=True)
        for _, finding in ordered([stack]):
            yield from self.finding(finding, stack)
        if stack.notes:
            yield from self.title("notes")
            for note in stack.notes:
                yield from self.folded(visible(note), "  ")
        if stack.resources:
            yield from self.title("resources")
            yield from self.resources(stack.resources)
        for section, entries in entries_by_section(stack):
            yield from self.title(visible(section).lower())
            for entry in entries:
                yield from self.entry(entry)
        if stack.powers:
            yield from self.title("powers")
            for power in stack.powers:
                yield from self.power(power)
        yield from self.exposures(stack.exposures)
        yield from self.payloads(stack.payloads)

    def title(self, text: str) -> Iterator[str]:
        yield ""
        yield f"  {self.style(text, bold=True, underline=True)}"

    def finding(self, finding: Finding, stack: StackReview) -> Iterator[str]:
        concern = self.style(f"{certain(finding):<13}", fg=CONCERNS[finding.concern], bold=True)
        told = f"{finding_subject(finding)}: {visible(finding.message)}"
        first, *rest = self.wrapped(told, 16)
        yield f"  {concern} {first}"
        yield from (f"{'':16}{line}" for line in rest)
        if finding.because:
            yield from self.reason(finding.because, " " * 16)
        if place := finding_place(finding, stack):
            place += in_base(finding, stack, self.review.base)
            origin = f", from {origin_place(finding.origin)}" if finding.origin else ""
            yield f"{'':16}{self.style(f'at {place}{origin}', dim=True)}"

    def reason(self, because: str, margin: str) -> Iterator[str]:
        """Yield where something is written; an address stays on one line, to be followed."""
        words, page = why(because)
        if page:
            yield f"{margin}{self.style(f'{words} {page}', dim=True)}"
        else:
            yield from self.folded(words, margin, dim=True)

    def resources(self, changes: Sequence[ResourceChange]) -> Iterator[str]:
        names = min(max(columns(visible(change.name)) for change in changes), 32)
        types = min(max(columns(visible(change.type)) for change in changes), 36)
        for change in changes:
            mark = sign(change)
            yield (
                f"  {self.style(f'{mark:<4}', fg=SIGNED[mark])} {_filled(change.name, names)}"
                f"  {_filled(change.type, types)}  {happening(change)}"
            )
            for because in own_because(change):
                yield from self.reason(because, " " * 7)
            for detail in (*change.properties, *change.attributes):
                yield from self.detail(detail)

    def detail(self, detail: Detail) -> Iterator[str]:
        path = f"{visible(detail.path)}: " if detail.path else ""
        remarks = detail_remarks(detail)
        colour = {Certainty.WILL: "red", Certainty.MAY: "yellow", Certainty.NO: None}
        said = self.style(f"  ({remarks})", fg=colour[detail.replacement]) if remarks else ""
        if detail.payload:
            yield f"       {path}see payload {visible(detail.payload)}{said}"
            return
        told = _arrow(detail)
        if not is_long(detail) and columns(told) + columns(path) + 9 <= self.width:
            yield f"       {path}{told}{said}"
            return
        yield f"       {path}{said}"
        yield from self.diff(difference(detail), " " * 9)

    def entry(self, entry: EntryChange) -> Iterator[str]:
        mark = sign(entry)
        note = f"  ({visible(entry.note)})" if entry.note else ""
        yield f"  {self.style(f'{mark:<4}', fg=SIGNED[mark])} {visible(entry.name)}{note}"
        for detail in entry.details:
            yield from self.detail(detail)

    def power(self, power: PowerChange) -> Iterator[str]:
        colour = {Extent.BROADENED: "red", Extent.MIXED: "red", Extent.NARROWED: "green"}
        words = self.style(power_words(power), fg=colour.get(power.extent))
        yield f"  {visible(power.holder)} · {words}"
        for mark, grants in (("+", power.gained), ("-", power.lost)):
            for grant in grants:
                first, *rest = self.wrapped(grant_words(grant, 12), 6)
                yield f"    {self.style(f'{mark} {first}', fg=SIGNED[mark])}"
                yield from (f"      {self.style(line, fg=SIGNED[mark])}" for line in rest)

    def exposures(self, exposures: Sequence[Exposure]) -> Iterator[str]:
        if exposures:
            yield from self.title("reachable from the internet")
        for exposure in exposures:
            mark, words = ("+", "opened") if exposure.opened else ("-", "closed")
            told = f"{visible(exposure.resource)} {words}: {visible(exposure.what)}"
            # A way in that opens is what a reviewer worries about.
            yield from self.folded(told, f"  {mark} ", fg="red" if exposure.opened else "green")

    def payloads(self, payloads: Sequence[PayloadChange]) -> Iterator[str]:
        for payload in payloads:
            yield from self.title(f"payload {visible(payload.name)}")
            yield f"  in {visible(payload.resource)}: {visible(payload.path)}"
            yield from self.diff(visible_lines(payload.diff), "  ")

    def diff(self, lines: Sequence[str], indent: str) -> Iterator[str]:
        for line in lines:
            colour = SIGNED.get(line[:1]) if line[:3] not in ("---", "+++") else None
            how = {"fg": "cyan"} if line.startswith("@@") else {"fg": colour}
            yield f"{indent}{self.style(line, **how)}"

    def folded(self, text: str, indent: str, **how: object) -> Iterator[str]:
        for number, line in enumerate(self.wrapped(text, len(indent))):
            start = indent if not number else " " * len(indent)
            yield f"{start}{self.style(line, **how)}"

    def wrapped(self, text: str, indent: int) -> list[str]:
        room = self.width - indent
        return wrap(text, room, break_on_hyphens=False, break_long_words=False) or [""]


def _arrow(detail: Detail) -> str:
    if detail.before is MISSING:
        return value(detail.after)
    if detail.after is MISSING:
        return f"{value(detail.before)} → (none)"
    if is_same(detail):
        return value(detail.after)
    return f"{value(detail.before)} → {value(detail.after)}"


def _filled(text: str, width: int) -> str:
    text = visible(text)
    return text + " " * (width - columns(text))
