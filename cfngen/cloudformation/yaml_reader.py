"""The loader of a template's YAML: short tags, numbers as CloudFormation reads them."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

import yaml

from cfngen.errors import RenderError

# No template goes deeper; a parser's stack is not endless.
MAX_DEPTH = 100
TOO_DEEP = f"no template: nested more than {MAX_DEPTH} levels deep"
# Python reads longer numbers than it prints, and takes its time for each.
MAX_DIGITS = 1_000
TOO_LONG = f"a number of more than {MAX_DIGITS:,} digits"
MERGE = "tag:yaml.org,2002:merge"
MERGED = (
    "CloudFormation has no merges (<<); write the keys out, as `aws cloudformation package` does"
)
# Tags of YAML that CloudFormation does not have (AWS page "CloudFormation template formats").
TEXT = "tag:yaml.org,2002:str"
MAPPING, SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
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


class NotCloudFormationError(yaml.MarkedYAMLError):
    """YAML that CloudFormation does not have."""


class Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader of YAML that knows short tags and refuses repeated keys."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """Return the tag of a node that has none; of most texts it is known from an earlier one."""
        if kind is yaml.ScalarNode:
            return _implicit_tag(value) if implicit[0] else TEXT
        return MAPPING if kind is yaml.MappingNode else SEQUENCE

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


class UnsharedReader(Reader):
    """The same for a text without anchors: no node is met twice, so none has to be remembered."""

    depth = 0

    def value(self, node: yaml.Node) -> Any:
        """Return any value."""
        tag = node.tag
        if isinstance(node, yaml.ScalarNode):
            return node.value if tag == TEXT else self.construct_object(node, deep=True)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RenderError(TOO_DEEP)
        if tag == MAPPING and isinstance(node, yaml.MappingNode):
            value: Any = self.mapping(node)
        elif tag == SEQUENCE:
            value = self.sequence(node)
        else:
            value = self.construct_object(node, deep=True)
        self.depth -= 1
        return value


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
    return NotCloudFormationError(problem=problem, problem_mark=node.start_mark)


Reader.add_multi_constructor("!", Reader.function)
Reader.add_constructor(MAPPING, Reader.mapping)
Reader.add_constructor(SEQUENCE, Reader.sequence)
for _type in NUMBERS:
    Reader.add_constructor(_type, Reader.number)
# What looks like a timestamp is a text.
Reader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] != TIMESTAMP]
    for first, resolvers in Reader.yaml_implicit_resolvers.items()
}
Reader.add_implicit_resolver(FLOAT, NO_OCTAL, list("-+0"))
for _type in FOREIGN:
    Reader.add_constructor(f"tag:yaml.org,2002:{_type}", Reader.foreign)


@lru_cache(maxsize=8192)
def _implicit_tag(value: str) -> str:
    """Return the tag of a plain text: that of a number or a word for one, or of text."""
    resolvers = Reader.yaml_implicit_resolvers
    for tag, pattern in (*resolvers.get(value[:1], ()), *resolvers.get(None, ())):
        if pattern.match(value):
            return str(tag)
    return TEXT
