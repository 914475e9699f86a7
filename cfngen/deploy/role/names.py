"""What resources will be called, as far as a template says, as patterns for ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.glob import covers
from cfngen.cloudformation.physical_names import (
    BY_RESOURCE,
    BY_STACK,
    KEPT_OF_TYPE,
    LOWERCASE,
    MAX_KEPT,
    name_property,
)
from cfngen.cloudformation.text import AnyText, Text, Unknown, elements, join
from cfngen.cloudformation.values import references, scalar
from cfngen.deploy.role.destination import Destination

IMPORT = "Fn::ImportValue"
STRANGE = re.compile(r"[^\w+=,.@/:*-]", re.ASCII)


@dataclass(frozen=True)
class PhysicalName:
    """What a resource will be named: patterns, and why they are no narrower, if they could be."""

    patterns: tuple[str, ...]
    note: str = ""


def physical_name(
    name: str, type_: str, properties: dict[str, Any], destination: Destination
) -> PhysicalName | None:
    """Return what a resource will be called, `None` if its service gives it an ID."""
    property_ = name_property(type_)
    if not property_:
        return None
    value = properties.get(property_)
    if value is None:
        return _generated(name, type_, destination)
    names = patterns(value, destination)
    own = destination.stack + "-"
    if any("*" in pattern and not pattern.startswith(own) for pattern in names):
        return PhysicalName(names, f"{name} is called {describe_unknown(value, destination)}")
    return PhysicalName(names)


def patterns(value: Any, destination: Destination) -> tuple[str, ...]:
    """Return what a resolved value may come to, with `*` in place of what is not known yet.

    >>> from cfngen.cloudformation.text import reference
    >>> here = Destination("shop", region="eu-west-1")
    >>> stack, account = map(reference, ("AWS::StackName", "AWS::AccountId"))
    >>> patterns(join([stack, "-", account, "-logs"]), here)
    ('shop-*-logs',)
    >>> patterns({"Fn::If": ["Named", "logs", reference("Name")]}, here)
    ('logs', '*')
    """
    if isinstance(value, dict):
        branches = value.get("Fn::If")
        if len(value) == 1 and isinstance(branches, list) and len(branches) == 3:
            both = [pattern for branch in branches[1:] for pattern in patterns(branch, destination)]
            return tuple(dict.fromkeys(both))
        return ("*",)
    if (name := import_name(value)) is not None:
        return _imported(name, destination)
    return (
        ("*",)
        if isinstance(value, list) or value is None
        else (_pattern(scalar(value), destination),)
    )


def import_name(value: Any) -> AnyText | None:
    """Return the name of the export that a resolved value is, `None` if it is anything else.

    >>> from cfngen.cloudformation.text import unknown
    >>> import_name(unknown("Fn::ImportValue", "shop-role")), import_name("shop-role")
    ('shop-role', None)
    """
    alone = value.alone if isinstance(value, Text) else None
    if isinstance(alone, Unknown) and alone.function == IMPORT:
        return join(alone.argument)
    return None


def _imported(name: AnyText, destination: Destination) -> tuple[str, ...]:
    """Return the ARNs that an import may be; `*` if no known export has its name."""
    names = [pattern for pattern in patterns(name, destination) if pattern.strip("*")]
    arns = [
        arn
        for export, arns in destination.exports.items()
        if any(covers(pattern, export) for pattern in names)
        for arn in arns
    ]
    return tuple(dict.fromkeys(arns)) or ("*",)


def parameters(value: Any) -> set[str]:
    """Return what a resolved value is made of beside text: names of parameters and resources.

    >>> from cfngen.cloudformation.text import reference
    >>> parameters(join([reference("Name"), "-logs"]))
    {'Name'}
    """
    return {name for name, attribute in references(value) if not attribute and ":" not in name}


def describe_unknown(value: Any, destination: Destination) -> str:
    """Return what a value is made of, for a note on why nothing is narrower."""
    if import_name(value) is not None:
        return "what another stack exports"
    names = sorted((parameters(value) & destination.declared) - set(destination.parameters))
    if not names:
        return "what only the deployment knows"
    return f"what {' and '.join(names)} says: --parameter {names[0]}=… narrows it"


def _pattern(text: AnyText, destination: Destination) -> str:
    """Write `*` for a reference to what only the deployment knows."""
    written = ""
    for element in elements(text):
        if isinstance(element, str):
            # A star of the template's own is a letter here, not a pattern.
            written += "?" if element == "*" or STRANGE.match(element) else element
        else:
            written += destination.value(element.written)
    return re.sub(r"\*+", "*", written)


def _generated(name: str, type_: str, destination: Destination) -> PhysicalName:
    kept = KEPT_OF_TYPE.get(type_, MAX_KEPT)
    stack = destination.stack if len(destination.stack) <= kept else destination.stack[:kept]
    by_stack = f"{stack}-*" if stack == destination.stack else f"{stack}*"
    by_resource = f"{name[:MAX_KEPT]}-*" if len(name) <= MAX_KEPT else f"{name[:MAX_KEPT]}*"
    if type_ in BY_RESOURCE:
        pattern = BY_RESOURCE[type_] + by_resource
        shared = (
            f"{pattern} may be another stack's: what is of type {type_} has no stack in its name"
        )
        return PhysicalName((pattern,), shared)
    if type_ in BY_STACK:
        pattern = by_stack.lower() if type_ in LOWERCASE else by_stack
        cut = f"{pattern} may be another stack's, whose name begins so: a name has no room for all"
        return PhysicalName((pattern,), cut if stack != destination.stack else "")
    usual = (by_stack, by_resource)
    return PhysicalName(
        (*usual, *(each.lower() for each in usual if each != each.lower())),
        f"how CloudFormation calls what is of type {type_} is not known",
    )
