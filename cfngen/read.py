"""CloudFormation's YAML as plain data."""

from __future__ import annotations

from typing import Any

import yaml

from cfngen.errors import RenderError


def read(text: str) -> Any:
    """Return YAML as plain data, CloudFormation's short tags as the long functions they mean.

    Raises:
        RenderError: the text is not YAML, repeats a key, or has a list or mapping for a key.
    """
    try:
        return yaml.load(text, Loader=_Reader)  # noqa: S506 - a safe loader that knows tags
    except (yaml.YAMLError, ValueError) as error:
        raise RenderError(f"not YAML: {error}") from None


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader of YAML that knows short tags and refuses repeated keys."""

    def function(self, suffix: str, node: yaml.Node) -> dict[str, Any]:
        """Return a tag such as `!Sub`, with what stands behind it, as `Fn::Sub`."""
        argument: Any
        if isinstance(node, yaml.MappingNode):
            argument = self.mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            argument = self.construct_sequence(node, deep=True)
        else:
            argument = self.construct_scalar(node)
            if suffix == "GetAtt":
                argument = argument.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": argument}

    def mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        """Return a mapping; PyYAML's own would keep the last of two equal keys."""
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be one plain value", key_node)
            key = self.construct_object(key_node, deep=True)
            if key in mapping:
                raise _refusal(f"repeated key {key!r}", key_node)
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def _refusal(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_Reader.add_multi_constructor("!", _Reader.function)
_Reader.add_constructor("tag:yaml.org,2002:map", _Reader.mapping)
