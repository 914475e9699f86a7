"""The resource types of CloudFormation's schemas, and what their properties are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cfngen.cloudformation.schema_files import FIRST_REGION
from cfngen.cloudformation.schemas import schema

DEEPEST = 8  # properties within properties; some schemas have no end


@cache
def types() -> tuple[str, ...]:
    """Return every type of the region that has most."""
    spec = find_spec("cfnlint")
    assert spec
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "data", "schemas", "providers")
    return tuple(sorted(json.loads((folder / f"{FIRST_REGION}.json").read_text("utf-8"))))


def properties(type_: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the properties that a template can set, each with its path and schema; `*` is a list's.

    What alternatives have is among them.
    """
    body = schema(type_).body
    for path, node in _below(body, body, (), frozenset()):
        if path not in schema(type_).read_only:
            yield path, node


def built(path: tuple[str, ...], value: Any) -> Any:
    """Return properties that have a value at a path, and nothing else."""
    if not path:
        return value
    inner = built(path[1:], value)
    return [inner] if path[0] == "*" else {path[0]: inner}


def _below(
    node: Any, body: dict[str, Any], path: tuple[str, ...], seen: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(node, dict) or len(path) > DEEPEST:
        return
    if "$ref" in node:
        name = node["$ref"]
        if name not in seen:
            found: Any = body
            for key in name.removeprefix("#/").split("/"):
                found = found.get(key, {})
            yield from _below(found, body, path, seen | {name})
        return
    for key, inner in node.get("properties", {}).items():
        yield (*path, key), inner
        yield from _below(inner, body, (*path, key), seen)
    yield from _below(node.get("items"), body, (*path, "*"), seen)
    for alternative in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _below(alternative, body, path, seen)
