"""Both values of what changed, side by side, as items of a list, or as lines of a diff."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, readable, shown
from cfngen.review.formats.columns import LONG, value, visible, visible_lines
from cfngen.review.model import MISSING, Detail

INDENT = "  "
NONE = "(none)"


@dataclass(frozen=True)
class Items:
    """What went from a list and what came to it, each on one line; how many stayed."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    kept: int


def side(found: Any) -> str:
    """Return one side of a change on one line; `(none)` where there is nothing."""
    return NONE if found is MISSING else value(found)


def is_same(detail: Detail) -> bool:
    """Whether the value is the same on both sides, and only what it refers to is not."""
    return detail.before is not MISSING and detail.before == detail.after


def is_long(detail: Detail) -> bool:
    """Whether the values of a detail need lines of their own."""
    return any(
        len(shown(found)) > LONG or (isinstance(found, str) and "\n" in found)
        for found in (detail.before, detail.after)
        if found is not MISSING
    )


def items(detail: Detail) -> Items | None:
    """Return what came to a list of plain values and went from it; nothing if it is no such list.

    One value that stands for a list of one is such a list, too.
    """
    sides = (detail.before, detail.after)
    if MISSING in sides or not any(isinstance(found, list) for found in sides):
        return None
    before, after = ([*found] if isinstance(found, list) else [found] for found in sides)
    if any(isinstance(item, dict | list) for item in (*before, *after)):
        return None
    old, new = (Counter(map(canonical, found)) for found in (before, after))
    gone, come = _left(before, new), _left(after, old)
    if not gone and not come:  # only their order is different
        return None
    return Items(tuple(map(value, gone)), tuple(map(value, come)), len(before) - len(gone))


def _left(found: list[Any], other: Counter[str]) -> list[Any]:
    there = Counter(other)
    left = []
    for item in found:
        key = canonical(item)
        there[key] -= 1
        if there[key] < 0:
            left.append(item)
    return left


def difference(detail: Detail) -> list[str]:
    """Return both values of a detail as a unified diff without its header, visible."""
    before, after = (list(_lines(found)) for found in (detail.before, detail.after))
    diff = difflib.unified_diff(before, after, lineterm="", n=2)
    # Without its first two lines, which name the files, and where in them it is.
    found = [line for line in list(diff)[2:] if not line.startswith("@@ ")]
    return [f"{line[0]} {line[1:]}" for line in found] or [f"  {line}" for line in after]


def _lines(found: Any, start: str = "") -> Iterator[str]:
    """Yield a value in lines much as YAML has them: a comma at their ends would be a difference."""
    if found is MISSING:
        return
    if not (isinstance(found, dict | list) and found):
        yield from _text(found, start)
        return
    pairs: list[tuple[str, Any]]
    if isinstance(found, dict):
        pairs = [(f"{visible(str(key))}:", item) for key, item in found.items()]
    else:
        pairs = [("-", item) for item in found]
    for head, item in pairs:
        if isinstance(item, dict | list) and item:
            inner = list(_lines(item))
            if head == "-":  # the first of it beside the dash
                yield f"{start}- {inner[0]}"
                yield from (f"{start}{INDENT}{line}" for line in inner[1:])
            else:
                yield f"{start}{head}"
                yield from (f"{start}{INDENT}{line}" for line in inner)
        elif isinstance(item, str) and "\n" in item:
            yield f"{start}{head} |"
            yield from _text(item, start + INDENT)
        else:
            yield f"{start}{head} {value(readable(item))}"


def _text(found: Any, start: str) -> Iterator[str]:
    yield from (f"{start}{line}" for line in visible_lines(shown(found)))
