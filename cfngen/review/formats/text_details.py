"""What changes in one template, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cfngen.escaping import escape_controls, escape_lines
from cfngen.plurals import counted
from cfngen.review.formats.columns import broken, columns, folded
from cfngen.review.formats.findings import is_fully_reported, unreported_exposures
from cfngen.review.formats.phrases import (
    construct_of,
    entries_by_section,
    grant_lines,
    outcome,
    payload_title,
    permission_phrase,
    sign,
)
from cfngen.review.formats.reasons import (
    detail_notes,
    entry_note,
    reported_reasons,
    unreported_reasons,
)
from cfngen.review.formats.sides import difference, is_long, is_same, items, side
from cfngen.review.model import (
    Certainty,
    Detail,
    EntryChange,
    Extent,
    Kind,
    PermissionChange,
    ResourceChange,
    StackReview,
)

Style = Callable[..., str]

SIGN_COLOURS = {
    "+": "green", "-": "red", "~": "yellow", "→": "cyan", "-/+": "red", "-/+?": "yellow",
    "!": "red",
}  # fmt: skip
EXTENT_COLOURS = {Extent.BROADENED: "magenta", Extent.MIXED: "magenta", Extent.NARROWED: "green"}
MAX_LINES = 16  # of a diff, where not everything is wanted
MAX_ACTIONS = 12  # of a grant
MAX_NAME_WIDTH, MAX_TYPE_WIDTH = 28, 32  # columns
INDENT = 7  # of a resource's sign


class LinePrinter:
    """Lines of a terminal, with a width and colours."""

    def __init__(self, style: Style, width: int) -> None:
        """Take a style, such as `click.style`, and so many columns."""
        self.style = style
        self.width = width

    def folded(self, text: str, margin: str, **colours: object) -> Iterator[str]:
        """Yield a text in lines behind a margin."""
        for line in self.wrapped(text, len(margin)):
            yield f"{margin}{self.style(line, **colours)}"

    def wrapped(self, text: str, margin: int) -> list[str]:
        """Return a text in lines that leave room for a margin."""
        return folded(text, max(self.width - margin, 16))

    def coloured(self, lines: Sequence[str], margin: str) -> Iterator[str]:
        """Yield lines of a diff, the long ones in pieces."""
        for line in lines:
            colour = SIGN_COLOURS.get(line[:1]) if line[:3] not in ("---", "+++") else None
            colours = {"fg": "cyan" if line.startswith("@@") else colour}
            text = line.expandtabs(4)
            first, *rest = broken(text, max(self.width - len(margin), 16))
            yield f"{margin}{self.style(first, **colours)}"
            for piece in broken("".join(rest), max(self.width - len(margin) - 3, 16)):
                if piece:
                    yield f"{margin}   {self.style(piece, **colours)}"


class Details:
    """Prints the details of one template."""

    def __init__(self, printer: LinePrinter, stack: StackReview, *, everything: bool) -> None:
        """Take a template; `everything` leaves nothing out and cuts nothing off."""
        self.printer = printer
        self.style = printer.style
        self.stack = stack
        self.everything = everything
        self.reported = reported_reasons(stack)

    def lines(self) -> Iterator[str]:
        """Yield everything; of new templates and affected resources only the essentials."""
        stack = self.stack
        if self.everything or stack.kind is Kind.CHANGED:
            yield from self.resources(stack.resources)
            for section, entries in entries_by_section(stack):
                yield from self.title(escape_controls(section).lower())
                for entry in entries:
                    yield from self.entry(entry)
        yield from self.permissions()
        yield from self.exposures()
        yield from self.payloads()

    def title(self, text: str) -> Iterator[str]:
        """Yield what the next lines are about."""
        yield from self.printer.folded(text, "  ", bold=True, underline=True)

    def resources(self, changes: Sequence[ResourceChange]) -> Iterator[str]:
        """Yield each resource, and its properties below it."""
        names, types = (
            min(max((columns(escape_controls(text)) for text in texts), default=0), max_width)
            for texts, max_width in (
                ([change.name for change in changes], MAX_NAME_WIDTH),
                ([change.type for change in changes], MAX_TYPE_WIDTH),
            )
        )
        for change in changes:
            row = f"{_padded(change.name, names)}  {_padded(change.type, types)}  "
            yield from self.row(sign(change), row, outcome(change))
            if construct := construct_of(change):
                yield from self.printer.folded(construct, " " * INDENT, dim=True)
            for reason in unreported_reasons(change, self.reported):
                explanation = f"{reason.text} {reason.page}".strip()
                yield from self.printer.folded(explanation, " " * INDENT, dim=True)
            for detail in (*change.properties, *change.attributes):
                if self.everything or not _only_follows(change, detail):
                    yield from self.detail(detail, change.kind)

    def row(self, mark: str, row: str, happening: str) -> Iterator[str]:
        """Yield a sign, what it belongs to, and what happens; below it where there is no room."""
        start = f"  {self.style(f'{mark:<4}', fg=SIGN_COLOURS[mark])} "
        available = self.printer.width - INDENT
        if columns(row) + columns(happening) <= available:
            yield f"{start}{row}{happening}"
            return
        lines = folded(row.strip(), available)
        if columns(lines[-1]) + 2 + columns(happening) <= available:
            lines[-1] += f"  {happening}"
        else:
            lines += folded(happening, available)
        yield f"{start}{lines[0]}"
        yield from (f"{' ' * INDENT}{line}" for line in lines[1:])

    def entry(self, entry: EntryChange) -> Iterator[str]:
        """Yield a parameter, output or the like, and its fields below it."""
        mark = sign(entry)
        follows = {detail.note for detail in entry.details if is_same(detail)}
        note = entry_note(entry)
        if entry.kind is Kind.AFFECTED and not self.everything:
            note = "; ".join(
                escape_controls(text) for text in sorted({entry.note, *follows}) if text
            )
        yield from self.row(mark, f"{escape_controls(entry.name)}  ", note)
        for detail in entry.details:
            if self.everything or not (entry.kind is Kind.AFFECTED and is_same(detail)):
                yield from self.detail(detail, entry.kind)

    def detail(self, detail: Detail, kind: Kind) -> Iterator[str]:
        """Yield a property: on one line if it fits, else what it is and then its values."""
        margin = " " * INDENT
        path = f"{escape_controls(detail.path)}: " if detail.path else ""
        notes = "; ".join(detail_notes(detail, self.reported))
        colour = {Certainty.WILL: "red", Certainty.MAY: "yellow", Certainty.NO: None}
        colours = {"fg": colour[detail.replacement], "dim": detail.replacement is Certainty.NO}
        if is_same(detail) and not self.everything and notes:
            yield from self.printer.folded(f"{path}{notes}", margin, **colours)
            return
        value = self.short(detail, kind)
        available = self.printer.width - INDENT
        whole = columns(path) + columns(value)
        if value and whole + columns(notes) + 4 <= available:
            yield f"{margin}{path}{value}{self.style(f'  ({notes})', **colours) if notes else ''}"
            return
        if value and whole <= available:
            yield f"{margin}{path}{value}"
        else:
            yield from self.printer.folded(path.rstrip() or "value:", margin)
            yield from self.long(detail, margin + "  ")
        if notes:
            yield from self.printer.folded(f"({notes})", margin + "  ", **colours)

    def short(self, detail: Detail, kind: Kind) -> str:
        """Return both values on one line; nothing if they need several."""
        if detail.payload:
            return f"see payload {escape_controls(detail.payload)}"
        if changed_items := items(detail):
            signed = [
                *(f"- {item}" for item in changed_items.gone),
                *(f"+ {item}" for item in changed_items.new),
            ]
            return "  ".join(signed)
        if is_same(detail) or kind is Kind.ADDED:
            return "" if is_long(detail) else side(detail.after)
        if kind is Kind.REMOVED:
            return "" if is_long(detail) else side(detail.before)
        return "" if is_long(detail) else f"{side(detail.before)} → {side(detail.after)}"

    def long(self, detail: Detail, margin: str) -> Iterator[str]:
        """Yield both values in lines of a diff."""
        if changed_items := items(detail):
            lines = [
                *(f"- {item}" for item in changed_items.gone),
                *(f"+ {item}" for item in changed_items.new),
            ]
        elif not is_long(detail) and not is_same(detail):
            lines = [f"- {side(detail.before)}", f"+ {side(detail.after)}"]
        else:
            lines = difference(detail)
        yield from self.printer.coloured(self.cut(lines), margin)

    def permissions(self) -> Iterator[str]:
        """Yield whose permissions changed, except for what a finding already says."""
        shown = [
            change
            for change in self.stack.permissions
            if self.everything or not is_fully_reported(self.stack, change)
        ]
        if shown:
            yield from self.title("permissions")
        for change in shown:
            yield from self.permission(change)

    def permission(self, change: PermissionChange) -> Iterator[str]:
        """Yield how the permissions of one policy have changed, and its grants."""
        kind = self.stack.kind
        phrase = f"{escape_controls(change.attached_to)}, {permission_phrase(change, kind)}"
        colour = EXTENT_COLOURS.get(change.extent) if kind is Kind.CHANGED else None
        yield from self.printer.folded(phrase, "  ", fg=colour)
        for mark, grant in grant_lines(change, 1000 if self.everything else MAX_ACTIONS):
            first, *rest = self.printer.wrapped(grant, 6)
            yield f"    {self.style(f'{mark} {first}', fg=SIGN_COLOURS[mark])}"
            yield from (f"      {self.style(line, fg=SIGN_COLOURS[mark])}" for line in rest)

    def exposures(self) -> Iterator[str]:
        """Yield what is reachable from the internet, except for what findings report."""
        unreported = unreported_exposures(self.stack)
        if unreported:
            yield from self.title("reachable from the internet")
        for exposure in unreported:
            state = "opened" if exposure.opened else "closed"
            # A way in that opens is what a reviewer worries about.
            start = self.style(f"  {state}  ", fg="red" if exposure.opened else "green")
            first, *rest = self.printer.wrapped(
                f"{escape_controls(exposure.resource)}: {escape_controls(exposure.description)}", 10
            )
            yield f"{start}{first}"
            yield from (f"{' ' * 10}{line}" for line in rest)

    def payloads(self) -> Iterator[str]:
        """Yield scripts and the like as a diff each."""
        for payload in self.stack.payloads:
            name = payload_title(payload.name, payload.resource, payload.path)
            yield from self.title(f"payload {name}")
            yield from self.printer.coloured(self.cut(escape_lines(payload.diff)), "  ")

    def cut(self, lines: Sequence[str]) -> list[str]:
        """Return the first lines of a diff, unless everything is wanted."""
        if self.everything or len(lines) <= MAX_LINES + 2:
            return [*lines]
        more = counted(len(lines) - MAX_LINES, "more line")
        return [*lines[:MAX_LINES], f"… {more}, with --details"]


def _only_follows(change: ResourceChange, detail: Detail) -> bool:
    """Whether a property only refers to a replaced resource that is named already."""
    follows = change.kind is Kind.AFFECTED and detail.replacement is Certainty.NO
    return follows and is_same(detail)


def _padded(text: str, width: int) -> str:
    text = escape_controls(text)
    return text + " " * max(0, width - columns(text))
