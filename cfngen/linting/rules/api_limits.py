"""What the API behind a resource would refuse of its properties: pattern, length, range, enum.

CloudFormation's schemas say less than the APIs that its handlers call, and cfn-lint *searches*
patterns, where AWS matches them whole. `data/api_limits.json` holds what the APIs' models say of
each property of the types that CI/CD systems are made of; `tests/linting/rules/api_limits.py`
writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.values import scalar, without_references
from cfngen.linting.rule import Problem, Rule
from cfngen.linting.value_limits import UnreadablePatternError, beyond, beyond_range, beyond_size

DATA = "data/api_limits.json"
NUMBERS = ("integer", "long", "float", "double")
Path = tuple[str | int, ...]


def beyond_api(body: dict[str, Any]) -> Iterator[tuple[str, Problem]]:
    """Yield what APIs would refuse of a template's values, each with what it is beyond.

    That is `pattern`, `length`, `range`, or `enum`, which may be out of date. Checked is what is
    known before deploy time: literals, what functions make of literals, both sides of an `Fn::If`,
    and a parameter's default and allowed values where no condition keeps them away. Dynamic
    references, and what CloudFormation converts, such as a policy to text, are not.

    Args:
        body: the template as plain data, functions in their long form.
    """
    for name, resource in _tables(body.get("Resources")):
        root = _data().get(str(resource.get("Type")))
        properties = resource.get("Properties")
        if root and isinstance(properties, dict):
            checker = _Checker(body, {"within": root}, conditional="Condition" in resource)
            yield from checker.walk(properties, ("Resources", name, "Properties"), checker.root)


@dataclass(frozen=True)
class _Checker:
    """Walks the properties of a resource and the limits of its type side by side."""

    body: dict[str, Any]
    root: dict[str, Any]
    conditional: bool  # whether some deployments leave out what is looked at

    def walk(self, value: Any, path: Path, limits: dict[str, Any]) -> Iterator[tuple[str, Problem]]:
        """Yield what is wrong with a value and what is in it."""
        if "same" in limits:
            limits = self._node(limits["same"])
        function = _function(value)
        if function == "Fn::If" and isinstance(value[function], list):
            sometimes = replace(self, conditional=True)
            for number, branch in enumerate(value[function][1:], 1):
                yield from sometimes.walk(branch, (*path, function, number), limits)
        elif function == "Ref":
            for source, given in self._given(value[function]):
                for what, problem in _single(given, path, limits):
                    yield what, problem._replace(message=f"{problem.message}, by {source}")
        elif function:
            resolved = self._resolver.resolve(value)
            if _function(resolved) is None and not isinstance(resolved, list):
                yield from _single(resolved, path, limits)
        else:
            yield from self._plain(value, path, limits)

    def _plain(
        self, value: Any, path: Path, limits: dict[str, Any]
    ) -> Iterator[tuple[str, Problem]]:
        below = limits.get("within", {})
        if isinstance(value, dict):
            if limits.get("is") == "map":
                yield from _sized(len(value), path, limits, "entries")
            for key, item in value.items():
                if "{key}" in below:
                    yield from _single(str(key), (*path, key), below["{key}"])
                inner = below.get(key) or below.get("*")
                if inner:
                    yield from self.walk(item, (*path, key), inner)
        elif isinstance(value, list):
            if limits.get("is") == "list" and all(_function(item) is None for item in value):
                yield from _sized(len(value), path, limits, "items")
            for number, item in enumerate(value):
                yield from self.walk(item, (*path, number), below.get("*", {}))
        elif value is not None:
            yield from _single(value, path, limits)

    @property
    def _resolver(self) -> Resolver:
        mappings, conditions = (self.body.get(key) for key in ("Mappings", "Conditions"))
        return Resolver(dict(_tables(mappings)), dict(_tables(conditions)))

    def _given(self, name: Any) -> Iterator[tuple[str, Any]]:
        """Yield what a parameter can be, and where that stands."""
        parameters = dict(_tables(self.body.get("Parameters")))
        parameter = parameters.get(name, {}) if isinstance(name, str) else {}
        if self.conditional or str(parameter.get("Type")) not in ("String", "Number"):
            return
        allowed = parameter.get("AllowedValues")
        for value in allowed if isinstance(allowed, list) else ():
            yield f"an allowed value of the parameter {name}", value
        if not allowed and parameter.get("Default") not in (None, ""):
            yield f"the default of the parameter {name}", parameter["Default"]

    def _node(self, dotted: str) -> dict[str, Any]:
        node = self.root
        for key in dotted.split("."):
            node = node["within"][key]
        return node


def _single(value: Any, path: Path, limits: dict[str, Any]) -> Iterator[tuple[str, Problem]]:
    """Yield what is wrong with a value that is no list and no table."""
    kind, text = limits.get("is", ""), scalar(value)
    if isinstance(value, (dict, list)) or "{{resolve:" in without_references(text):
        return
    if kind in NUMBERS:
        if isinstance(text, str) and (number := _number(text)) is not None:
            for problem_text in beyond_range(number, limits):
                yield "range", _problem(path, limits, problem_text)
    elif kind == "string" and isinstance(text, str):
        try:
            for what, problem_text in beyond(text, limits):
                yield what, _problem(path, limits, problem_text)
        except UnreadablePatternError as error:
            yield (
                "pattern",
                _problem(path, limits, f"cannot be checked: unreadable pattern {error}"),
            )
    elif kind == "string":  # what is left for deploy time makes it longer, if anything
        size = len(without_references(text))
        at_least = {"max": limits.get("max", size)}
        yield from _sized(size, path, {**limits, **at_least, "min": 0}, CHARS)


CHARS = "characters"


def _sized(
    size: int, path: Path, limits: dict[str, Any], unit: str
) -> Iterator[tuple[str, Problem]]:
    for problem_text in beyond_size(size, limits, unit):
        yield "length", _problem(path, limits, problem_text)


def _problem(path: Path, limits: dict[str, Any], problem_text: str) -> Problem:
    keys = [str(key) for key in path[3:] if key != "Fn::If"]
    return Problem(path, f"{'.'.join(keys)} {problem_text} ({limits['of']})")


def _function(value: Any) -> str | None:
    """Return the name of the function that a value is a call of."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return name
    return None


def _number(text: str) -> float | None:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return None


def _tables(section: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the entries of a section that are tables; what is malformed is for other rules."""
    if isinstance(section, dict):
        yield from ((name, entry) for name, entry in section.items() if isinstance(entry, dict))


@cache
def _data() -> dict[str, Any]:
    text = files("cfngen.cloudformation").joinpath(DATA).read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


API = "https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/supported-resources.html"
RULES = (
    Rule(
        id="E9401",
        title="Values are of the pattern, length and range that the resource's API takes",
        description=(
            "CloudFormation's handler passes the property on to an API, whose published model"
            " refuses the value: the resource fails to be created, and the stack rolls back"
        ),
        source=API,
        problems=lambda body: (problem for what, problem in beyond_api(body) if what != "enum"),
    ),
    Rule(
        id="W9401",
        title="Values are among those that the resource's API lists",
        description=(
            "The API's published model does not list the value. The model that we have may be"
            " older than the value: look it up"
        ),
        source=API,
        problems=lambda body: (problem for what, problem in beyond_api(body) if what == "enum"),
    ),
)
