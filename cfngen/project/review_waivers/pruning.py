"""Takes entries out of a TOML file; every other byte of it stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from typing import Any

from cfngen.errors import CfngenError
from cfngen.project.review_waivers.reading import table_of

# What a line may begin or end inside of: nothing, or a text of several lines.
QUOTED = re.compile(
    r"""
    (?P<long>\"{3}(?:[^\\]|\\.)*?\"{3,5}|'{3}.*?'{3,5})
    | \"(?:[^\"\\\n]|\\.)*\" | '[^'\n]*' | \#[^\n]*
    """,
    re.VERBOSE | re.DOTALL,
)
LINE = re.compile(r"[^\n]*\n|[^\n]+")
HEADER = re.compile(r"[ \t]*\[.*")
COMMENT = re.compile(r"[ \t]*#")
ARRAY = re.compile(r"[ \t]*\[\[([^\]]*)\]\]")


def without(text: str, keys: tuple[str, ...], numbers: Collection[int]) -> str:
    """Return a TOML text without some entries of a list of tables.

    An entry goes with the comments right above it and those inside of it. What is above the next
    entry belongs to that one.

    Args:
        text: the file.
        keys: where the list is.
        numbers: which of its entries go, from 0.

    Raises:
        CfngenError: the entries are not written as tables of their own, or nobody can be sure that
            the rest means the same without them.
    """
    lines = LINE.findall(text)
    starts = list(_headers(text, lines))
    ends = [*(start for start, _ in starts), len(lines)][1:]
    spans = [
        (start, end)
        for (start, header), end in zip(starts, ends, strict=True)
        if _names(header) == keys
    ]
    gone = {line for number, span in enumerate(spans) if number in numbers for line in range(*span)}
    result = "".join(line for number, line in enumerate(lines) if number not in gone)
    if not _is_rest(text, result, keys, numbers):
        names = ", ".join(str(number) for number in sorted(numbers))
        raise CfngenError(
            f"{'.'.join(keys)}: not written as tables of their own; take out by hand the entries"
            f" {names} (from 0)"
        )
    return result


def _headers(text: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each table of a file: the line where it or the comments above begin, and its header."""
    inside = _lines_inside(text)
    start = 0
    for number, line in enumerate(lines):
        if number in inside or not HEADER.match(line) or not _is_header(line):
            continue
        first = number
        while first > start and first - 1 not in inside and COMMENT.match(lines[first - 1]):
            first -= 1
        yield first, line
        start = number + 1


def _is_header(line: str) -> bool:
    """Whether a line is a table's header, and not a part of a list over several lines."""
    try:
        tomllib.loads(line.strip() + "\n")
    except ValueError:
        return False
    return True


def _lines_inside(text: str) -> set[int]:
    """Return the lines that begin inside of a text of several lines."""
    inside: set[int] = set()
    line = end = 0
    for match in QUOTED.finditer(text):
        if match["long"]:
            line += text.count("\n", end, match.start())
            inside.update(range(line + 1, line + 1 + match[0].count("\n")))
            line += match[0].count("\n")
            end = match.end()
    return inside


def _names(header: str) -> tuple[str, ...]:
    """Return the keys of the header of a list of tables; nothing for another header."""
    if not ARRAY.match(header):
        return ()
    names: list[str] = []
    node: Any = tomllib.loads(header.strip() + "\n")
    while isinstance(node, dict) and node:
        name, node = next(iter(node.items()))
        names.append(name)
    return tuple(names)


def _is_rest(text: str, result: str, keys: tuple[str, ...], numbers: Collection[int]) -> bool:
    """Whether a text has just what another has, without some entries."""
    try:
        expected, rest = (tomllib.loads(t.replace("\r\n", "\n")) for t in (text, result))
    except ValueError:
        return False
    entries = table_of(expected, keys)
    if not isinstance(entries, list):
        return False
    kept = [entry for number, entry in enumerate(entries) if number not in numbers]
    if (table_of(rest, keys) or []) != kept:
        return False
    return _emptied(expected, keys) == _emptied(rest, keys)


def _emptied(document: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a document without a list, and without the tables that only led to it."""
    first, *others = keys
    if first not in document:
        return document
    rest = {key: value for key, value in document.items() if key != first}
    inner = _emptied(document[first], tuple(others)) if others else {}
    return {**rest, first: inner} if inner else rest
