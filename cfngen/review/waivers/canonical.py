"""One text for equal values, and its digest: the same on every machine and Python."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from typing import Any

# Two changes with one digest cost their author 2^64 tries at 128 bits; at 64 it would be 2^32,
# which an attacker who gets a harmless one approved has.
DIGITS = 32
# What a person reads or an editor jumps to, and no fact that a waiver or an approval is about.
NO_FACTS = frozenset((
    "message", "note", "notes", "reason", "reasons", "line", "origin", "nearest_head_line", "side",
    "file", "waiver", "construct",
))  # fmt: skip


def digest(value: Any) -> str:
    """Return the digest of a value; sentences and lines in values of the model do not count.

    >>> digest({"a": 1, "b": [True]}) == digest({"b": [True], "a": 1})
    True
    >>> digest("1") == digest(1)
    False
    """
    text = json.dumps(_plain(value), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, each kind of value in a form that no other has."""
    if isinstance(value, enum.Enum):
        return [type(value).__name__, value.value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return [type(value).__name__, repr(value)]
    if isinstance(value, dict):
        pairs = ((json.dumps(_plain(key)), _plain(item)) for key, item in value.items())
        return {"map": sorted(pairs, key=lambda pair: pair[0])}
    if isinstance(value, list | tuple):
        return {"list": [_plain(item) for item in value]}
    if isinstance(value, set | frozenset):
        return {"set": sorted(json.dumps(_plain(item)) for item in value)}
    if dataclasses.is_dataclass(value):
        return {"type": type(value).__name__, "fields": _fields(value)}
    return [type(value).__name__, str(value)]  # a date, or the value that is not there


def _fields(value: Any) -> list[Any]:
    """Return the facts of a value of the model by name.

    A field with its default is left out, so that one that a later version of cfngen adds changes
    no digest until it says something.
    """
    return [
        [field.name, _plain(item)]
        for field in sorted(dataclasses.fields(value), key=lambda field: field.name)
        if field.name not in NO_FACTS
        and not (
            type(item := getattr(value, field.name)) is type(field.default)
            and item == field.default
        )
    ]
