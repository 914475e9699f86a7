"""What AWS's service models say of one value: pattern, enumeration, least and most.

The models are written for Java, and are meant whole: `[a-z]+` refuses `a1`, although it *finds* a
match in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import regex

# Java writes a character beyond the first 65,536 as two.
PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
# Of Java's, these are of ASCII only; what else begins with a backslash stays as it is.
ASCII = {r"\w": "a-zA-Z0-9_", r"\d": "0-9"}
# A hyphen behind one of them is itself, not a range.
TOKEN = re.compile(r"(?P<ascii>\\[wd])(?P<hyphen>-?)|\\.|[\[\]]", re.DOTALL)
SHOWN = 100  # characters of a value that a message quotes


class UnreadablePatternError(ValueError):
    """A pattern that the engine does not read: it must be listed, not skipped."""


def beyond(value: str, limits: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield which limits a text breaks, and how: `("length", "has 101 characters, more than 100")`.

    Args:
        value: the text.
        limits: any of `min`, `max` (characters), `pattern` and `enum`, as in a service model.

    Raises:
        UnreadablePatternError: the pattern is not of the engine's language.
    """
    yield from (("length", problem) for problem in beyond_size(len(value), limits, "characters"))
    if limits.get("enum") and value not in limits["enum"]:
        yield "enum", f"is {value[:SHOWN]!r}, none of {', '.join(limits['enum'])}"
    pattern = limits.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield "pattern", f"is {value[:SHOWN]!r}, which does not match {pattern} as a whole"


def beyond_size(size: int, limits: dict[str, Any], unit: str) -> Iterator[str]:
    """Yield how a number of characters, items or bytes is too small or too large."""
    if size < limits.get("min", 0):
        yield f"has {size:,} {unit}, fewer than {limits['min']:,}"
    if size > limits.get("max", size):
        yield f"has {size:,} {unit}, more than {limits['max']:,}"


def beyond_range(number: float, limits: dict[str, Any]) -> Iterator[str]:
    """Yield how a number is too small or too large."""
    minimum, maximum = limits.get("min", number), limits.get("max", number)
    if not minimum <= number <= maximum:
        yield f"is {number:,}, not from {minimum:,} to {maximum:,}"


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    r"""Return a pattern of Java's, which knows `\p{Alpha}` and possessive quantifiers, compiled.

    Raises:
        UnreadablePatternError: it cannot be.
    """
    import regex  # here, since few templates have a value whose pattern matters

    text = _ascii(pattern.replace(*PAIRS))
    try:
        return regex.compile(text, regex.VERSION1 if "&&" in text else regex.VERSION0)
    except regex.error as error:
        raise UnreadablePatternError(f"{pattern}: {error}") from None


def _ascii(pattern: str) -> str:
    r"""Return a pattern whose `\w` and `\d` are of ASCII, within a class of characters or not."""
    depth = 0

    def translated(match: re.Match[str]) -> str:
        nonlocal depth
        if letters := ASCII.get(match["ascii"] or ""):
            hyphen = match["hyphen"]
            return letters + hyphen.replace("-", r"\-") if depth else f"[{letters}]{hyphen}"
        depth = max(0, depth + {"[": 1, "]": -1}.get(match.group(), 0))
        return match.group()

    return TOKEN.sub(translated, pattern)
