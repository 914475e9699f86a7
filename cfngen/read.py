"""CloudFormation's YAML as plain data."""

from __future__ import annotations

import re
from typing import Any

import yaml

from cfngen.errors import RenderError

# No template goes deeper, or is larger once its aliases are written out; a parser's stack is not
# endless, and aliases of aliases grow without end.
DEEPEST, LARGEST = 100, 4_000_000
# What opens a level wherever it stands; indentation goes deep in very long texts only.
LEVELS = re.compile(r"[\[{]|[-?] ")
MOST_LEVELS = 10_000  # so many do no harm to a parser, however they are nested
TOO_DEEP = f"no template: nested more than {DEEPEST} levels deep"
# Tags of YAML that CloudFormation does not have (AWS page "CloudFormation template formats").
TEXT = "tag:yaml.org,2002:str"
FOREIGN = ("binary", "omap", "pairs", "set")


def read(text: str) -> Any:
    """Return YAML as plain data, CloudFormation's short tags as the long functions they mean.

    Raises:
        RenderError: the text is not YAML, repeats a key, has a list or mapping for a key, or goes
            deeper or grows larger than any template does.
    """
    try:
        if len(LEVELS.findall(text)) > MOST_LEVELS:
            _check_depth(text)
        found = yaml.load(text, Loader=_Reader)  # noqa: S506 - a safe loader that knows tags
    except (yaml.YAMLError, ValueError) as error:
        raise RenderError(f"not YAML: {error}") from None
    except RecursionError:
        raise RenderError(TOO_DEEP) from None
    except (AttributeError, IndexError, KeyError) as error:  # PyYAML's own, of `!!bool maybe`
        raise RenderError(f"not YAML: a value that its tag does not have: {error}") from None
    check_size(found)
    return found


def check_size(value: Any) -> None:
    """Refuse data that is nested deeper, or grows larger, than any template.

    Raises:
        RenderError: it is.
    """
    room = LARGEST
    todo = [(value, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > DEEPEST:
            raise RenderError(TOO_DEEP)
        if isinstance(node, dict):
            todo += [(item, depth + 1) for item in node.values()]
            room -= sum(len(str(key)) for key in node)
        elif isinstance(node, list):
            todo += [(item, depth + 1) for item in node]
        elif isinstance(node, str):
            room -= len(node)
        room -= 1
        if room < 0:
            raise RenderError(f"no template: more than {LARGEST:,} characters, aliases written out")


def _check_depth(text: str) -> None:
    """Refuse a text that a parser which calls itself would crash on."""
    depth = 0
    for event in yaml.parse(text, Loader=_Reader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise RenderError(TOO_DEEP)


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader of YAML that knows short tags and refuses repeated keys."""

    def function(self, suffix: str, node: yaml.Node) -> dict[str, Any]:
        """Return a tag such as `!Sub`, with what stands behind it, as `Fn::Sub`."""
        argument: Any
        if isinstance(node, yaml.MappingNode):
            argument = self.mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            argument = self.sequence(node)
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
            key = self.value(key_node)
            if isinstance(key, dict):
                raise _refusal("a key must be one plain value", key_node)
            if key in mapping or key_node.value in written:
                raise _refusal(f"repeated key {key!r}", key_node)
            written.add(key_node.value)
            mapping[key] = self.value(value_node)
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

    def foreign(self, node: yaml.Node) -> None:
        """Refuse a type of YAML's that CloudFormation does not have."""
        raise _refusal(f"CloudFormation has no values of the type {node.tag}", node)


def _refusal(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_Reader.add_multi_constructor("!", _Reader.function)
_Reader.add_constructor("tag:yaml.org,2002:map", _Reader.mapping)
_Reader.add_constructor("tag:yaml.org,2002:seq", _Reader.sequence)
for _type in FOREIGN:
    _Reader.add_constructor(f"tag:yaml.org,2002:{_type}", _Reader.foreign)
