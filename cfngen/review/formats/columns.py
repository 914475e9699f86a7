"""Text of strangers in columns: values on one line, lines that are cut, widths that are known."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cfngen.cloudformation.values import shown
from cfngen.escaping import UNSEEN, visible, visible_line, visible_lines, without_orders

__all__ = [
    "LONG",
    "UNSEEN",
    "broken",
    "clipped",
    "clipped_lines",
    "columns",
    "folded",
    "value",
    "visible",
    "visible_line",
    "visible_lines",
]

LONG = 80  # characters of a value that still stand in a row of a table


def value(found: Any) -> str:
    """Return a resolved value on one line."""
    return visible(shown(found)) or '""'


def clipped(text: str, room: int = LONG) -> str:
    """Return a text that is no longer than there is room; an ellipsis says that there is more."""
    return text if len(text) <= room else text[: room - 1] + "…"


def clipped_lines(lines: list[str], room: int) -> list[str]:
    """Return lines of a diff that are no longer than there is room, and still show what differs.

    Of a line that is taken away and the one that comes for it, what both begin with is left out
    where the difference would be out of sight.
    """
    kept = list(lines)
    for gone, new in _pairs(lines):
        old, its = lines[gone][1:], lines[new][1:]
        shorter = min(len(old), len(its))
        same = next((at for at in range(shorter) if old[at] != its[at]), shorter)
        if same > room // 2 and max(len(lines[gone]), len(lines[new])) > room:
            for at in (gone, new):
                kept[at] = f"{lines[at][0]}…{lines[at][1 + same - room // 4 :]}"
    return [clipped(line, room) for line in kept]


def _pairs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of lines that are taken away, each with that of what comes for it."""
    for is_changed, run in groupby(enumerate(lines), lambda one: one[1][:1] in ("-", "+")):
        places = [at for at, _ in run] if is_changed else []
        gone = [at for at in places if lines[at][0] == "-"]
        yield from zip(gone, (at for at in places if lines[at][0] == "+"), strict=False)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def folded(text: str, room: int) -> list[str]:
    """Return a text in lines of so many columns; only an address is longer than a line."""
    lines = [""]
    for word in text.split(" "):
        together = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(together) <= room:
            lines[-1] = together
            continue
        pieces = [word] if word.startswith("https://") else broken(word, room)
        if not lines[-1]:
            lines.pop()
        lines += pieces
    return lines


def broken(text: str, room: int) -> list[str]:
    """Return a text without spaces, or one whose spaces matter, in pieces of so many columns."""
    pieces = [""]
    wide = 0
    for character in text:
        own = columns(character)
        if wide + own > room and pieces[-1]:
            pieces.append("")
            wide = 0
        pieces[-1] += character
        wide += own
    return [without_orders(piece) for piece in pieces]  # where a line begins now, one may begin
