"""Values of parameters that a running stack has, as a deployment keeps or completes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.values import scalar
from cfngen.review.pairs import Pair, TemplateSide
from cfngen.review.stack import Stack

# Its value is the name of another one, whose value the resource gets.
SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(?P<type>.+)>")
MAX_NAMED = 5
HIDDEN = "****"  # what CloudFormation has instead of a value with NoEcho


@dataclass(frozen=True)
class DeployedParameter:
    """A value as the stack has it; `resolved` is what one of Systems Manager stands for."""

    value: str | None
    resolved: str | None = None


@dataclass(frozen=True)
class DeployedStack:
    """A running stack with its parameters."""

    name: str
    parameters: Mapping[str, DeployedParameter] = field(default_factory=dict)


def known_values(
    sides: tuple[Sections | None, Sections | None], stack: DeployedStack
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameter values of both sides, as `aws cloudformation deploy` leaves them.

    What the stack has stays, whatever the default is now; a parameter that is new has its default.
    What nobody can see is not among them: secrets, and what Systems Manager has for a new one.
    """
    declared = [side.section("Parameters") if side else {} for side in sides]
    secret = {
        name
        for parameters in declared
        for name, entry in parameters.items()
        if isinstance(entry, dict) and str(entry.get("NoEcho", "")).lower() == "true"
    }
    before, after = (
        {
            name: value
            for name, entry in parameters.items()
            if name not in secret and (value := _value(name, entry, stack)) is not None
        }
        for parameters in declared
    )
    return before, after


def _value(name: str, declared: Any, stack: DeployedStack) -> str | list[str] | None:
    entry = declared if isinstance(declared, dict) else {}
    type_ = str(entry.get("Type", ""))
    stored = SSM_VALUE.fullmatch(type_)
    given = stack.parameters.get(name)
    if given is None:
        default = entry.get("Default")
        text = str(scalar(default)) if isinstance(default, str | int | float) else None
        text = None if stored else text
    else:
        text = given.resolved if stored else given.value
        # A letter that is not ASCII is printed as `?`.
        text = None if text is None or text == HIDDEN or "?" in text else text
    if text is None:
        return None
    kind = stored["type"] if stored else type_
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in text.split(",")]
    return text


def with_values(
    parts: tuple[Mapping[str, TemplateSide], Mapping[str, TemplateSide]],
    stacks: Mapping[str, DeployedStack],
) -> tuple[dict[str, TemplateSide], dict[str, TemplateSide]]:
    """Return templates with the values of their stacks.

    A resource whose condition does not hold with them is not in the stack, so it is left out.
    """
    before, after = dict(parts[0]), dict(parts[1])
    for name, stack in stacks.items():
        old, new = before.get(name), after.get(name)
        sections = (old.sections if old else None, new.sections if new else None)
        values = known_values(sections, stack)
        for side, given in zip((before, after), values, strict=True):
            if name in side:
                part = replace(side[name], parameters=given)
                absent = absent_resources(part)
                side[name] = replace(part, sections=part.sections.without(absent))
    return before, after


def absent_resources(part: TemplateSide) -> frozenset[str]:
    """Return the resources whose condition does not hold with the values of the stack."""
    stack = Stack(part.sections, parameters=part.parameters)
    conditions = {name: stack.raw(name).get("Condition") for name in stack.names}
    return frozenset(
        name
        for name, condition in conditions.items()
        if isinstance(condition, str) and stack.resolver.truth(condition) is False
    )


def presence_notes(pair: Pair, stack: DeployedStack) -> Iterator[str]:
    """Yield which resources a stack gets or loses by conditions, although both sides have them."""
    if not (pair.old and pair.new):
        return
    sides = [side.sections.resources for side in (pair.old, pair.new)]
    for absent, there, becomes in (
        (pair.old.sections.absent, sides[1], "added"),
        (pair.new.sections.absent, sides[0], "removed"),
    ):
        names = sorted(absent & there.keys())
        if names:
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            yield (
                f"{becomes} by a condition, with the parameters of the stack {stack.name}:"
                f" {', '.join(names[:MAX_NAMED])}{more}"
            )


def is_allowed(entry: Mapping[str, Any], values: Mapping[str, Any], name: str) -> bool | None:
    """Whether a parameter may have its value; `None` if nobody can say.

    Patterns are Java's, and a type may stand for a look into the account: neither is decided here.
    """
    value = values.get(name)
    plain = entry.get("Type") in ("String", "Number")
    if not isinstance(value, str) or not plain or "AllowedPattern" in entry:
        return None
    if entry["Type"] == "Number" and _number(value) is None:
        return False
    bounds = [
        (length, limit, number)
        for key, length in (("Length", float(len(value))), ("Value", _number(value)))
        for limit, number in (("Min", entry.get(f"Min{key}")), ("Max", entry.get(f"Max{key}")))
        if number is not None
    ]
    for measured, limit, number in bounds:
        bound = _number(number)
        if measured is None or bound is None:
            return None
        if measured < bound if limit == "Min" else measured > bound:
            return False
    listed = entry.get("AllowedValues")
    if listed is None:
        return True
    if not isinstance(listed, list):
        return None
    if value in [scalar(item) for item in listed]:
        return True
    # Whether 1.0 is allowed where 1 is listed, nobody says.
    alike = entry["Type"] == "Number" and _number(value) in map(_number, listed)
    return None if alike else False


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
