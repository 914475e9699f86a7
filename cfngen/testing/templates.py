"""Questions to ask of a template as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from cfngen.blueprint import Blueprint
from cfngen.generate import Drawn, draw
from cfngen.options import options_from, options_schema

Path = tuple[str | int, ...]


def shapes(blueprint: Blueprint) -> list[Drawn]:
    """Return a blueprint's templates: with its defaults, and with each single choice of an option.

    Booleans and `Literal`s are tried with every value, tuples of `Literal`s with every single
    item; other than the default, together with what the option says that it needs. Shapes that
    come out the same are returned once.

    Raises:
        Problems: a default is not of its own option's type, or a choice is refused.
    """
    needs = {f.name: f.metadata.get("needs", {}) for f in fields(blueprint.options_type)}
    defaults = json.loads(json.dumps(asdict(blueprint.options_type()), default=str))
    options_from(blueprint.options_type, defaults)
    found = [draw(blueprint)]
    for name, schema in options_schema(blueprint.options_type).get("properties", {}).items():
        values: list[Any] = schema.get("enum", [])
        if schema.get("type") == "boolean":
            values = [False, True]
        elif schema.get("type") == "array":
            values = [[value] for value in schema.get("items", {}).get("enum", [])]
        found += [
            draw(blueprint, {**(needs[name] if value != defaults[name] else {}), name: value})
            for value in values
        ]
    return list({shape.text: shape for shape in found}.values())


def of_type(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the properties of all resources of one type, by logical ID."""
    return {
        name: resource.get("Properties", {})
        for name, resource in body["Resources"].items()
        if resource["Type"] == kind
    }


def references(value: Any) -> set[str]:
    """Return every name that a piece of template refers to: Ref, GetAtt, and inside a Sub.

    Pseudo parameters are among them; `${!literals}` are not.
    """
    found: set[str] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                found.add(item)
            elif key == "Fn::GetAtt":
                found.add(item[0])
            elif key == "Fn::Sub":
                text, given = item if isinstance(item, list) else (item, {})
                names = {part.partition("}")[0] for part in text.split("${")[1:]}
                found |= {n.partition(".")[0] for n in names if n[:1] != "!" and n not in given}
                found |= references(given)
            else:
                found |= references(item)
    elif isinstance(value, list):
        for item in value:
            found |= references(item)
    return found


def statements(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every policy statement with its place in the template."""
    if isinstance(value, dict):
        if "Effect" in value and ("Action" in value or "NotAction" in value):
            yield path, value
        for key, item in value.items():
            yield from statements(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from statements(item, (*path, number))


def allowed(body: dict[str, Any], role: str) -> dict[str, list[Any]]:
    """Return what a role's own policies allow: each action with the list of its resources."""
    policies = body["Resources"][role]["Properties"].get("Policies", [])
    return {
        action: _listed(statement["Resource"])
        for _, statement in statements(policies)
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
    }


def _listed(value: Any) -> list[Any]:
    """Return what a policy names, which may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def strings(value: Any) -> Iterator[str]:
    """Yield every string in plain data, and those in the YAML of a buildspec among them."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "BuildSpec" and isinstance(item, str):
                import yaml

                yield from strings(yaml.safe_load(item))
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value
