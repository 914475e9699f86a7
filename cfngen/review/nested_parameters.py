"""What an outer template passes to the parameters of one inside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.text import Ref, Text, digest, unknown
from cfngen.cloudformation.values import canonical, is_known, references, scalar, shown
from cfngen.review.stack import Resource

STACK_SET = "AWS::CloudFormation::StackSet"
MAX_LABEL = 60


class PassedParameters:
    """The parameters of one nested stack or stack set: values that are resolved."""

    def __init__(self, resource: Resource) -> None:
        """Look at what a resource passes."""
        self.of_set = resource.type == STACK_SET
        given = resource.properties.get("Parameters", {})
        self.values = _values(given)
        # Where only the deployment knows which parameters are passed, any of them may be.
        self.unknown = canonical(given) if self.values is None else ""
        self.overridden = _overridden(resource) if self.of_set else {}

    def value(self, name: str, declared: Any) -> tuple[Any, bool]:
        """Return the value of a declared parameter, and whether it is known; `None` if open."""
        if self.unknown:
            return self.unknown, False
        over = self.overridden.get(name, "") + self.overridden.get("", "")
        value = (self.values or {}).get(name)
        if over:
            return f"{canonical(value)} {over}", False
        if value is None:
            if self.of_set:  # instances may have been made with values of their own
                return None, False
            value = declared.get("Default") if isinstance(declared, dict) else None
            if not isinstance(value, str | int | float):
                return None, False
        type_ = str(declared.get("Type", "")) if isinstance(declared, dict) else ""
        if isinstance(value, dict) or not is_known(value) or type_.startswith("AWS::SSM::"):
            return value, False
        if type_ == "CommaDelimitedList" or type_.startswith("List<"):
            items = value if isinstance(value, list) else str(scalar(value)).split(",")
            return [str(scalar(item)).strip() for item in items], True
        return (value, False) if isinstance(value, list) else (scalar(value), True)


def passed_parameters(
    sides: tuple[Resource | None, Resource | None],
    inner: tuple[Sections | None, Sections | None],
    replaced: Collection[str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the known parameter values of a nested template, on both sides.

    A literal is known. Of what only the deployment knows, what is the same on both sides is left
    open, and what is not becomes a text that is equal to nothing else, so that each use of it
    differs as well.

    Args:
        sides: the resource of the outer template, before and after.
        inner: the template inside of it, before and after.
        replaced: the outer's resources that may be replaced: who refers to them gets another value.
    """
    given = [PassedParameters(resource) if resource else None for resource in sides]
    declared = [side.section("Parameters") if side else {} for side in inner]
    parameters: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name in dict.fromkeys((*declared[0], *declared[1])):
        values = [
            side.value(name, of[name]) if side and name in of else (None, False)
            for side, of in zip(given, declared, strict=True)
        ]
        hit = any(other in replaced for other, _ in references(values[1][0]))
        both = all(side and name in of for side, of in zip(given, declared, strict=True))
        open_ = not both or (canonical(values[0][0]) == canonical(values[1][0]) and not hit)
        for at, (value, settled) in enumerate(values):
            if settled:
                parameters[at][name] = value
            elif not open_:
                parameters[at][name] = _unknown(value, "replaced" if hit and at else "")
    return parameters


def _unknown(value: Any, note: str) -> Text:
    """Return a value that only the deployment knows, as a text that is no reference of here."""
    alone = value.alone if isinstance(value, Text) else None
    if isinstance(alone, Ref):
        label = alone.written
    else:
        plain = "".join(letter for letter in shown(value) if letter not in '${}"')
        label = f"{plain[:MAX_LABEL]} {digest(canonical(value))}"
    return unknown("outer", f"{label}{f', {note}' if note else ''}")


def _values(given: Any) -> dict[str, Any] | None:
    """Return what is passed by name, `None` if that is not to be seen."""
    if isinstance(given, dict):
        return None if any(key.startswith("Fn::") for key in given) else given
    if not isinstance(given, list):
        return None
    values: dict[str, Any] = {}
    for item in given:
        name = item.get("ParameterKey") if isinstance(item, dict) else None
        if not isinstance(name, str) or name in values:
            return None
        values[name] = item.get("ParameterValue")
    return values


def _overridden(resource: Resource) -> Mapping[str, str]:
    """Return what instances have instead, by name; under no name if that is not to be seen."""
    groups = resource.properties.get("StackInstancesGroup", [])
    overridden: dict[str, str] = {}
    for group in groups if isinstance(groups, list) else [groups]:
        overrides = group.get("ParameterOverrides") if isinstance(group, dict) else group
        if overrides is None:
            continue
        values = _values(overrides) if isinstance(overrides, list) else None
        where = {}
        if isinstance(group, dict):
            where = {key: group[key] for key in group if key != "ParameterOverrides"}
        for name, value in ({"": overrides} if values is None else values).items():
            overridden[name] = overridden.get(name, "") + canonical([where, value])
    return overridden
