"""Patterns with `*` and `?` as policies have them: whether one matches all that another matches."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from cfngen.cloudformation.text import AnyText, Part, Text, elements, join

ANY_TEXT, ANY_CHARACTER = "*", "?"
SPECIAL = re.compile(r"[*?$]")
Token = Part | Text
SIGNS: dict[Token, str] = {}  # a character of private use for each reference
FIRST_SIGN, MAX_SIGNS = "\U000f0000", 100_000
MAX_STARS = 30  # in one pattern
MAX_LENGTH = 1024  # of a pattern that is looked into; the longest ARN is shorter


def covers(pattern: AnyText, other: AnyText) -> bool:
    """Whether a pattern matches everything that another one matches.

    What is known only at deploy time, and IAM's own variables such as `${aws:username}`, are each
    one unknown text: a `*` matches it, and so does itself. `False` where it cannot be told.

    >>> covers("arn:aws:s3:::logs-*", "arn:aws:s3:::logs-????")
    True
    >>> covers("arn:aws:s3:::logs-?", "arn:aws:s3:::logs-*")
    False
    >>> covers("*", "${aws:username}"), covers("?", "${aws:username}")
    (True, False)
    """
    if pattern in (ANY_TEXT, other):
        return True
    if not other.startswith(_beginning(pattern)):
        return False
    if not wild(pattern) or max(len(pattern), len(other)) > MAX_LENGTH:
        return False
    if sum(token == ANY_TEXT for token in _tokens(pattern)) > MAX_STARS:
        return False
    if len(SIGNS) > MAX_SIGNS:
        SIGNS.clear()
        _signs.cache_clear()
    return _matches(_signs(pattern), _signs(other))


def apart(pattern: AnyText, other: AnyText) -> bool:
    """Whether it is certain that nothing matches both: they begin differently.

    >>> apart("s3:Get*", "s3:Put*"), apart("s3:Get*", "s3:*")
    (True, False)
    """
    for left, right in zip(_tokens(pattern), _tokens(other), strict=False):
        if {left, right} & {ANY_TEXT, ANY_CHARACTER} or not (_plain(left) and _plain(right)):
            return False
        if left != right:
            return True
    return False


@lru_cache(maxsize=20_000)
def _beginning(pattern: AnyText) -> str:
    """Return what everything that a pattern matches begins with, as the pattern has it."""
    return SPECIAL.split(pattern if isinstance(pattern, str) else pattern.beginning, maxsplit=1)[0]


@lru_cache(maxsize=20_000)
def wild(pattern: AnyText) -> bool:
    """Whether a pattern has a `*` or `?` outside of references.

    >>> wild("s3:Get*"), wild("${aws:PrincipalTag/*}")
    (True, False)
    """
    literals = (pattern,) if isinstance(pattern, str) else pattern.literals
    return any(ANY_TEXT in text or ANY_CHARACTER in text for text in literals) and any(
        token in (ANY_TEXT, ANY_CHARACTER) for token in _tokens(pattern)
    )


@lru_cache(maxsize=20_000)
def _tokens(pattern: AnyText) -> tuple[Token, ...]:
    """Cut a pattern into characters, wildcards and references; a `*` goes behind its `?`s."""
    cut: list[Token] = []
    for token in _each(pattern):
        if token == ANY_TEXT and cut[-1:] == [ANY_TEXT]:
            continue
        if token == ANY_CHARACTER and cut[-1:] == [ANY_TEXT]:
            cut.insert(-1, ANY_CHARACTER)
        else:
            cut.append(token)
    return tuple(cut)


def _each(pattern: AnyText) -> Iterator[Token]:
    """Yield characters and references; a variable of IAM, such as `${aws:username}`, is one."""
    parts = list(elements(pattern))
    if "$" not in parts:
        yield from parts
        return
    ends = [place for place, part in enumerate(parts) if part == "}"]
    at = 0
    while at < len(parts):
        end = at + 1
        if parts[at : at + 2] == ["$", "{"] and (after := bisect_left(ends, at)) < len(ends):
            end = ends[after] + 1
        yield join(parts[at:end]) if end > at + 1 else parts[at]
        at = end


def _plain(token: Token) -> bool:
    """Whether a token is one character."""
    return isinstance(token, str) and len(token) == 1


@lru_cache(maxsize=20_000)
def _signs(pattern: AnyText) -> str:
    """Return a pattern in which each reference is one character, the same one everywhere."""
    return "".join(
        token
        if isinstance(token, str) and len(token) == 1 and token < FIRST_SIGN
        else SIGNS.setdefault(token, chr(ord(FIRST_SIGN) + len(SIGNS)))
        for token in _tokens(pattern)
    )


def _matches(pattern: str, text: str) -> bool:
    """Match what stands between two `*` where it first can, which is enough and is quick."""
    first, *rest = pattern.split(ANY_TEXT)
    if not rest:
        return len(first) == len(text) and _find(first, text, 0) == 0
    *inner, last = rest
    if len(first) + len(last) > len(text) or _find(first, text[: len(first)], 0) != 0:
        return False
    at, end = len(first), len(text) - len(last)
    for part in inner:
        start = _find(part, text[:end], at)
        if start < 0:
            return False
        at = start + len(part)
    return at <= end and _find(last, text[end:], 0) == 0


def _find(part: str, text: str, start: int) -> int:
    """Return where a part is in a text, -1 if nowhere; a `?` is one character that is known."""
    if ANY_CHARACTER not in part:
        return text.find(part, start)
    match = re.compile(
        re.escape(part).replace(r"\?", f"[^*{FIRST_SIGN}-\U0010ffff]"), re.DOTALL
    ).search(text, start)
    return match.start() if match else -1
