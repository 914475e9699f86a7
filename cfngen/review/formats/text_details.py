"""What changes in one template, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cfngen.review.formats.columns import broken, columns, folded, visible, visible_lines
from cfngen.review.formats.findings import told_whole, ways_in
from cfngen.review.formats.phrases import (
    counted,
    entries_by_section,
    grant_lines,
    happening,
    payload_words,
    power_words,
    sign,
)
from cfngen.review.formats.reasons import entry_note, own_reasons, remarks, told_reasons
from cfngen.review.formats.sides import difference, is_long, is_same, items, side
from cfngen.review.model import (
    Certainty,
    Detail,
    EntryChange,
    Extent,
    Kind,
    PowerChange,
    ResourceChange,
    StackReview,
)

Style = Callable[..., str]

SIGNED = {
    "+": "green", "-": "red", "~": "yellow", "→": "cyan", "-/+": "red", "-/+?": "yellow",
    "!": "red",
}  # fmt: skip
GAINED = {Extent.BROADENED: "magenta", Extent.MIXED: "magenta", Extent.NARROWED: "green"}
MOST_LINES = 16  # of a diff, where not everything is wanted
MOST_ACTIONS = 12  # of a sentence
NAMES, TYPES = 28, 32  # columns
HEAD = 7  # of a resource's sign


class Paper:
    """Lines of a terminal: how wide, and in which colours."""

    def __init__(self, style: Style, width: int) -> None:
        """Take a style, such as `click.style`, and so many columns."""
        self.style = style
        self.width = width

    def folded(self, text: str, margin: str, **how: object) -> Iterator[str]:
        """Yield a text in lines behind a margin."""
        for line in self.wrapped(text, len(margin)):
            yield f"{margin}{self.style(line, **how)}"

    def wrapped(self, text: str, margin: int) -> list[str]:
        """Return a text in lines that leave room for a margin."""
        return folded(text, max(self.width - margin, 16))

    def coloured(self, lines: Sequence[str], margin: str) -> Iterator[str]:
        """Yield lines of a diff, the long ones in pieces."""
        for line in lines:
            colour = SIGNED.get(line[:1]) if line[:3] not in ("---", "+++") else None
            how = {"fg": "cyan" if line.startswith("@@") else colour}
            text = line.expandtabs(4)
            first, *rest = broken(text, max(self.width - len(margin), 16))
            yield f"{margin}{self.style(first, **how)}"
            for piece in broken("".join(rest), max(self.width - len(margin) - 3, 16)):
                if piece:
                    yield f"{margin}   {self.style(piece, **how)}"


class Details:
    """Prints one template's details on a paper."""

    def __init__(self, paper: Paper, stack: StackReview, *, everything: bool) -> None:
        """Take a template; `everything` leaves nothing out and cuts nothing off."""
        self.paper = paper
        self.style = paper.style
        self.stack = stack
        self.everything = everything
        self.told = told_reasons(stack)

    def lines(self) -> Iterator[str]:
        """Yield everything, or of new templates and what only follows no more than it takes."""
        stack = self.stack
        if self.everything or stack.kind is Kind.CHANGED:
            yield from self.resources(stack.resources)
            for section, entries in entries_by_section(stack):
                yield from self.title(visible(section).lower())
                for entry in entries:
                    yield from self.entry(entry)
        yield from self.powers()
        yield from self.exposures()
        yield from self.payloads()

    def title(self, text: str) -> Iterator[str]:
        """Yield what the next lines are about."""
        yield from self.paper.folded(text, "  ", bold=True, underline=True)

    def resources(self, changes: Sequence[ResourceChange]) -> Iterator[str]:
        """Yield each resource, and its properties below it."""
        names, types = (
            min(max((columns(visible(text)) for text in texts), default=0), most)
            for texts, most in (
                ([change.name for change in changes], NAMES),
                ([change.type for change in changes], TYPES),
            )
        )
        for change in changes:
            row = f"{_filled(change.name, names)}  {_filled(change.type, types)}  "
            yield from self.row(sign(change), row, happening(change))
            for reason in own_reasons(change, self.told):
                words = f"{reason.words} {reason.page}".strip()
                yield from self.paper.folded(words, " " * HEAD, dim=True)
            for detail in (*change.properties, *change.attributes):
                if self.everything or not _only_follows(change, detail):
                    yield from self.detail(detail, change.kind)

    def row(self, mark: str, row: str, words: str) -> Iterator[str]:
        """Yield a sign, what it belongs to, and what happens; below it where there is no room."""
        start = f"  {self.style(f'{mark:<4}', fg=SIGNED[mark])} "
        room = self.paper.width - HEAD
        if columns(row) + columns(words) <= room:
            yield f"{start}{row}{words}"
            return
        lines = folded(row.strip(), room)
        if columns(lines[-1]) + 2 + columns(words) <= room:
            lines[-1] += f"  {words}"
        else:
            lines += folded(words, room)
        yield f"{start}{lines[0]}"
        yield from (f"{' ' * HEAD}{line}" for line in lines[1:])

    def entry(self, entry: EntryChange) -> Iterator[str]:
        """Yield a parameter, output or the like, and its fields below it."""
        mark = sign(entry)
        follows = {detail.note for detail in entry.details if is_same(detail)}
        note = entry_note(entry)
        if entry.kind is Kind.AFFECTED and not self.everything:
            note = "; ".join(visible(text) for text in sorted({entry.note, *follows}) if text)
        yield from self.row(mark, f"{visible(entry.name)}  ", note)
        for detail in entry.details:
            if self.everything or not (entry.kind is Kind.AFFECTED and is_same(detail)):
                yield from self.detail(detail, entry.kind)

    def detail(self, detail: Detail, kind: Kind) -> Iterator[str]:
        """Yield a property: on one line if it fits, else what it is and then its values."""
        margin = " " * HEAD
        path = f"{visible(detail.path)}: " if detail.path else ""
        said = "; ".join(remarks(detail, self.told))
        colour = {Certainty.WILL: "red", Certainty.MAY: "yellow", Certainty.NO: None}
        how = {"fg": colour[detail.replacement], "dim": detail.replacement is Certainty.NO}
        if is_same(detail) and not self.everything and said:
            yield from self.paper.folded(f"{path}{said}", margin, **how)
            return
        value = self.short(detail, kind)
        room = self.paper.width - HEAD
        whole = columns(path) + columns(value)
        if value and whole + columns(said) + 4 <= room:
            yield f"{margin}{path}{value}{self.style(f'  ({said})', **how) if said else ''}"
            return
        if value and whole <= room:
            yield f"{margin}{path}{value}"
        else:
            yield from self.paper.folded(path.rstrip() or "value:", margin)
            yield from self.long(detail, margin + "  ")
        if said:
            yield from self.paper.folded(f"({said})", margin + "  ", **how)

    def short(self, detail: Detail, kind: Kind) -> str:
        """Return both values on one line; nothing if they need several."""
        if detail.payload:
            return f"see payload {visible(detail.payload)}"
        if found := items(detail):
            signed = [*(f"- {item}" for item in found.gone), *(f"+ {item}" for item in found.new)]
            return "  ".join(signed)
        if is_same(detail) or kind is Kind.ADDED:
            return "" if is_long(detail) else side(detail.after)
        if kind is Kind.REMOVED:
            return "" if is_long(detail) else side(detail.before)
        return "" if is_long(detail) else f"{side(detail.before)} → {side(detail.after)}"

    def long(self, detail: Detail, margin: str) -> Iterator[str]:
        """Yield both values in lines of a diff."""
        if found := items(detail):
            lines = [*(f"- {item}" for item in found.gone), *(f"+ {item}" for item in found.new)]
        elif not is_long(detail) and not is_same(detail):
            lines = [f"- {side(detail.before)}", f"+ {side(detail.after)}"]
        else:
            lines = difference(detail)
        yield from self.paper.coloured(self.cut(lines), margin)

    def powers(self) -> Iterator[str]:
        """Yield whose permissions changed, save what a finding says as well."""
        told = [
            power
            for power in self.stack.powers
            if self.everything or not told_whole(self.stack, power)
        ]
        if told:
            yield from self.title("permissions")
        for power in told:
            yield from self.power(power)

    def power(self, power: PowerChange) -> Iterator[str]:
        """Yield how what somebody may do has changed, and its sentences."""
        kind = self.stack.kind
        words = f"{visible(power.holder)}, {power_words(power, kind)}"
        colour = GAINED.get(power.extent) if kind is Kind.CHANGED else None
        yield from self.paper.folded(words, "  ", fg=colour)
        for mark, said in grant_lines(power, 1000 if self.everything else MOST_ACTIONS):
            first, *rest = self.paper.wrapped(said, 6)
            yield f"    {self.style(f'{mark} {first}', fg=SIGNED[mark])}"
            yield from (f"      {self.style(line, fg=SIGNED[mark])}" for line in rest)

    def exposures(self) -> Iterator[str]:
        """Yield the ways in, save those that findings tell of."""
        ways = ways_in(self.stack)
        if ways:
            yield from self.title("reachable from the internet")
        for way in ways:
            word = "opened" if way.opened else "closed"
            # A way in that opens is what a reviewer worries about.
            start = self.style(f"  {word}  ", fg="red" if way.opened else "green")
            first, *rest = self.paper.wrapped(f"{visible(way.resource)}: {visible(way.what)}", 10)
            yield f"{start}{first}"
            yield from (f"{' ' * 10}{line}" for line in rest)

    def payloads(self) -> Iterator[str]:
        """Yield scripts and the like as a diff each."""
        for payload in self.stack.payloads:
            name = payload_words(payload.name, payload.resource, payload.path)
            yield from self.title(f"payload {name}")
            yield from self.paper.coloured(self.cut(visible_lines(payload.diff)), "  ")

    def cut(self, lines: Sequence[str]) -> list[str]:
        """Return the first lines of a diff, unless everything is wanted."""
        if self.everything or len(lines) <= MOST_LINES + 2:
            return [*lines]
        more = counted(len(lines) - MOST_LINES, "line")
        return [*lines[:MOST_LINES], f"… {more} more, with --details"]


def _only_follows(change: ResourceChange, detail: Detail) -> bool:
    """Whether a property is told by what its resource follows."""
    follows = change.kind is Kind.AFFECTED and detail.replacement is Certainty.NO
    return follows and is_same(detail)


def _filled(text: str, width: int) -> str:
    text = visible(text)
    return text + " " * max(0, width - columns(text))
