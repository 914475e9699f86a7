"""Counts with their nouns, for messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "stack"), counted(2, "stack"), counted(2, "policy"), counted(0, "property")
    ('1 stack', '2 stacks', '2 policies', '0 properties')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith(("cy", "ty")) else f"{number} {noun}s"
