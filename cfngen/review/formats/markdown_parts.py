"""The details of one template in markdown, in pieces that can be dropped one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.plurals import counted
from cfngen.review.formats.columns import clipped, clipped_lines
from cfngen.review.formats.document import TemplateBlock
from cfngen.review.formats.document_details import (
    EntryBlock,
    PermissionBlock,
    ResourceBlock,
    Row,
)
from cfngen.review.formats.markdown_escaping import (
    Markdown,
    code,
    cut_lines,
    fenced,
    folded_code,
    joined,
    linked,
)
from cfngen.review.formats.sides import NONE

MAX_LINES, MAX_CHARACTERS, MAX_LINE_WIDTH = 400, 20_000, 2_000  # of one diff and its lines
MAX_ACTIONS = 12  # of one grant
MAX_LIST = 300  # characters of items in a row of a table


@dataclass(frozen=True)
class Piece:
    """A part of a template's details: what it is called, and its markdown."""

    name: str
    text: Markdown


def pieces(template: TemplateBlock) -> Iterator[Piece]:
    """Yield the details of a template, from the general to the particular."""
    if notes := [*template.facts, *template.notes]:
        yield Piece("notes", joined(Markdown("- %s\n") % note for note in notes))
    details = template.details
    yield from _of_resources(details.resources)
    for section, entries in details.sections:
        yield from _of_entries(section.lower(), entries)
    if permissions := details.permissions:
        yield Piece("permissions", joined(map(_permission, permissions)))
    if exposures := details.exposures:
        lines = joined(
            Markdown("- %s: %s %s\n")
            % (
                "opened" if exposure.opened else "closed",
                code(exposure.resource),
                exposure.description,
            )
            for exposure in exposures
        )
        yield Piece("ways in", Markdown("**Reachable from the internet**\n\n%s") % lines)
    for payload in details.payloads:
        diff = fenced(_clip(payload.lines), "diff")
        yield Piece("payloads", Markdown("**Payload** %s\n\n%s") % (code(payload.title), diff))


def _of_resources(changes: Sequence[ResourceBlock]) -> Iterator[Piece]:
    if changes:
        yield Piece("resources", _resources(changes))
    rows = [(change.name, row) for change in changes for row in change.rows]
    if rows:
        yield Piece("properties", _properties(rows))
    for name, row in rows:
        if _is_apart(row):
            yield Piece("long values", _long(f"{name}.{row.path}", row))


def _of_entries(section: str, entries: Sequence[EntryBlock]) -> Iterator[Piece]:
    yield Piece(section, _entries(section, entries))
    for entry in entries:
        for row in filter(_is_apart, entry.rows):
            name = f"{entry.name}.{row.path}" if row.path else entry.name
            yield Piece("long values", _long(name, row))


def _is_apart(row: Row) -> bool:
    if row.payload or row.is_same:
        return False
    if row.items:
        return any(len(" ".join(side)) > MAX_LIST for side in (row.items.gone, row.items.new))
    return row.is_long


def _resources(changes: Sequence[ResourceBlock]) -> Markdown:
    lines = [Markdown("|  | resource | type | what happens |\n|---|---|---|---|\n")]
    lines += [
        Markdown("| %s | %s%s | %s | %s%s |\n")
        % (
            code(change.sign),
            code(change.name),
            Markdown("<br>%s") % code(change.construct) if change.construct else "",
            code(change.type),
            change.outcome,
            joined(Markdown("<br>%s") % linked(reason) for reason in change.reasons),
        )
        for change in changes
    ]
    return joined(lines)


def _properties(rows: Sequence[tuple[str, Row]]) -> Markdown:
    lines = [Markdown("| resource | property | before | after |\n|---|---|---|---|\n")]
    lines += [Markdown("| %s %s\n") % (code(name), _row(row)) for name, row in rows]
    return joined(lines)


def _row(row: Row) -> Markdown:
    return Markdown("| %s%s | %s |") % (code(row.path), _note(row.notes), _values(row))


def _note(note: str) -> Markdown:
    return Markdown("<br>%s") % note if note else Markdown("")


def _values(row: Row) -> Markdown:
    if row.payload:
        return Markdown("see payload | %s") % code(row.payload)
    if row.is_same:
        return Markdown("%s | the same text") % _value(row.after)
    if row.items and not _is_apart(row):
        kept = Markdown(" %s unchanged") % row.items.kept if row.items.kept else ""
        gone, new = (joined(map(code, side), " ") for side in (row.items.gone, row.items.new))
        return Markdown("%s%s | %s") % (gone, kept, new)
    return Markdown("%s | %s") % (_value(row.before), _value(row.after))


def _value(value: str | None) -> Markdown:
    return Markdown(NONE) if value is None else code(clipped(value))


def _long(name: str, row: Row) -> Markdown:
    diff = fenced(_clip(row.lines), "diff")
    fold = Markdown("<details><summary>%s</summary>\n\n%s\n</details>\n")
    return fold % (folded_code(name), diff)


def _entries(section: str, entries: Sequence[EntryBlock]) -> Markdown:
    lines = [Markdown("|  | %s | what | before | after |\n|---|---|---|---|---|\n") % section]
    for entry in entries:
        start = Markdown("| %s | %s%s ") % (code(entry.sign), code(entry.name), _note(entry.note))
        rows = [_row(row) for row in entry.rows] or [Markdown("|  |  |  |")]
        lines += [Markdown("%s%s\n") % (start, row) for row in rows]
    return joined(lines)


def _permission(change: PermissionBlock) -> Markdown:
    lines = [f"{mark} {phrase}" for mark, phrase in change.grants(MAX_ACTIONS)]
    diff = fenced(_clip(lines), "diff") if lines else ""
    permission = Markdown("**Permissions** of %s, %s\n\n%s\n")
    return permission % (code(change.attached_to), change.phrase, diff)


def _clip(diff: list[str]) -> str:
    """Return a diff's first lines; the last one says how many more there are."""
    lines = clipped_lines(diff, MAX_LINE_WIDTH)
    kept = cut_lines(lines[:MAX_LINES], MAX_CHARACTERS)
    if len(kept) < len(lines):
        kept.append(f"  … {counted(len(lines) - len(kept), 'more line')}")
    return "\n".join(kept)
