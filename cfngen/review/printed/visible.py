"""Text of strangers made safe to look at: control characters are spelled out, widths are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cfngen.values import shown

# What a terminal obeys, what turns text around, what is not seen, and what UTF-8 cannot hold.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
LONG = 80  # characters of a value that still stand in a row of a table


def visible(text: str) -> str:
    """Return a text on one line in which nothing is hidden: control characters are spelled out."""
    return visible_line(text.replace("\n", "⏎").replace("\t", "⇥"))


def visible_line(text: str) -> str:
    """Return a line in which control characters are spelled out, save tabs."""
    return UNSEEN.sub(lambda match: match[0].encode("unicode-escape").decode("ascii"), text)


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, such as a diff, each one visible."""
    return [visible_line(line) for line in text.rstrip("\n").split("\n")]


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
        lines = [*([*lines] if lines[-1] else lines[:-1]), *pieces]
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
    return pieces
