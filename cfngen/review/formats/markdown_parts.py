"""The details of one template in markdown, in pieces that can be dropped one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.cloudformation.evidence import Evidence
from cfngen.plurals import counted
from cfngen.review.formats.columns import clipped, clipped_lines, one_line_value
from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.findings import unreported_exposures
from cfngen.review.formats.markdown_escaping import code, cut_lines, fenced, folded_code, prose
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
    Reason,
    detail_notes,
    entry_note,
    reported_reasons,
    unreported_reasons,
)
from cfngen.review.formats.sides import NONE, difference, is_long, is_same, items
from cfngen.review.model import (
    MISSING,
    Detail,
    EntryChange,
    PermissionChange,
    ResourceChange,
    StackReview,
)

MAX_LINES, MAX_CHARACTERS, MAX_LINE_WIDTH = 400, 20_000, 2_000  # of one diff and its lines
MAX_ACTIONS = 12  # of one grant
MAX_LIST = 300  # characters of items in a row of a table


@dataclass(frozen=True)
class Piece:
    """A part of a template's details: what it is called, and its markdown."""

    name: str
    text: str


def pieces(stack: StackReview) -> Iterator[Piece]:
    """Yield the details of a template, from the general to the particular."""
    reported = reported_reasons(stack)
    if notes := [*facts(stack), *stack.notes]:
        yield Piece("notes", "".join(f"- {prose(note)}\n" for note in notes))
    stack = condensed(stack)
    yield from _of_resources(stack.resources, reported)
    for section, entries in entries_by_section(stack):
        yield from _of_entries(section, entries, reported)
    if stack.permissions:
        permissions = "".join(_permission(change, stack) for change in stack.permissions)
        yield Piece("permissions", permissions)
    if exposures := unreported_exposures(stack):
        lines = (
            f"- {'opened' if exposure.opened else 'closed'}: {code(exposure.resource)}"
            f" {prose(exposure.description)}\n"
            for exposure in exposures
        )
        yield Piece("ways in", f"**Reachable from the internet**\n\n{''.join(lines)}")
    for payload in stack.payloads:
        name = code(payload_title(payload.name, payload.resource, payload.path))
        yield Piece("payloads", f"**Payload** {name}\n\n{fenced(_clip(payload.diff), 'diff')}")


def linked(reason: Reason) -> str:
    """Return a reason with a link to its page."""
    sentence = prose(reason.text, 400)
    link = f"[{reason.title}]({reason.page})" if reason.page else ""
    return ": ".join(part for part in (sentence, link) if part)


def _of_resources(
    changes: Sequence[ResourceChange], reported: frozenset[Evidence]
) -> Iterator[Piece]:
    if changes:
        yield Piece("resources", _resources(changes, reported))
    details = [(change, detail) for change in changes for detail in _details(change)]
    if details:
        yield Piece("properties", _properties(details, reported))
    for change, detail in details:
        if _is_apart(detail):
            yield Piece("long values", _long(f"{change.name}.{detail.path}", detail))


def _of_entries(
    section: str, entries: Sequence[EntryChange], reported: frozenset[Evidence]
) -> Iterator[Piece]:
    yield Piece(prose(section.lower()), _entries(section, entries, reported))
    for entry in entries:
        for detail in filter(_is_apart, entry.details):
            name = f"{entry.name}.{detail.path}" if detail.path else entry.name
            yield Piece("long values", _long(name, detail))


def _details(change: ResourceChange) -> tuple[Detail, ...]:
    return (*change.properties, *change.attributes)


def _is_apart(detail: Detail) -> bool:
    if detail.payload or is_same(detail):
        return False
    if changed_items := items(detail):
        return any(
            len(" ".join(side)) > MAX_LIST for side in (changed_items.gone, changed_items.new)
        )
    return is_long(detail)


def _resources(changes: Sequence[ResourceChange], reported: frozenset[Evidence]) -> str:
    lines = ["|  | resource | type | what happens |", "|---|---|---|---|"]
    for change in changes:
        reason_lines = "".join(
            f"<br>{linked(reason)}" for reason in unreported_reasons(change, reported)
        )
        lines.append(
            f"| `{sign(change)}` | {_named(change)} | {code(change.type)}"
            f" | {prose(outcome(change))}{reason_lines} |"
        )
    return "\n".join(lines) + "\n"


def _named(change: ResourceChange) -> str:
    construct = construct_of(change)
    return f"{code(change.name)}<br>{code(construct)}" if construct else code(change.name)


def _properties(
    details: Sequence[tuple[ResourceChange, Detail]], reported: frozenset[Evidence]
) -> str:
    lines = ["| resource | property | before | after |", "|---|---|---|---|"]
    lines += [f"| {code(change.name)} {_row(detail, reported)}" for change, detail in details]
    return "\n".join(lines) + "\n"


def _row(detail: Detail, reported: frozenset[Evidence]) -> str:
    notes = "; ".join(detail_notes(detail, reported))
    note = f"<br>{prose(notes)}" if notes else ""
    if detail.payload:
        values = f"see payload | {code(detail.payload)}"
    elif is_same(detail):
        values = f"{_value(detail.after)} | the same text"
    elif (changed_items := items(detail)) and not _is_apart(detail):
        kept = f" {changed_items.kept} unchanged" if changed_items.kept else ""
        gone, new = (" ".join(map(code, side)) for side in (changed_items.gone, changed_items.new))
        values = f"{gone}{kept} | {new}"
    else:
        values = f"{_value(detail.before)} | {_value(detail.after)}"
    return f"| {code(detail.path)}{note} | {values} |"


def _value(value: object) -> str:
    return NONE if value is MISSING else code(clipped(one_line_value(value)))


def _long(name: str, detail: Detail) -> str:
    diff = fenced(_clip("\n".join(difference(detail))), "diff")
    return f"<details><summary>{folded_code(name)}</summary>\n\n{diff}\n</details>\n"


def _entries(section: str, entries: Sequence[EntryChange], reported: frozenset[Evidence]) -> str:
    lines = [f"|  | {prose(section.lower())} | what | before | after |", "|---|---|---|---|---|"]
    for entry in entries:
        entry_text = entry_note(entry)
        note = f"<br>{prose(entry_text)}" if entry_text else ""
        start = f"| `{sign(entry)}` | {code(entry.name)}{note} "
        lines += [start + _row(detail, reported) for detail in entry.details] or [
            f"{start}|  |  |  |"
        ]
    return "\n".join(lines) + "\n"


def _permission(change: PermissionChange, stack: StackReview) -> str:
    lines = [f"{mark} {phrase}" for mark, phrase in grant_lines(change, MAX_ACTIONS)]
    diff = fenced(_clip("\n".join(lines)), "diff") if lines else ""
    phrase = prose(permission_phrase(change, stack.kind))
    return f"**Permissions** of {code(change.attached_to)}, {phrase}\n\n{diff}\n"


def _clip(text: str) -> str:
    """Return a diff's first lines; the last one says how many more there are."""
    lines = clipped_lines(text.rstrip("\n").split("\n"), MAX_LINE_WIDTH)
    kept = cut_lines(lines[:MAX_LINES], MAX_CHARACTERS)
    if len(kept) < len(lines):
        kept.append(f"  … {counted(len(lines) - len(kept), 'more line')}")
    return "\n".join(kept)
