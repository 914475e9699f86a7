"""Untrusted text in columns: values on one line, clipped lines, known widths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cfngen.cloudformation.values import shown
from cfngen.escaping import (
    escape_controls,
    escape_log_commands,
)

__all__ = [
    "MAX_INLINE",
    "broken",
    "clipped",
    "clipped_lines",
    "columns",
    "cut_digests",
    "folded",
    "one_line_value",
]

MAX_INLINE = 80  # characters of a value that still stand in a row of a table

# What the CDK and SAM call an archive or an image by. A digest of an image (`sha256:`) stays whole.
ASSET = re.compile(r"(?<![0-9A-Za-z])(?<!sha256:)([0-9a-f]{12})[0-9a-f]{52}(?![0-9A-Za-z])")


def one_line_value(value: Any) -> str:
    """Return a resolved value on one line; the digest that an asset is called by is cut off.

    >>> one_line_value("a" * 64 + ".zip")
    'aaaaaaaaaaaa….zip'
    """
    return cut_digests(escape_controls(shown(value))) or '""'


def cut_digests(text: str) -> str:
    """Return a text in which the digests that assets are called by are cut off."""
    return ASSET.sub(r"\1…", text)


def clipped(text: str, max_length: int = MAX_INLINE) -> str:
    """Return a text of at most some length; an ellipsis says that it was longer."""
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def clipped_lines(lines: list[str], max_length: int) -> list[str]:
    """Return lines of a diff of at most some length that still show what differs.

    Of a removed line and the added one that replaces it, the common beginning is left out where
    the difference would be out of sight.
    """
    kept = list(lines)
    for gone, new in _pairs(lines):
        old_text, new_text = lines[gone][1:], lines[new][1:]
        shorter = min(len(old_text), len(new_text))
        same = next((at for at in range(shorter) if old_text[at] != new_text[at]), shorter)
        if same > max_length // 2 and max(len(lines[gone]), len(lines[new])) > max_length:
            for at in (gone, new):
                kept[at] = f"{lines[at][0]}…{lines[at][1 + same - max_length // 4 :]}"
    return [clipped(line, max_length) for line in kept]


def _pairs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of removed lines, each with that of the added line that replaces it."""
    for is_changed, run in groupby(
        enumerate(lines), lambda numbered: numbered[1][:1] in ("-", "+")
    ):
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


def folded(text: str, width: int) -> list[str]:
    """Return a text in lines of some width; only an address may be longer than a line."""
    if columns(text) <= width:
        return [text.lstrip(" ")]
    lines = [""]
    for word in text.split(" "):
        together = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(together) <= width:
            lines[-1] = together
            continue
        pieces = [word] if word.startswith("https://") else broken(word, width)
        if not lines[-1]:
            lines.pop()
        lines += pieces
    return lines


def broken(text: str, width: int) -> list[str]:
    """Return a text in pieces of some width, without regard to its words."""
    if columns(text) <= width:
        return [escape_log_commands(text)]
    pieces = [""]
    used = 0
    for character in text:
        needed = columns(character)
        if used + needed > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += needed
    return [
        escape_log_commands(piece) for piece in pieces
    ]  # where a line begins now, one may begin
