"""Writes cfngen/cloudformation/data/api_limits.json: what APIs take of each property.

Run it after an upgrade of botocore: `python tests/linting/rules/api_limits.py`. What a member is
called where it is not called as the property is, `api_members.toml` says.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from support.shapes import input_of  # noqa: E402 - found by the line above

from cfngen.cloudformation.schemas import Schema, schema  # noqa: E402

MEMBERS = Path(__file__).with_name("api_members.toml")
DATA = ROOT / "cfngen/cloudformation/data/api_limits.json"
LIMITS = ("enum", "max", "min", "pattern")


@dataclass(frozen=True)
class Kind:
    """How the properties of a type of resource lead to members of APIs."""

    type: str
    operations: tuple[str, ...]
    members: dict[str, str] = field(default_factory=dict)
    none: dict[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """CloudFormation's own."""
        return schema(self.type)

    def starts(self) -> list[tuple[str, Any]]:
        """Return the members that take the properties, with what they are called."""
        return [(operation, member(operation)) for operation in self.operations]


@cache
def kinds() -> dict[str, Kind]:
    """Return what the file says, by type."""
    tables = tomllib.loads(MEMBERS.read_text("utf-8"))
    return {name: Kind(name, **table) for name, table in tables.items()}


def member(path: str) -> Any:
    """Return the shape of `service:Operation.member.[].member`.

    Raises:
        LookupError: there is no such member.
    """
    service, _, rest = path.partition(":")
    operation, *steps = rest.split(".")
    shape = input_of(service, operation)
    for step in steps:
        shape = {
            "[]": lambda shape: shape.member,
            "{}": lambda shape: shape.value,
            "{key}": lambda shape: shape.key,
        }.get(step, lambda shape, step=step: shape.members[step])(shape)
    return shape


def tree(kind: Kind) -> dict[str, Any]:
    """Return the limits of a type's properties, nested as they are."""
    return node(kind, (), kind.starts(), {})


def node(
    kind: Kind, path: tuple[str, ...], shapes: list[tuple[str, Any]], around: dict[Any, str]
) -> Any:
    """Return the limits of one property and of those within it; empty if there are none.

    `of` names the member, `is` its type, `within` holds what is below by name, `*` for the items of
    a list and the values of a map, `{key}` for its keys. What is one of the nodes around it, as a
    statement in a statement, is told as the `same` as that one, by its path.
    """
    made: dict[str, Any] = {}
    if shapes:
        name, shape = shapes[0]
        itself = (id(kind.schema.node(path)), shape.name)
        if shape.type_name == "structure" and path and itself in around:
            return {"same": around[itself]}
        around = {**around, itself: ".".join(path)}
        limits = {key: shape.metadata[key] for key in LIMITS if shape.metadata.get(key)}
        made = {"of": spoken(name), "is": shape.type_name, **limits} if limits else {}
    below = {
        key: found
        for key, taken in within(kind, path, shapes)
        if (found := node(kind, (*path, key), taken, around))
    }
    return {**made, **({"within": below} if below else {})}


def within(
    kind: Kind, path: tuple[str, ...], shapes: list[tuple[str, Any]]
) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield the properties below one, each with the members that take it."""
    several = shapes[0][1].type_name if shapes else ""
    if several == "map":
        name, shape = shapes[0]
        yield "{key}", [(f"{name}.{{key}}", shape.key)]
    for key in keys(kind, path, several):
        dotted = ".".join((*path, key))
        taken = [] if dotted in kind.none or "*" in kind.none else taking(key, shapes)
        if dotted in kind.members:
            taken = [(kind.members[dotted], member(kind.members[dotted]))]
        if taken or any(known.startswith(f"{dotted}.") for known in kind.members):
            yield key, taken


def keys(kind: Kind, path: tuple[str, ...], several: str) -> list[str]:
    """Return the names of the properties below one, by CloudFormation's schema."""
    schema_node = kind.schema.node(path) or {}
    found = set(schema_node.get("properties", ()))
    for alternative in ("anyOf", "oneOf", "allOf"):
        for part in schema_node.get(alternative, ()):
            found |= set((kind.schema.resolved(part) or {}).get("properties", ()))
    if "items" in schema_node or several in ("list", "map"):
        found.add("*")
    return sorted(found)


def taking(key: str, shapes: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the member of a name, by the first shape that has one."""
    for name, shape in shapes:
        if key == "*" and shape.type_name == "list":
            return [(f"{name}.[]", shape.member)]
        if key == "*" and shape.type_name == "map":
            return [(f"{name}.{{}}", shape.value)]
        if shape.type_name == "structure":
            for own, below in shape.members.items():
                if own.lower() == key.lower():
                    return [(f"{name}.{own}", below)]
    return []


def covers(kind: Kind, path: tuple[str, ...]) -> bool:
    """Whether a property is taken by a member, is part of a document, or has a reason not to be."""
    taken = kind.starts()
    for depth, key in enumerate(path):
        dotted = ".".join(path[: depth + 1])
        if "*" in kind.none or dotted in kind.none:
            return True
        if dotted in kind.members:
            taken = [(kind.members[dotted], member(kind.members[dotted]))]
        elif any(known.startswith(f"{dotted}.") for known in kind.members) and not taken:
            continue
        else:
            is_map = taken[:1] and taken[0][1].type_name == "map"
            taken = taking("*" if is_map else key, taken)
        if taken and taken[0][1].type_name == "string":
            return True  # a text, or a document that CloudFormation makes one of
    return bool(taken)


def spoken(name: str) -> str:
    """Return what a finding calls a member: `codepipeline DisableStageTransition reason`."""
    service, _, rest = name.partition(":")
    operation, _, place = rest.partition(".")
    return f"{service} {operation} {place.replace('.[]', '[]').replace('.{', '{')}".strip()


def text() -> str:
    """Return the data file: a line for each type, so that an upgrade is read line by line."""
    lines = []
    for name, kind in sorted(kinds().items()):
        if found := tree(kind):
            lines.append(f" {json.dumps(name)}: {json.dumps(found['within'], sort_keys=True)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    DATA.write_text(text(), encoding="utf-8")
