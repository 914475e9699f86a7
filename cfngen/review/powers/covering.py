"""Patterns with `*` and `?` as policies have them: whether one matches all that another matches."""

from __future__ import annotations

from functools import lru_cache

from cfngen.values import CLOSE, OPEN

MANY, ONE = "*", "?"
LONGEST = 1024  # of a pattern that is looked into; the longest ARN is shorter


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern matches everything that another one matches.

    What is known only at deploy time, and IAM's own variables such as `${aws:username}`, are each
    one unknown text: a `*` matches it, and so does itself. `False` where it cannot be told.
    """
    if pattern in (MANY, other):
        return True
    if not wild(pattern) or max(len(pattern), len(other)) > LONGEST:
        return False
    return _matches(_tokens(pattern), _tokens(other))


def apart(pattern: str, other: str) -> bool:
    """Whether it is certain that nothing matches both: they begin differently."""
    for one, two in zip(_tokens(pattern), _tokens(other), strict=False):
        if one in (MANY, ONE) or two in (MANY, ONE) or len(one) > 1 or len(two) > 1:
            return False
        if one != two:
            return True
    return False


def wild(pattern: str) -> bool:
    """Whether a pattern has a `*` or `?` outside of references."""
    return (MANY in pattern or ONE in pattern) and any(
        token in (MANY, ONE) for token in _tokens(pattern)
    )


@lru_cache(maxsize=20_000)
def _tokens(pattern: str) -> tuple[str, ...]:
    """Cut a pattern into characters, wildcards and references; a `*` goes behind its `?`s."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        end = _end(pattern, at)
        token = pattern[at:end]
        if token == MANY and found[-1:] == [MANY]:
            token = ""
        elif token == ONE and found[-1:] == [MANY]:
            found.insert(-1, ONE)
            token = ""
        if token:
            found.append(token)
        at = end
    return tuple(found)


def _end(pattern: str, start: int) -> int:
    """Return where the character or reference that begins here ends."""
    if pattern[start] == OPEN:
        depth = 0
        for at in range(start, len(pattern)):
            depth += (pattern[at] == OPEN) - (pattern[at] == CLOSE)
            if depth == 0:
                return at + 1
        return len(pattern)
    if pattern.startswith("${", start):
        return pattern.find("}", start) + 1 or start + 1
    return start + 1


def _matches(pattern: tuple[str, ...], text: tuple[str, ...]) -> bool:
    """Match, going back to the last `*` only, which is enough and never takes long."""
    at = place = mark = 0
    star = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == MANY:
            star, mark = at, place
            at += 1
        elif at < len(pattern) and _same(pattern[at], text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = star + 1, mark
        else:
            return False
    return all(token == MANY for token in pattern[at:])


def _same(token: str, other: str) -> bool:
    """Whether a token that is no `*` matches another; a `*` in the text needs one to match it."""
    return token == other or (token == ONE and len(other) == 1 and other != MANY)
