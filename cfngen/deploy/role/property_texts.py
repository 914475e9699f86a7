"""The texts in a resource's properties, each with its path and the name that it stands under.

What a service runs, stores or shows, without acting on it itself, is left out: a role whose ARN is
in an environment variable is not handed to the service that sets the variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.text import AnyText, Text
from cfngen.cloudformation.values import without_references

# Properties that hand nothing to the service that has them.
INERT = frozenset(
    (
        "BuildSpec",
        "Command",
        "Description",
        "EntryPoint",
        "Environment",
        "EnvironmentVariables",
        "Tags",
        "UserData",
        "ZipFile",
    )
)
# ... and those of one type or one service: what a service hands on acts with a role of its own.
INERT_OF = {
    # An action's configuration is for the action's own role.
    "AWS::CodePipeline::Pipeline": ("Configuration",),
    # The stacks of a set are made by the execution role.
    "AWS::CloudFormation::StackSet": ("Parameters", "ParameterOverrides", "TemplateBody"),
    "AWS::Events": ("Input", "InputTransformer"),
    "AWS::Pipes": ("InputTemplate",),
    "AWS::Scheduler": ("Input",),
    # The states of a machine act with the machine's role.
    "AWS::StepFunctions": ("Definition", "DefinitionString", "DefinitionSubstitutions"),
}
# A list of these is a mapping in other words: the name, and what it is.
PAIRS = (
    ("OptionName", "Value"),
    ("ParameterName", "ParameterValue"),
    ("ParameterKey", "ParameterValue"),
    ("Name", "Value"),
    ("Key", "Value"),
)
# What stands between a name and its value in such mappings.
WRAPPERS = frozenset(("StaticValue", "Value", "Values"))


@dataclass(frozen=True)
class Leaf:
    """One text, resolved; `name` is the property's own, without what only wraps a value."""

    path: str
    name: str
    text: AnyText


def leaves(type_: str, properties: dict[str, Any]) -> Iterator[Leaf]:
    """Yield every text of a resource's properties that the service acts on itself."""
    inert = {*INERT, *INERT_OF.get(type_, ()), *INERT_OF.get(type_.rpartition("::")[0], ())}
    yield from _within(properties, "", "", inert)


def texts(properties: dict[str, Any]) -> Iterator[Leaf]:
    """Yield every text of a resource's properties, but those of policies."""
    yield from _within(properties, "", "", set())


def _within(value: Any, path: str, name: str, inert: set[str]) -> Iterator[Leaf]:
    if isinstance(value, str | Text):
        if value and not _is_policy(value):
            yield Leaf(path, name, value)
    elif isinstance(value, list):
        for item in value:
            yield from _within(item, path, name, inert)
    elif isinstance(value, dict) and "Statement" not in value:  # no policy: it only names roles
        choice = value.get("Fn::If")
        if len(value) == 1 and isinstance(choice, list):
            yield from _within(choice[1:], path, name, inert)
        else:
            for key, own, inner in _named(value, name):
                if key not in inert:
                    where = path if key in WRAPPERS and own == name else _below(path, own, key)
                    yield from _within(inner, where, own, inert)


def _named(value: dict[str, Any], name: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the keys of a mapping, each with the name of what it has, and that."""
    pair = _paired(value)
    for key, inner in value.items():
        if pair and key == pair[0]:
            yield key, pair[1], inner
        else:
            yield key, name if key in WRAPPERS or key.startswith("Fn::") else key, inner


def _below(path: str, own: str, key: str) -> str:
    last = key if key.startswith("Fn::") else own
    return f"{path}.{last}" if path else last


def _paired(value: dict[str, Any]) -> tuple[str, str] | None:
    """Return the key of a value that is named by the key beside it, and that name."""
    for key, other in PAIRS:
        if isinstance(value.get(key), str) and other in value:
            return other, value[key]
    return None


def _is_policy(text: AnyText) -> bool:
    """Whether a text is a policy, written as JSON."""
    literal = without_references(text, "?")
    if not re.match(r"\s*\{", literal) or '"Statement"' not in literal:
        return False
    try:
        document = json.loads(literal)
    except ValueError:
        return False
    return isinstance(document, dict) and "Statement" in document
