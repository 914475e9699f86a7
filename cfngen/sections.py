"""A template in pieces that are read when they are asked for.

A review of a hundred stacks would spend its time in reading YAML, most of it equal on both sides.
So the section `Resources` is cut where a line of two blanks begins the next resource, and a piece
is read once, however many templates have it. Where a text is not cut as a whole parser would cut
it, it is read as a whole; see `_pieces`.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import yaml

from cfngen.errors import RenderError
from cfngen.loops import has_loops, unrolled
from cfngen.read import check_size, read

KEY = re.compile(r"  ([A-Za-z0-9]+): *\Z")
# YAML's own line breaks that are none to us, and a byte order mark.
STRANGE = re.compile("[\r\x85\u2028\u2029\ufeff\0]")


@dataclass(frozen=True)
class Piece:
    """One resource as text; `line` is where its name stands, counted from 1, 0 if unknown yet."""

    name: str
    line: int
    text: str = field(repr=False)
    whole: Any = field(default=None, repr=False)

    @cached_property
    def body(self) -> Any:
        """The resource as plain data."""
        return _read(self.text)[self.name] if self.text else self.whole

    @cached_property
    def written(self) -> str:
        """The resource as JSON, where it is not cut out of the text."""
        return json.dumps(self.body, default=str)


class Sections:
    """A template, its resources read one by one."""

    def __init__(self, text: str) -> None:
        """Cut a template's text.

        Raises:
            RenderError: the text is no template: not YAML, or no mapping with `Resources`.
        """
        self.text = text.replace("\r\n", "\n")
        cut = _pieces(self.text)
        if cut and has_loops(self.text, cut[1].get("Transform")):
            cut = None  # loops are unrolled in the whole
        self._rest: dict[str, Any]
        self._made: dict[tuple[str, str], tuple[str | int, ...]] = {}
        if cut is None:
            body = _whole(self.text)
            if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
                raise RenderError("no template: it has no mapping `Resources`")
            body, self._made = unrolled(body)
            self.resources = {
                str(name): Piece(str(name), 0, "", whole)
                for name, whole in body["Resources"].items()
            }
            self._rest = body
        else:
            self.resources, self._rest = cut

    def section(self, name: str) -> dict[str, Any]:
        """Return a section such as `Parameters`; empty if there is none."""
        found = self._rest.get(name)
        return found if isinstance(found, dict) else {}

    def value(self, name: str) -> Any:
        """Return a section that is no mapping, such as `Transform`."""
        return self._rest.get(name)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The whole template as plain data."""
        return self._rest | {"Resources": {n: p.body for n, p in self.resources.items()}}

    def line(self, section: str, name: str = "", path: tuple[str | int, ...] = ()) -> int:
        """Return the line on which a thing, or the nearest thing around it, begins; 1 if none."""
        if section == "Resources" and not path and name in self.resources:
            known = self.resources[name].line
            if known:
                return known
        lines, before = self._lines_around(section, name)
        written = self._made.get((section, name), (name,) if name else ())
        keys: tuple[str | int, ...] = (section, *written, *path)
        while keys and keys not in lines:
            keys = keys[:-1]
        return lines.get(keys, 1 - before) + before

    def _lines_around(
        self, section: str, name: str
    ) -> tuple[dict[tuple[str | int, ...], int], int]:
        """Return lines by path, and how many to add: only a piece is read, where there is one."""
        piece = self.resources.get(name) if section == "Resources" else None
        if piece is None or not piece.text:
            return self._lines, 0
        return _lines(piece.text, ("Resources",)), piece.line - 1

    @cached_property
    def _lines(self) -> dict[tuple[str | int, ...], int]:
        return _lines(self.text)


def _pieces(text: str) -> tuple[dict[str, Piece], dict[str, Any]] | None:
    """Cut a text, or return `None` if a parser might see other resources in it than we do.

    Each piece is YAML by itself, so no quote, bracket or alias reaches from one into the next; a
    block of text ends where a line is indented less; and the rest has `Resources` with nothing in
    it. A template made to look otherwise than it deploys is therefore read as a whole.
    """
    if STRANGE.search(text) or text.count("\nResources:\n") != 1:
        return None
    before, _, after = text.partition("\nResources:\n")
    lines = after.split("\n")
    end = next((i for i, line in enumerate(lines) if line[:1] not in ("", " ")), len(lines))
    starts = _starts(lines[:end])
    first = before.count("\n") + 3  # the line after `Resources:`
    pieces: dict[str, Piece] = {}
    for (name, start), (_, stop) in zip(starts, [*starts[1:], ("", end)], strict=False):
        last = stop
        while last > start + 1 and _between(lines[last - 1]):
            last -= 1
        pieces[name] = Piece(name, first + start, "\n".join(lines[start:last]) + "\n")
    if not starts or len(pieces) < len(starts) or not all(map(_between, lines[: starts[0][1]])):
        return None
    try:
        rest = _read(_uncommented("\n".join((before, "Resources:", *lines[end:]))))
        alone = all(list(_read(piece.text)) == [piece.name] for piece in pieces.values())
    except RenderError:
        return None
    whole = isinstance(rest, dict) and "Resources" in rest and rest["Resources"] is None
    return (pieces, rest) if alone and whole else None


def _uncommented(text: str) -> str:
    """Return a text without the comment it begins with: ours has a seal, which always changes."""
    return text.partition("\n")[2] if text[:1] == "#" else text


def _starts(lines: list[str]) -> list[tuple[str, int]]:
    """Return where each resource begins; none if a line could be something else."""
    starts: list[tuple[str, int]] = []
    for number, line in enumerate(lines):
        if line[:4].strip(" ") == "" or line[:3] == "  #":
            continue
        found = KEY.match(line)
        if not found:
            return []
        starts.append((found[1], number))
    return starts


def _between(line: str) -> bool:
    """Whether a line belongs to no resource."""
    return not line.strip() or line[:3] == "  #"


def _whole(text: str) -> Any:
    """Return a template as plain data; JSON by a parser of its own, ten times as fast."""
    if text.lstrip()[:1] == "{":
        try:
            found = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            pass  # YAML in braces, or a mistake: YAML's parser says where
        else:
            check_size(found)
            return found
    return read(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


@lru_cache(maxsize=50_000)
def _read(text: str) -> Any:
    found = read(text)
    return found if isinstance(found, dict) else {}


def _lines(text: str, start: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], int]:
    """Return the line of every key and item, by its path."""
    found: dict[tuple[str | int, ...], int] = {}

    def walk(node: yaml.Node | None, path: tuple[str | int, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    at = (*path, key.value)
                    found.setdefault(at, key.start_mark.line + 1)
                    walk(value, at)
        elif isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                found[*path, number] = item.start_mark.line + 1
                walk(item, (*path, number))

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with suppress(yaml.YAMLError):  # of JSON that is no YAML, such as half a surrogate pair
        walk(yaml.compose(text, Loader=loader), start)
    return found
