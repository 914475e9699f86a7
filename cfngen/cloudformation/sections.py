"""A template cut into pieces that are parsed on demand.

A review of a hundred stacks would spend its time in reading YAML, most of it equal on both sides.
So the section `Resources` is cut where a line indented by two spaces begins the next resource, and
a piece is parsed once, however many templates have it. Where a text is not cut as a whole parser
would cut it, it is parsed as a whole; see `_pieces`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import yaml

from cfngen.cloudformation.loops import has_loops, unrolled
from cfngen.cloudformation.read import check_size, read
from cfngen.errors import RenderError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEY = re.compile(r"  ([A-Za-z0-9]+): *\Z")
HEADER = re.compile(r"(?:^|[\s-])\|[0-9+-]{0,2}\s*(?:#.*)?\Z")  # of a text as a block
# Where things are written that stand elsewhere: the keys that lead there, by section and name.
WrittenAt = dict[tuple[str, str], tuple[str | int, ...]]
# YAML's own line breaks that are none to us, and a byte order mark.
STRANGE = "\r\x85\u2028\u2029\ufeff\0"
# A block of text that keeps the empty lines behind it.
KEEPS = re.compile(r"[|>][1-9]?\+[1-9]?[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """One resource as text; `line` is that of its name, counted from 1, 0 if not known yet."""

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
        """The resource as JSON, where it was not cut out of the text."""
        return json.dumps(self.body, default=str)


class Sections:
    """A template whose resources are parsed one by one."""

    def __init__(
        self, text: str, written: Callable[[Any], tuple[Any, WrittenAt]] | None = None
    ) -> None:
        """Cut a template's text.

        Args:
            text: the template.
            written: makes another of the template as plain data, such as one with the files in it
                that it includes; with it comes where things are written that have another place.

        Raises:
            RenderError: the text is no template: not YAML, or no mapping with `Resources`.
        """
        self.text = text.replace("\r\n", "\n")
        self.rewritten = written is not None
        self.absent: frozenset[str] = frozenset()  # resources that `without` has left out
        cut = None if written else _pieces(self.text)
        if cut and has_loops(self.text, cut[1].get("Transform")):
            cut = None  # loops are unrolled in the whole
        self._rest: dict[str, Any]
        self._written_at: WrittenAt = {}
        if cut is None:
            body = _whole(self.text)
            if written:
                body, self._written_at = written(body)
            if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
                raise RenderError("no template: it has no mapping `Resources`")
            body, written_at = unrolled(body)
            self._written_at |= written_at
            self.resources = {
                str(name): Piece(str(name), 0, "", whole)
                for name, whole in body["Resources"].items()
            }
            self._rest = body
        else:
            self.resources, self._rest = cut

    @classmethod
    def of(cls, body: Any) -> Sections:
        """Return the sections of a template that is plain data already.

        Nothing is refused: of what is not a mapping, there are no sections. Lines are unknown.
        """
        template = body if isinstance(body, dict) else {}
        if not isinstance(template.get("Resources"), dict):
            template = template | {"Resources": {}}
        return cls("{}", lambda _: (template, {}))

    def without(self, names: frozenset[str]) -> Sections:
        """Return the template without some resources; the lines of the others stay."""
        if not names:
            return self
        rest = copy(self)
        rest.__dict__.pop("body", None)
        rest.absent = self.absent | names
        rest.resources = {n: piece for n, piece in self.resources.items() if n not in names}
        return rest

    def section(self, name: str) -> dict[str, Any]:
        """Return a section such as `Parameters`; empty if there is none."""
        entries = self._rest.get(name)
        return entries if isinstance(entries, dict) else {}

    def value(self, name: str) -> Any:
        """Return a section that is no mapping, such as `Transform`."""
        return self._rest.get(name)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The whole template as plain data."""
        return self._rest | {"Resources": {n: p.body for n, p in self.resources.items()}}

    def line(self, section: str, name: str = "", path: tuple[str | int, ...] = ()) -> int:
        """Return the line of an entry, or of the nearest thing around it; 1 if there is none."""
        if section == "Resources" and not path and name in self.resources:
            piece_line = self.resources[name].line
            if piece_line:
                return piece_line
        lines, before = self._lines_around(section, name)
        keys = self._keys(section, name, path)
        while keys and keys not in lines:
            keys = keys[:-1]
        return lines.get(keys, 1 - before) + before

    def block(self, section: str, name: str, path: tuple[str | int, ...]) -> int:
        """Return the first line of a block scalar, 0 if the text is not written as one.

        A function around the text, such as `Fn::Sub`, is seen through.
        """
        piece = self.resources.get(name) if section == "Resources" else None
        cut = piece if piece and piece.text else None
        text = cut.text if cut else self.text
        keys = self._keys(section, name, path)
        root = _composed(text) if cut else self._root
        block_line = _block(root, text, keys[1:] if cut else keys)
        return block_line + (cut.line - 1 if cut else 0) if block_line else 0

    def _keys(self, section: str, name: str, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        written = self._written_at.get((section, name), (name,) if name else ())
        return (section, *written, *path)

    def _lines_around(
        self, section: str, name: str
    ) -> tuple[dict[tuple[str | int, ...], int], int]:
        """Return lines by path, and how many to add: only a piece is read, where there is one."""
        piece = self.resources.get(name) if section == "Resources" else None
        if piece is None or not piece.text:
            return self._lines, 0
        return _lines(piece.text, ("Resources",)), piece.line - 1

    @cached_property
    def _root(self) -> yaml.Node | None:
        return _composed(self.text)

    @cached_property
    def _lines(self) -> dict[tuple[str | int, ...], int]:
        return _lines(self.text)


def _pieces(text: str) -> tuple[dict[str, Piece], dict[str, Any]] | None:
    """Cut a text, or return `None` if a parser might see other resources in it than we do.

    Each piece is YAML by itself, so no quote, bracket or alias reaches from one into the next; a
    block of text ends where a line is indented less; and the rest has `Resources` with nothing in
    it. A template made to look otherwise than it deploys is therefore read as a whole.
    """
    if any(letter in text for letter in STRANGE) or text.count("\nResources:\n") != 1:
        return None
    before, _, after = text.partition("\nResources:\n")
    lines = after.split("\n")
    end = next((i for i, line in enumerate(lines) if line[:1] not in ("", " ")), len(lines))
    starts = _starts(lines[:end])
    first = before.count("\n") + 3  # the line after `Resources:`
    keeping = KEEPS.search(after) is not None
    pieces: dict[str, Piece] = {}
    for (name, start), (_, stop) in zip(starts, [*starts[1:], ("", end)], strict=False):
        last = stop
        keeps = keeping and KEEPS.search("\n".join(lines[start:stop])) is not None
        while last > start + 1 and not keeps and _separates(lines[last - 1]):
            last -= 1
        # A block of text at the very end has no line's end if the file has none there.
        close = "\n" if last < len(lines) else ""
        pieces[name] = Piece(name, first + start, "\n".join(lines[start:last]) + close)
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
    """Return a text without its first comment line: ours has a seal, which always changes."""
    return text.partition("\n")[2] if text[:1] == "#" else text


def _starts(lines: list[str]) -> list[tuple[str, int]]:
    """Return where each resource begins; none if a line could be something else."""
    starts: list[tuple[str, int]] = []
    for number, line in enumerate(lines):
        if line[:4].strip(" ") == "" or line[:3] == "  #":
            continue
        match = KEY.match(line)
        if not match:
            return []
        starts.append((match[1], number))
    return starts


def _separates(line: str) -> bool:
    """Whether a line behind a resource is none of its own; spaces may be text of a block."""
    return line in ("", " ", "  ") or line[:3] == "  #"


def _between(line: str) -> bool:
    """Whether a line belongs to no resource."""
    return not line.strip() or line[:3] == "  #"


def _whole(text: str) -> Any:
    """Return a template as plain data; JSON by a parser of its own, ten times as fast."""
    if text.lstrip()[:1] == "{":
        try:
            data = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            pass  # YAML in braces, or a mistake: YAML's parser says where
        else:
            check_size(data)
            return data
    return read(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError
    return mapping


@lru_cache(maxsize=500)
def _read(text: str) -> Any:
    data = read(text)
    return data if isinstance(data, dict) else {}


def _composed(text: str) -> yaml.Node | None:
    with suppress(yaml.YAMLError):  # of JSON that is no YAML, such as half a surrogate pair
        node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
        return node
    return None


def _block(node: yaml.Node | None, text: str, path: tuple[str | int, ...]) -> int:
    """Return the line on which a block of text begins, 0 if there is none; see `Sections.block`."""
    for key in path:
        node = _below(node, key)
    while isinstance(node, yaml.CollectionNode) and node.value:
        first = node.value[0]
        node = first[1] if isinstance(first, tuple) and len(node.value) == 1 else first
        if isinstance(node, tuple):
            return 0
    if not (isinstance(node, yaml.ScalarNode) and node.style == "|"):
        return 0
    lines, inside = text.split("\n"), node.value.split("\n")
    full = next((number for number, line in enumerate(inside) if line.strip()), None)
    for start in range(node.start_mark.line, min(node.start_mark.line + 3, len(lines))):
        if full is not None and HEADER.search(lines[start]):
            there = lines[start + 1 + full : start + 2 + full]
            return start + 2 if [line.strip() for line in there] == [inside[full].strip()] else 0
    return 0


def _below(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((v for k, v in node.value if getattr(k, "value", None) == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item: yaml.Node = node.value[key]
        return item
    return None


def _lines(text: str, start: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], int]:
    """Return the line of every key and item, by its path."""
    lines: dict[tuple[str | int, ...], int] = {}

    def walk(node: yaml.Node | None, path: tuple[str | int, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    at = (*path, key.value)
                    lines.setdefault(at, key.start_mark.line + 1)
                    walk(value, at)
        elif isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                lines[*path, number] = item.start_mark.line + 1
                walk(item, (*path, number))

    walk(_composed(text), start)
    return lines
