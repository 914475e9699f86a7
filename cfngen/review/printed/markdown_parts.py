"""The details of one template in markdown, in pieces that can be dropped one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.review.model import (
    MISSING,
    Detail,
    EntryChange,
    PowerChange,
    ResourceChange,
    StackReview,
)
from cfngen.review.printed.escaped import code, cut_lines, fenced, folded_code, prose
from cfngen.review.printed.phrases import (
    clipped,
    counted,
    detail_remarks,
    difference,
    entries_by_section,
    grant_words,
    happening,
    is_long,
    is_same,
    own_because,
    power_words,
    sign,
    value,
)

MOST_LINES, MOST_CHARACTERS, MOST_WIDE = 400, 20_000, 2_000  # of one diff and its lines
MOST_ACTIONS = 12  # of one grant


@dataclass(frozen=True)
class Piece:
    """A part of a template's details: what it is called, and its markdown."""

    name: str
    text: str


def pieces(stack: StackReview) -> Iterator[Piece]:
    """Yield the details of a template, from the general to the particular."""
    if stack.notes:
        yield Piece("notes", "".join(f"- {prose(note)}\n" for note in stack.notes))
    yield from _of_resources(stack.resources)
    for section, entries in entries_by_section(stack):
        yield from _of_entries(section, entries)
    if stack.powers:
        yield Piece("powers", "".join(map(_power, stack.powers)))
    if stack.exposures:
        told = (
            f"- {'opened' if e.opened else 'closed'}: {code(e.resource)} {prose(e.what)}\n"
            for e in stack.exposures
        )
        yield Piece("ways in", f"**Reachable from the internet**\n\n{''.join(told)}")
    for payload in stack.payloads:
        place = f"{code(payload.name)} in {code(payload.resource)} {code(payload.path)}"
        yield Piece("payloads", f"**Payload** {place}\n\n{fenced(_clip(payload.diff), 'diff')}")


def _of_resources(changes: Sequence[ResourceChange]) -> Iterator[Piece]:
    if changes:
        yield Piece("resources", _resources(changes))
    details = [(change, detail) for change in changes for detail in _details(change)]
    if details:
        yield Piece("properties", _properties(details))
    for change, detail in details:
        if _is_apart(detail):
            yield Piece("long values", _long(f"{change.name}.{detail.path}", detail))


def _of_entries(section: str, entries: Sequence[EntryChange]) -> Iterator[Piece]:
    yield Piece(prose(section.lower()), _entries(section, entries))
    for entry in entries:
        for detail in filter(_is_apart, entry.details):
            name = f"{entry.name}.{detail.path}" if detail.path else entry.name
            yield Piece("long values", _long(name, detail))


def _details(change: ResourceChange) -> tuple[Detail, ...]:
    return (*change.properties, *change.attributes)


def _is_apart(detail: Detail) -> bool:
    return not detail.payload and is_long(detail) and not is_same(detail)


def _resources(changes: Sequence[ResourceChange]) -> str:
    lines = ["|  | resource | type | what happens |", "|---|---|---|---|"]
    for change in changes:
        because = "".join(f"<br>{prose(why)}" for why in own_because(change))
        lines.append(
            f"| `{sign(change)}` | {code(change.name)} | {code(change.type)}"
            f" | {prose(happening(change))}{because} |"
        )
    return "\n".join(lines) + "\n"


def _properties(details: Sequence[tuple[ResourceChange, Detail]]) -> str:
    lines = ["| resource | property | before | after |", "|---|---|---|---|"]
    lines += [f"| {code(change.name)} {_row(detail)}" for change, detail in details]
    return "\n".join(lines) + "\n"


def _row(detail: Detail) -> str:
    said = detail_remarks(detail)
    remarks = f"<br>{prose(said)}" if said else ""
    if detail.payload:
        values = f"see payload {code(detail.payload)} | "
    else:
        values = f"{_value(detail.before)} | {_value(detail.after)}"
    return f"| {code(detail.path)}{remarks} | {values} |"


def _value(found: object) -> str:
    return "" if found is MISSING else code(clipped(value(found)))


def _long(name: str, detail: Detail) -> str:
    diff = fenced(_clip("\n".join(difference(detail))), "diff")
    return f"<details><summary>{folded_code(name)}</summary>\n\n{diff}\n</details>\n"


def _entries(section: str, entries: Sequence[EntryChange]) -> str:
    lines = [f"|  | {prose(section.lower())} | what | before | after |", "|---|---|---|---|---|"]
    for entry in entries:
        note = f"<br>{prose(entry.note)}" if entry.note else ""
        start = f"| `{sign(entry)}` | {code(entry.name)}{note} "
        lines += [start + _row(detail) for detail in entry.details] or [f"{start}|  |  |  |"]
    return "\n".join(lines) + "\n"


def _power(power: PowerChange) -> str:
    lines = [
        f"{mark} {grant_words(grant, MOST_ACTIONS)}"
        for mark, grants in (("+", power.gained), ("-", power.lost))
        for grant in grants
    ]
    diff = fenced(_clip("\n".join(lines)), "diff") if lines else ""
    return f"**Powers** of {code(power.holder)}, {prose(power_words(power))}\n\n{diff}\n"


def _clip(text: str) -> str:
    """Return a diff's first lines; the last one says how many more there are."""
    lines = [clipped(line, MOST_WIDE) for line in text.rstrip("\n").split("\n")]
    kept = cut_lines(lines[:MOST_LINES], MOST_CHARACTERS)
    if len(kept) < len(lines):
        kept.append(f"  … {counted(len(lines) - len(kept), 'line')} more")
    return "\n".join(kept)
