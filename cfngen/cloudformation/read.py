"""CloudFormation's YAML as plain data, and what is refused before anything else reads it."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from cfngen.errors import RenderError

# No template goes deeper, or is larger once its aliases are written out; a parser's stack is not
# endless, and aliases of aliases grow without end.
MAX_DEPTH, MAX_SIZE = 100, 4_000_000
# What opens a level wherever it stands; indentation goes deep in very long texts only.
LEVELS = re.compile(r"[\[{]|[-?] ")
MAX_LEVELS = 10_000  # so many do no harm to a parser, however they are nested
TOO_DEEP = f"no template: nested more than {MAX_DEPTH} levels deep"
# Python reads longer numbers than it prints, and takes its time for each.
MAX_DIGITS = 1_000
TOO_LONG = f"a number of more than {MAX_DIGITS:,} digits"
# Lists right inside of lists, and keys that merges write out: cfn-lint takes twice as long for each
# level, and no template has so many.
MAX_LISTS, MAX_MERGED = 16, 100_000
TOO_MANY_LISTS = f"no template: more than {MAX_LISTS} lists right inside of each other"
TOO_MERGED = f"no template: more than {MAX_MERGED:,} keys, merges (<<) written out"
MERGE = "tag:yaml.org,2002:merge"
MERGED = (
    "CloudFormation has no merges (<<); write the keys out, as `aws cloudformation package` does"
)
# Tags of YAML that CloudFormation does not have (AWS page "CloudFormation template formats").
TEXT = "tag:yaml.org,2002:str"
FOREIGN = ("binary", "omap", "pairs", "set", "timestamp")
INTEGER = "tag:yaml.org,2002:int"
FLOAT = "tag:yaml.org,2002:float"
NUMBERS = (INTEGER, FLOAT)
TIMESTAMP = "tag:yaml.org,2002:timestamp"
# No octal number, since it has an 8 or a 9: CloudFormation takes it for one with a fraction, as is
# reported of account numbers (https://github.com/aws-cloudformation/rain/issues/27).
NO_OCTAL = re.compile(r"[-+]?0[0-9]*[89][0-9]*\Z")

# Where a name of the template stands: alone, or as the first items of a list.
NAMES = frozenset(("Condition", "DependsOn", "Ref"))
NAMES_FIRST = {"DependsOn": 1_000, "Fn::FindInMap": 3, "Fn::GetAtt": 2, "Fn::If": 1}


class MergeKeyError(RenderError):
    """YAML with a merge, which CloudFormation does not have; programs that package may write it."""


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
        if len(LEVELS.findall(text)) > MAX_LEVELS:
            _check_depth(text)
        document = yaml.load(text, Loader=_Reader)  # noqa: S506 - a safe loader that knows tags
    except yaml.YAMLError as error:
        what = "no template" if isinstance(error, _NotCloudFormationsError) else "not YAML"
        kind = MergeKeyError if getattr(error, "problem", "") == MERGED else RenderError
        raise kind(f"{what}: {_in_one_line(error)}") from None
    except (ValueError, OverflowError) as error:
        raise RenderError(f"not YAML: {error}") from None
    except RecursionError:
        raise RenderError(TOO_DEEP) from None
    except (AttributeError, IndexError, KeyError) as error:  # PyYAML's own, of `!!bool maybe`
        raise RenderError(f"not YAML: a value that its tag does not have: {error}") from None
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
        _check_node(yaml.compose(text, Loader=_Reader))


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
    for event in yaml.parse(text, Loader=_Reader):
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


class _NotCloudFormationsError(yaml.MarkedYAMLError):
    """YAML that CloudFormation does not have."""


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader of YAML that knows short tags and refuses repeated keys."""

    def function(self, suffix: str, node: yaml.Node) -> dict[str, Any]:
        """Return a tag such as `!Sub`, with what stands behind it, as `Fn::Sub`."""
        argument: Any
        if isinstance(node, yaml.MappingNode):
            argument = self.mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            argument = _named(f"Fn::{suffix}", node, self.sequence(node))
        else:
            argument = self.construct_scalar(node)
            if suffix == "GetAtt":
                argument = argument.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": argument}

    def mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        """Return a mapping; PyYAML's own would keep the last of two equal keys."""
        mapping: dict[Any, Any] = {}
        written: set[str] = set()  # `1` and `'1'` are one key to CloudFormation
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be one plain value", key_node)
            if key_node.tag == MERGE:
                raise _refusal(MERGED, key_node)
            key = self.value(key_node)
            if isinstance(key, dict):
                raise _refusal("a key must be one plain value", key_node)
            if key in mapping or key_node.value in written:
                raise _refusal(f"repeated key {key_node.value[:80]!r}", key_node)
            written.add(key_node.value)
            # A name is a text to CloudFormation, also one that YAML has a word for, as `On`, or one
            # of digits that would not be the same digits as a number.
            key = key_node.value if isinstance(key, bool | float) else key
            mapping[key] = _named(key, value_node, self.value(value_node))
        return mapping

    def sequence(self, node: yaml.Node) -> list[Any]:
        """Return a list."""
        if not isinstance(node, yaml.SequenceNode):
            raise _refusal("expected a list", node)
        return [self.value(item) for item in node.value]

    def value(self, node: yaml.Node) -> Any:
        """Return any value; most are texts, for which PyYAML's own way takes ten times as long."""
        if node.tag == TEXT and isinstance(node, yaml.ScalarNode):
            return node.value
        return self.construct_object(node, deep=True)

    def number(self, node: yaml.ScalarNode) -> int | float:
        """Return a number that Python can print, and reads in no time."""
        if len(node.value) > MAX_DIGITS:
            raise _refusal(TOO_LONG, node)
        if node.tag == INTEGER:
            return int(self.construct_yaml_int(node))
        number = float(self.construct_yaml_float(node))
        if not math.isfinite(number):
            raise _refusal("a number that is not finite", node)
        return number

    def foreign(self, node: yaml.Node) -> None:
        """Refuse a type of YAML's that CloudFormation does not have."""
        raise _refusal(f"CloudFormation has no values of the type {node.tag}", node)


def _named(key: Any, node: yaml.Node, value: Any) -> Any:
    """Return a value with the names in it as they are written, where a word may stand for one."""
    if key in NAMES and _is_word(node, value):
        return node.value
    first = NAMES_FIRST.get(key, 0) if isinstance(value, list) else 0
    for number, item in enumerate(node.value[:first]):
        if _is_word(item, value[number]):
            value[number] = item.value
    return value


def _is_word(node: yaml.Node, value: Any) -> bool:
    """Whether a truth value is written by a word that is no truth value to JSON."""
    return isinstance(value, bool) and node.value not in ("true", "false")


def _refusal(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return _NotCloudFormationsError(problem=problem, problem_mark=node.start_mark)


_Reader.add_multi_constructor("!", _Reader.function)
_Reader.add_constructor("tag:yaml.org,2002:map", _Reader.mapping)
_Reader.add_constructor("tag:yaml.org,2002:seq", _Reader.sequence)
for _type in NUMBERS:
    _Reader.add_constructor(_type, _Reader.number)
# What looks like a timestamp is a text.
_Reader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] != TIMESTAMP]
    for first, resolvers in _Reader.yaml_implicit_resolvers.items()
}
_Reader.add_implicit_resolver(FLOAT, NO_OCTAL, list("-+0"))
for _type in FOREIGN:
    _Reader.add_constructor(f"tag:yaml.org,2002:{_type}", _Reader.foreign)
