"""What changes in one template, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.plurals import counted
from cfngen.review.formats.columns import columns, folded
from cfngen.review.formats.document_details import (
    Details,
    EntryBlock,
    PermissionBlock,
    ResourceBlock,
    Row,
)
from cfngen.review.formats.sides import NONE
from cfngen.review.formats.terminal import (
    NOTHING,
    SIGN_COLOURS,
    Line,
    LinePrinter,
    joined,
    margin_of,
    padded,
)
from cfngen.review.model import Certainty, Extent, Kind

EXTENT_COLOURS = {Extent.BROADENED: "magenta", Extent.MIXED: "magenta", Extent.NARROWED: "green"}
NOTE_COLOURS = {Certainty.WILL: "red", Certainty.MAY: "yellow", Certainty.NO: None}
MAX_LINES = 16  # of a diff, where not everything is wanted
MAX_ACTIONS, MAX_ALL_ACTIONS = 12, 1000  # of a grant; where everything is wanted
MAX_NAME_WIDTH, MAX_TYPE_WIDTH = 28, 32  # columns
INDENT = 7  # of a resource's sign


class DetailsPrinter:
    """Prints the details of one template."""

    def __init__(self, printer: LinePrinter, details: Details, *, everything: bool) -> None:
        """Take the details; `everything` leaves nothing out and cuts nothing off."""
        self.printer = printer
        self.style = printer.style
        self.about = details
        self.everything = everything

    def lines(self) -> Iterator[Line]:
        """Yield everything; of new templates and affected resources only the essentials."""
        if self.everything or self.about.kind is Kind.CHANGED:
            yield from self.resources(self.about.resources)
            for section, entries in self.about.sections:
                yield from self.title(section.lower())
                for entry in entries:
                    yield from self.entry(entry)
        yield from self.permissions()
        yield from self.exposures()
        yield from self.payloads()

    def title(self, text: str) -> Iterator[Line]:
        """Yield what the next lines are about."""
        yield from self.printer.folded(text, 2, bold=True, underline=True)

    def resources(self, changes: Sequence[ResourceBlock]) -> Iterator[Line]:
        """Yield each resource, and its properties below it."""
        names, types = (
            min(max((columns(Line.escape(text)) for text in texts), default=0), max_width)
            for texts, max_width in (
                ([change.name for change in changes], MAX_NAME_WIDTH),
                ([change.type for change in changes], MAX_TYPE_WIDTH),
            )
        )
        for change in changes:
            row = Line("%s  %s  ") % (padded(change.name, names), padded(change.type, types))
            yield from self.row(change.sign, row, change.outcome)
            if change.construct:
                yield from self.printer.folded(change.construct, INDENT, dim=True)
            for reason in change.reasons:
                explanation = f"{reason.text} {reason.page}".strip()
                yield from self.printer.folded(explanation, INDENT, dim=True)
            for detail in change.rows:
                if self.everything or not _only_follows(change, detail):
                    yield from self.detail(detail, change.kind)

    def row(self, mark: str, row: Line, happening: str) -> Iterator[Line]:
        """Yield a sign, what it belongs to, and what happens; below it where there is no room."""
        happens = Line.escape(happening)
        start = Line("  %s ") % self.style(f"{mark:<4}", fg=SIGN_COLOURS[mark])
        available = self.printer.width - INDENT
        if columns(row) + columns(happens) <= available:
            yield start + row + happens
            return
        lines = folded(row.strip(), available)
        if columns(lines[-1]) + 2 + columns(happens) <= available:
            lines[-1] += f"  {happens}"
        else:
            lines += folded(happens, available)
        yield start + lines[0]
        yield from (margin_of(INDENT) + line for line in lines[1:])

    def entry(self, entry: EntryBlock) -> Iterator[Line]:
        """Yield a parameter, output or the like, and its fields below it."""
        is_short = entry.kind is Kind.AFFECTED and not self.everything
        note = entry.follows if is_short else entry.note
        yield from self.row(entry.sign, Line("%s  ") % entry.name, note)
        for row in entry.rows:
            if not (is_short and row.is_same):
                yield from self.detail(row, entry.kind)

    def detail(self, row: Row, kind: Kind) -> Iterator[Line]:
        """Yield a property: on one line if it fits, else what it is and then its values."""
        path = Line("%s: ") % row.path if row.path else NOTHING
        notes = Line.escape(row.notes)
        colours = {
            "fg": NOTE_COLOURS[row.replacement],
            "dim": row.replacement is Certainty.NO,
        }
        if row.is_same and not self.everything and notes:
            yield from self.printer.folded(path + notes, INDENT, **colours)
            return
        value = self.short(row, kind)
        available = self.printer.width - INDENT
        whole = columns(path) + columns(value)
        beside = Line("  (%s)") % notes if notes else NOTHING
        if value and whole + columns(notes) + 4 <= available:
            styled = self.style(beside, **colours) if beside else NOTHING
            yield joined([margin_of(INDENT), path, value, styled])
            return
        if value and whole <= available:
            yield joined([margin_of(INDENT), path, value])
        else:
            yield from self.printer.folded(path.rstrip() or "value:", INDENT)
            yield from self.long(row, INDENT + 2)
        if notes:
            yield from self.printer.folded(Line("(%s)") % notes, INDENT + 2, **colours)

    def short(self, row: Row, kind: Kind) -> Line:
        """Return both values on one line; nothing if they need several."""
        if row.payload:
            return Line("see payload %s") % row.payload
        if row.items:
            return joined(_signed(row), "  ")
        if row.is_long:
            return NOTHING
        if row.is_same or kind is Kind.ADDED:
            return Line.escape(_side(row.after))
        if kind is Kind.REMOVED:
            return Line.escape(_side(row.before))
        return Line("%s → %s") % (_side(row.before), _side(row.after))

    def long(self, row: Row, margin: int) -> Iterator[Line]:
        """Yield both values in lines of a diff."""
        if row.items:
            lines = _signed(row)
        elif not row.is_long and not row.is_same:
            lines = [f"- {_side(row.before)}", f"+ {_side(row.after)}"]
        else:
            lines = row.lines
        yield from self.printer.coloured(self.cut(lines), margin)

    def permissions(self) -> Iterator[Line]:
        """Yield whose permissions changed, except for what a finding already says."""
        shown = [
            change for change in self.about.permissions if self.everything or not change.is_reported
        ]
        if shown:
            yield from self.title("permissions")
        for change in shown:
            yield from self.permission(change)

    def permission(self, change: PermissionBlock) -> Iterator[Line]:
        """Yield how the permissions of one policy have changed, and its grants."""
        phrase = f"{change.attached_to}, {change.phrase}"
        colour = EXTENT_COLOURS.get(change.extent) if change.extent else None
        yield from self.printer.folded(phrase, 2, fg=colour)
        for mark, grant in change.grants(MAX_ALL_ACTIONS if self.everything else MAX_ACTIONS):
            first, *rest = self.printer.wrapped(grant, 6)
            colour = SIGN_COLOURS[mark]
            yield margin_of(4) + self.style(Line("%s %s") % (mark, first), fg=colour)
            yield from (margin_of(6) + self.style(line, fg=colour) for line in rest)

    def exposures(self) -> Iterator[Line]:
        """Yield what is reachable from the internet, except for what findings report."""
        exposures = self.about.exposures
        if exposures:
            yield from self.title("reachable from the internet")
        for exposure in exposures:
            state = "opened" if exposure.opened else "closed"
            # A way in that opens is what a reviewer worries about.
            start = self.style(f"  {state}  ", fg="red" if exposure.opened else "green")
            first, *rest = self.printer.wrapped(f"{exposure.resource}: {exposure.description}", 10)
            yield start + first
            yield from (margin_of(10) + line for line in rest)

    def payloads(self) -> Iterator[Line]:
        """Yield scripts and the like as a diff each."""
        for payload in self.about.payloads:
            yield from self.title(f"payload {payload.title}")
            yield from self.printer.coloured(self.cut(payload.lines), 2)

    def cut(self, lines: Sequence[str]) -> list[str]:
        """Return the first lines of a diff, unless everything is wanted."""
        if self.everything or len(lines) <= MAX_LINES + 2:
            return [*lines]
        more = counted(len(lines) - MAX_LINES, "more line")
        return [*lines[:MAX_LINES], f"… {more}, with --details"]


def _side(value: str | None) -> str:
    return NONE if value is None else value


def _signed(row: Row) -> list[str]:
    """Return the items that go and come, each with its sign."""
    gone, new = (row.items.gone, row.items.new) if row.items else ((), ())
    return [*(f"- {item}" for item in gone), *(f"+ {item}" for item in new)]


def _only_follows(change: ResourceBlock, row: Row) -> bool:
    """Whether a property only refers to a replaced resource that is named already."""
    return change.kind is Kind.AFFECTED and row.replacement is Certainty.NO and row.is_same
