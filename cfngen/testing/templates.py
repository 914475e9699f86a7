"""Questions to ask of a template as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import combinations
from typing import Any

from cfngen.authoring.blueprint import Blueprint
from cfngen.authoring.options import option_problems, options_from, options_schema
from cfngen.project import registry
from cfngen.project.generate import SynthesizedTemplate, synthesize

Path = tuple[str | int, ...]
# Where the names are that something in a template refers to.
SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")


@dataclass(frozen=True)
class Choice:
    """One value of one option, and what the option says that it needs (`option(needs=…)`)."""

    option: str
    value: Any
    needs: dict[str, Any]


def choices(blueprint: Blueprint | str) -> list[Choice]:
    """Return the choices of a blueprint's options, other than the defaults, in their order.

    Booleans and `Literal`s have every value, tuples of `Literal`s every single item.

    Args:
        blueprint: the blueprint, or the name of an installed one.

    Raises:
        Problems: a default is not of its own option's type.
    """
    blueprint = _installed(blueprint)
    needs = {f.name: f.metadata.get("needs", {}) for f in fields(blueprint.options_type)}
    defaults = json.loads(json.dumps(asdict(blueprint.options_type()), default=str))
    options_from(blueprint.options_type, defaults)
    each_choice: list[Choice] = []
    for name, schema in options_schema(blueprint.options_type).get("properties", {}).items():
        values: list[Any] = schema.get("enum", [])
        if schema.get("type") == "boolean":
            values = [False, True]
        elif schema.get("type") == "array":
            values = [[value] for value in schema.get("items", {}).get("enum", [])]
        each_choice += [
            Choice(name, value, needs[name]) for value in values if value != defaults[name]
        ]
    return each_choice


def shapes(blueprint: Blueprint | str) -> list[SynthesizedTemplate]:
    """Return a blueprint's templates: with its defaults, and with each single choice of an option.

    Booleans and `Literal`s are tried with every value, tuples of `Literal`s with every single
    item; other than the default, together with what the option says that it needs. Shapes that
    come out the same are returned once.

    Args:
        blueprint: the blueprint, or the name of an installed one.

    Raises:
        Problems: a default is not of its own option's type, or a choice is refused.
        CfngenError: no blueprint of that name is installed.
    """
    blueprint = _installed(blueprint)
    templates = [synthesize(blueprint)]
    templates += [synthesize(blueprint, {**c.needs, c.option: c.value}) for c in choices(blueprint)]
    return list({shape.text: shape for shape in templates}.values())


def _installed(blueprint: Blueprint | str) -> Blueprint:
    """Return a blueprint as it is, or the installed one of a name."""
    return registry.find(blueprint).load() if isinstance(blueprint, str) else blueprint


def pairs(
    blueprint: Blueprint | str, option: str = ""
) -> Iterator[tuple[dict[str, Any], SynthesizedTemplate]]:
    """Yield a blueprint's templates with each two choices at once, and the options of each.

    Two items of one tuple of `Literal`s are a pair, too. Pairs that the options themselves refuse
    are left out; whatever else is raised is a mistake in the blueprint. Many faults need two
    choices: a name that two parts of a template both give, a list that one of them makes longer.

    Args:
        blueprint: the blueprint, or the name of an installed one.
        option: the name of one option, whose choices are then drawn with those of the options
            behind it only, so that several processes can share the work.

    Raises:
        Problems: a default is not of its own option's type.
    """
    blueprint = _installed(blueprint)
    for options in paired(blueprint, option):
        yield options, synthesize(blueprint, options)


def paired(blueprint: Blueprint, option: str = "") -> Iterator[dict[str, Any]]:
    """Yield the options of `pairs`, without drawing anything."""
    for first, second in combinations(choices(blueprint), 2):
        if option not in ("", first.option):
            continue
        chosen = {first.option: first.value}
        if first.option != second.option:
            chosen[second.option] = second.value
        elif isinstance(first.value, list):
            chosen[first.option] = [*first.value, *second.value]
        else:
            continue
        options = {**first.needs, **second.needs, **chosen}
        if not option_problems(blueprint.options_type, options):
            yield options


def dangling(body: dict[str, Any]) -> set[str]:
    """Return the names that a template refers to and does not have.

    Those of parameters, resources, conditions and mappings: in `Ref`, `Fn::GetAtt`, `Fn::Sub`,
    `Fn::If`, `Fn::FindInMap`, `Condition` and `DependsOn`.
    """
    there = {name for section in SECTIONS for name in body.get(section, {})}
    return {name for name in _named(body) if name not in there and not name.startswith("AWS::")}


def unused(body: dict[str, Any]) -> set[str]:
    """Return the parameters, conditions and mappings that nothing in a template refers to."""
    named = _named(body)
    sections = (body.get(section, {}) for section in SECTIONS if section != "Resources")
    return {name for section in sections for name in section if name not in named}


def _named(body: dict[str, Any]) -> set[str]:
    """Return every name that anything in a template refers to."""
    return {
        name
        for section, content in body.items()
        if section not in ("Metadata", "Parameters", "Mappings")
        for name in (*references(content), *_conditions_and_more(content))
    }


def _conditions_and_more(value: Any) -> Iterator[str]:
    """Yield the names of conditions, mappings and resources that are referred to without a Ref."""
    if isinstance(value, list):
        for item in value:
            yield from _conditions_and_more(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("Fn::If", "Fn::FindInMap") and isinstance(item, list):
                yield from (name for name in item[:1] if isinstance(name, str))
            elif key in ("Condition", "DependsOn"):
                # A policy has conditions of its own, which are mappings.
                yield from (name for name in _listed(item) if isinstance(name, str))
            yield from _conditions_and_more(item)


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
    targets: set[str] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                targets.add(item)
            elif key == "Fn::GetAtt":
                targets.add(item[0])
            elif key == "Fn::Sub":
                text, given = item if isinstance(item, list) else (item, {})
                names = {part.partition("}")[0] for part in text.split("${")[1:]}
                targets |= {n.partition(".")[0] for n in names if n[:1] != "!" and n not in given}
                targets |= references(given)
            else:
                targets |= references(item)
    elif isinstance(value, list):
        for item in value:
            targets |= references(item)
    return targets


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
