"""The details of one template in markdown, in pieces that can be dropped one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.review.formats.columns import clipped, clipped_lines, value
from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.findings import ways_in
from cfngen.review.formats.markdown_escaping import code, cut_lines, fenced, folded_code, prose
from cfngen.review.formats.phrases import (
    counted,
    entries_by_section,
    grant_lines,
    happening,
    payload_words,
    power_words,
    sign,
)
from cfngen.review.formats.reasons import Reason, entry_note, own_reasons, remarks, told_reasons
from cfngen.review.formats.sides import NONE, difference, is_long, is_same, items
from cfngen.review.model import (
    MISSING,
    Detail,
    EntryChange,
    PowerChange,
    ResourceChange,
    StackReview,
)

MOST_LINES, MOST_CHARACTERS, MOST_WIDE = 400, 20_000, 2_000  # of one diff and its lines
MOST_ACTIONS = 12  # of one grant
LIST = 300  # characters of items in a row of a table


@dataclass(frozen=True)
class Piece:
    """A part of a template's details: what it is called, and its markdown."""

    name: str
    text: str


def pieces(stack: StackReview) -> Iterator[Piece]:
    """Yield the details of a template, from the general to the particular."""
    told = told_reasons(stack)
    if words := [*facts(stack), *stack.notes]:
        yield Piece("notes", "".join(f"- {prose(word)}\n" for word in words))
    stack = condensed(stack)
    yield from _of_resources(stack.resources, told)
    for section, entries in entries_by_section(stack):
        yield from _of_entries(section, entries, told)
    if stack.powers:
        powers = "".join(_power(power, stack) for power in stack.powers)
        yield Piece("permissions", powers)
    if ways := ways_in(stack):
        lines = (
            f"- {'opened' if way.opened else 'closed'}: {code(way.resource)} {prose(way.what)}\n"
            for way in ways
        )
        yield Piece("ways in", f"**Reachable from the internet**\n\n{''.join(lines)}")
    for payload in stack.payloads:
        name = code(payload_words(payload.name, payload.resource, payload.path))
        yield Piece("payloads", f"**Payload** {name}\n\n{fenced(_clip(payload.diff), 'diff')}")


def linked(reason: Reason) -> str:
    """Return a reason with a link to its page."""
    words = prose(reason.words, 400)
    link = f"[{reason.title}]({reason.page})" if reason.page else ""
    return ": ".join(part for part in (words, link) if part)


def _of_resources(changes: Sequence[ResourceChange], told: frozenset[str]) -> Iterator[Piece]:
    if changes:
        yield Piece("resources", _resources(changes, told))
    details = [(change, detail) for change in changes for detail in _details(change)]
    if details:
        yield Piece("properties", _properties(details, told))
    for change, detail in details:
        if _is_apart(detail):
            yield Piece("long values", _long(f"{change.name}.{detail.path}", detail))


def _of_entries(
    section: str, entries: Sequence[EntryChange], told: frozenset[str]
) -> Iterator[Piece]:
    yield Piece(prose(section.lower()), _entries(section, entries, told))
    for entry in entries:
        for detail in filter(_is_apart, entry.details):
            name = f"{entry.name}.{detail.path}" if detail.path else entry.name
            yield Piece("long values", _long(name, detail))


def _details(change: ResourceChange) -> tuple[Detail, ...]:
    return (*change.properties, *change.attributes)


def _is_apart(detail: Detail) -> bool:
    if detail.payload or is_same(detail):
        return False
    if found := items(detail):
        return any(len(" ".join(side)) > LIST for side in (found.gone, found.new))
    return is_long(detail)


def _resources(changes: Sequence[ResourceChange], told: frozenset[str]) -> str:
    lines = ["|  | resource | type | what happens |", "|---|---|---|---|"]
    for change in changes:
        because = "".join(f"<br>{linked(reason)}" for reason in own_reasons(change, told))
        lines.append(
            f"| `{sign(change)}` | {code(change.name)} | {code(change.type)}"
            f" | {prose(happening(change))}{because} |"
        )
    return "\n".join(lines) + "\n"


def _properties(details: Sequence[tuple[ResourceChange, Detail]], told: frozenset[str]) -> str:
    lines = ["| resource | property | before | after |", "|---|---|---|---|"]
    lines += [f"| {code(change.name)} {_row(detail, told)}" for change, detail in details]
    return "\n".join(lines) + "\n"


def _row(detail: Detail, told: frozenset[str]) -> str:
    words = "; ".join(remarks(detail, told))
    said = f"<br>{prose(words)}" if words else ""
    if detail.payload:
        values = f"see payload | {code(detail.payload)}"
    elif is_same(detail):
        values = f"{_value(detail.after)} | the same text"
    elif (found := items(detail)) and not _is_apart(detail):
        kept = f" {found.kept} more stay" if found.kept else ""
        gone, new = (" ".join(map(code, side)) for side in (found.gone, found.new))
        values = f"{gone}{kept} | {new}"
    else:
        values = f"{_value(detail.before)} | {_value(detail.after)}"
    return f"| {code(detail.path)}{said} | {values} |"


def _value(found: object) -> str:
    return NONE if found is MISSING else code(clipped(value(found)))


def _long(name: str, detail: Detail) -> str:
    diff = fenced(_clip("\n".join(difference(detail))), "diff")
    return f"<details><summary>{folded_code(name)}</summary>\n\n{diff}\n</details>\n"


def _entries(section: str, entries: Sequence[EntryChange], told: frozenset[str]) -> str:
    lines = [f"|  | {prose(section.lower())} | what | before | after |", "|---|---|---|---|---|"]
    for entry in entries:
        words = entry_note(entry)
        note = f"<br>{prose(words)}" if words else ""
        start = f"| `{sign(entry)}` | {code(entry.name)}{note} "
        lines += [start + _row(detail, told) for detail in entry.details] or [f"{start}|  |  |  |"]
    return "\n".join(lines) + "\n"


def _power(power: PowerChange, stack: StackReview) -> str:
    lines = [f"{mark} {words}" for mark, words in grant_lines(power, MOST_ACTIONS)]
    diff = fenced(_clip("\n".join(lines)), "diff") if lines else ""
    words = prose(power_words(power, stack.kind))
    return f"**Permissions** of {code(power.holder)}, {words}\n\n{diff}\n"


def _clip(text: str) -> str:
    """Return a diff's first lines; the last one says how many more there are."""
    lines = clipped_lines(text.rstrip("\n").split("\n"), MOST_WIDE)
    kept = cut_lines(lines[:MOST_LINES], MOST_CHARACTERS)
    if len(kept) < len(lines):
        kept.append(f"  … {counted(len(lines) - len(kept), 'line')} more")
    return "\n".join(kept)
