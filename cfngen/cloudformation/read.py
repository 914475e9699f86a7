"""CloudFormation's YAML as plain data, and what is refused before anything else reads it."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from cfngen.cloudformation.yaml_reader import (
    MAX_DEPTH,
    MAX_DIGITS,
    MERGE,
    MERGED,
    NUMBERS,
    TOO_DEEP,
    TOO_LONG,
    NotCloudFormationError,
    Reader,
    UnsharedReader,
)
from cfngen.errors import RenderError

# No template is larger once its aliases are written out; aliases of aliases grow without end.
MAX_SIZE = 4_000_000
# What opens a level wherever it stands; indentation goes deep in very long texts only.
LEVELS = re.compile(r"[\[{]|[-?] ")
# What may give a node a name, by which it can be written once more.
ANCHOR = re.compile(r"&[0-9A-Za-z_-]")
MAX_LEVELS = 10_000  # so many do no harm to a parser, however they are nested
# Lists right inside of lists, and keys that merges write out: cfn-lint takes twice as long for each
# level, and no template has so many.
MAX_LISTS, MAX_MERGED = 16, 100_000
TOO_MANY_LISTS = f"no template: more than {MAX_LISTS} lists right inside of each other"
TOO_MERGED = f"no template: more than {MAX_MERGED:,} keys, merges (<<) written out"


class MergeKeyError(RenderError):
    """YAML with a merge, which CloudFormation does not have; programs that package may write it."""


class NotYAMLError(RenderError):
    """A text that is no YAML at all."""


def read(text: str) -> Any:
    """Return YAML as plain data, CloudFormation's short tags as the long functions they mean.

    What is JSON goes through a parser of its own: it is ten times as fast, and JSON has escapes
    that YAML does not have.

    Raises:
        RenderError: the text is not YAML, repeats a key, has a list or mapping for a key, or goes
            deeper or grows larger than any template does.
    """
    if text.lstrip()[:1] == "{":
        with suppress(ValueError, RecursionError):  # YAML in braces, or a mistake: see below
            document = json.loads(text, object_pairs_hook=_unique)
            check_size(document)
            return document
    try:
        # A text of so few characters has no more levels.
        if len(text) > MAX_LEVELS and len(LEVELS.findall(text)) > MAX_LEVELS:
            _check_depth(text)
        shares = ANCHOR.search(text) is not None
        loader = Reader if shares else UnsharedReader
        document = yaml.load(text, Loader=loader)  # noqa: S506 - safe loaders that know tags
    except yaml.YAMLError as error:
        if not isinstance(error, NotCloudFormationError):
            raise NotYAMLError(f"not YAML: {_in_one_line(error)}") from None
        kind = MergeKeyError if error.problem == MERGED else RenderError
        raise kind(f"no template: {_in_one_line(error)}") from None
    except (ValueError, OverflowError) as error:
        raise NotYAMLError(f"not YAML: {error}") from None
    except RecursionError:
        raise RenderError(TOO_DEEP) from None
    except (AttributeError, IndexError, KeyError) as error:  # PyYAML's own, of `!!bool maybe`
        raise NotYAMLError(f"not YAML: a value that its tag does not have: {error}") from None
    if shares or len(text) > MAX_SIZE:
        check_size(document)
    return document


def check(text: str) -> None:
    """Refuse a text that another reader of YAML would hang or crash on; what is no YAML passes.

    Raises:
        RenderError: it is nested deeper than any template, has a number that cannot be printed, or
            is written out to more than there is room for.
    """
    if len(text) > MAX_SIZE:
        raise RenderError(f"no template: more than {MAX_SIZE:,} characters")
    with suppress(yaml.YAMLError):  # theirs to tell
        if len(LEVELS.findall(text)) > MAX_LEVELS:
            _check_depth(text)
        _check_node(yaml.compose(text, Loader=Reader))


def check_size(value: Any) -> None:
    """Refuse data that is nested deeper, or grows larger, than any template.

    Raises:
        RenderError: it is.
    """
    room = MAX_SIZE
    todo = [(value, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise RenderError(TOO_DEEP)
        if isinstance(node, dict):
            todo += [(item, depth + 1) for item in node.values()]
            room -= sum(len(str(key)) for key in node)
        elif isinstance(node, list):
            todo += [(item, depth + 1) for item in node]
        elif isinstance(node, str):
            room -= len(node)
        elif isinstance(node, float) and not math.isfinite(node):
            raise RenderError("no template: a number that is not finite")
        elif isinstance(node, int) and node.bit_length() > 4 * MAX_DIGITS:
            raise RenderError(f"no template: {TOO_LONG}")
        room -= 1
        if room < 0:
            raise RenderError(
                f"no template: more than {MAX_SIZE:,} characters, aliases written out"
            )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError
    return document


def _check_depth(text: str) -> None:
    """Refuse a text that a parser which calls itself would crash on."""
    depth = 0
    for event in yaml.parse(text, Loader=Reader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise RenderError(TOO_DEEP)


def _check_node(root: yaml.Node | None) -> None:
    """Refuse nodes by how high they are piled; each is looked at once, whoever is an alias of it.

    Raises:
        RenderError: they are piled too high, or merges write out too much.
    """
    piles: dict[int, _Pile] = {}
    begun: set[int] = set()
    todo = [(root, False)] if root else []
    merged = 0
    while todo:
        node, is_done_below = todo.pop()
        if not is_done_below and id(node) not in begun:
            begun.add(id(node))
            todo.append((node, True))
            todo += [(inner, False) for inner in _inner(node)]
        elif is_done_below:
            pile = piles[id(node)] = _pile(node, piles)
            merged += pile.keys if pile.merges else 0
            if merged > MAX_MERGED:
                raise RenderError(TOO_MERGED)


class _Pile(NamedTuple):
    """What stands on a node: levels, lists right inside of lists, keys with merges written out."""

    levels: int = 0
    lists: int = 0
    keys: int = 0
    merges: bool = False


def _pile(node: yaml.Node, piles: dict[int, _Pile]) -> _Pile:
    """Return what stands on a node, where what is below it is known; in a circle, it is not."""
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > MAX_DIGITS and node.tag in NUMBERS:
            raise RenderError(f"no template: {TOO_LONG}")
        return _Pile()
    below = [piles.get(id(inner), _Pile()) for inner in _inner(node)]
    levels = 1 + max((pile.levels for pile in below), default=0)
    if levels > MAX_DEPTH:
        raise RenderError(TOO_DEEP)
    if isinstance(node, yaml.SequenceNode):
        lists = 1 + max((pile.lists for pile in below), default=0)
        if lists > MAX_LISTS:
            raise RenderError(TOO_MANY_LISTS)
        return _Pile(levels, lists, sum(pile.keys for pile in below))
    merged = [id(value) for key, value in node.value if key.tag == MERGE]
    keys = len(node.value) + sum(piles.get(inner, _Pile()).keys for inner in merged)
    return _Pile(levels, 0, keys, bool(merged))


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [inner for pair in node.value for inner in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _in_one_line(error: yaml.YAMLError) -> str:
    """Return what a parser says, with the place first."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return "; ".join(line.strip() for line in str(error).splitlines())
    description = ", ".join(filter(None, (error.context, error.problem)))  # type: ignore[attr-defined]
    return f"line {mark.line + 1}, column {mark.column + 1}: {description}"
