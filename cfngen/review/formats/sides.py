"""Both values of a change: side by side, as list items, or as a diff."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import canonical, readable, shown
from cfngen.escaping import escape_controls, escape_lines
from cfngen.review.formats.columns import MAX_INLINE, cut_digests, one_line_value
from cfngen.review.model import MISSING, Detail

INDENT = "  "
NONE = "(none)"


@dataclass(frozen=True)
class Items:
    """The items removed from a list and added to it, each on one line; how many are unchanged."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    kept: int


def is_same(detail: Detail) -> bool:
    """Whether the value is the same on both sides, and only what it refers to differs."""
    return detail.before is not MISSING and detail.before == detail.after


def is_long(detail: Detail) -> bool:
    """Whether the values of a detail need lines of their own."""
    return any(
        len(shown(value)) > MAX_INLINE or (isinstance(value, AnyText) and "\n" in shown(value))
        for value in (detail.before, detail.after)
        if value is not MISSING
    )


def items(detail: Detail) -> Items | None:
    """Return the items added to and removed from a list of plain values; `None` for other values.

    A single value in place of a list counts as a list of one.
    """
    sides = (detail.before, detail.after)
    if MISSING in sides or not any(isinstance(value, list) for value in sides):
        return None
    before, after = ([*value] if isinstance(value, list) else [value] for value in sides)
    if any(isinstance(item, dict | list) for item in (*before, *after)):
        return None
    old, new = (Counter(map(canonical, value)) for value in (before, after))
    gone, come = _left(before, new), _left(after, old)
    if not gone and not come:  # only their order is different
        return None
    return Items(
        tuple(map(one_line_value, gone)), tuple(map(one_line_value, come)), len(before) - len(gone)
    )


def _left(items: list[Any], other: Counter[str]) -> list[Any]:
    there = Counter(other)
    left = []
    for item in items:
        key = canonical(item)
        there[key] -= 1
        if there[key] < 0:
            left.append(item)
    return left


def difference(detail: Detail) -> list[str]:
    """Return both values of a detail as a unified diff without its header, visible."""
    before, after = (list(_lines(lines)) for lines in (detail.before, detail.after))
    diff = difflib.unified_diff(before, after, lineterm="", n=2)
    # Without its first two lines, which name the files, and where in them it is.
    lines = [line for line in list(diff)[2:] if not line.startswith("@@ ")]
    return [f"{line[0]} {line[1:]}" for line in lines] or [f"  {line}" for line in after]


def _lines(value: Any, start: str = "") -> Iterator[str]:
    """Yield a value in lines much as YAML has them: a comma at their ends would be a difference."""
    if value is MISSING:
        return
    if not (isinstance(value, dict | list) and value):
        yield from _text(value, start)
        return
    pairs: list[tuple[str, Any]]
    if isinstance(value, dict):
        pairs = [(f"{escape_controls(str(key))}:", item) for key, item in value.items()]
    else:
        pairs = [("-", item) for item in value]
    for head, item in pairs:
        if isinstance(item, dict | list) and item:
            inner = list(_lines(item))
            if head == "-":  # the first of it beside the dash
                yield f"{start}- {inner[0]}"
                yield from (f"{start}{INDENT}{line}" for line in inner[1:])
            else:
                yield f"{start}{head}"
                yield from (f"{start}{INDENT}{line}" for line in inner)
        elif isinstance(item, AnyText) and "\n" in shown(item):
            yield f"{start}{head} |"
            yield from _text(item, start + INDENT)
        else:
            yield f"{start}{head} {one_line_value(readable(item))}"


def _text(value: Any, start: str) -> Iterator[str]:
    yield from (f"{start}{cut_digests(line)}" for line in escape_lines(shown(value)))
