"""What resources will be called, as far as a template says, as patterns for ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from cfngen.cloudformation.physical_names import (
    BY_RESOURCE,
    BY_STACK,
    CUT,
    KEPT,
    SMALL,
    name_property,
)
from cfngen.cloudformation.values import CLOSE, OPEN, scalar

IMPORT = f"{OPEN}Fn::ImportValue "
STRANGE = re.compile(r"[^\w+=,.@/:*-]", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where the stack will be, as far as that is known; `*` for what is not."""

    stack: str
    partition: str = "*"
    region: str = "*"
    account: str = "*"
    parameters: dict[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()  # the parameters that the template has
    defaults: dict[str, str] = field(default_factory=dict)  # of parameters that have one
    # ARNs of roles that other stacks export, as patterns, by the names of the exports.
    exports: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what a reference to a parameter comes to, `*` where only the deployment knows."""
        pseudo = {
            "AWS::StackName": self.stack,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
        }
        return pseudo.get(name) or self.parameters.get(name, "*")


@dataclass(frozen=True)
class Called:
    """How a resource will be called: patterns, and why they are no narrower, if they could be."""

    patterns: tuple[str, ...]
    note: str = ""


def called(name: str, type_: str, properties: dict[str, Any], place: Place) -> Called | None:
    """Return what a resource will be called, `None` if its service gives it an ID."""
    key = name_property(type_)
    if not key:
        return None
    given = properties.get(key)
    if given is None:
        return _generated(name, type_, place)
    found = patterns(given, place)
    own = place.stack + "-"
    if any("*" in pattern and not pattern.startswith(own) for pattern in found):
        return Called(found, f"{name} is called {asked(given, place)}")
    return Called(found)


def patterns(value: Any, place: Place) -> tuple[str, ...]:
    """Return what a resolved value may come to, with `*` in place of what is not known yet."""
    if isinstance(value, dict):
        branches = value.get("Fn::If")
        if len(value) == 1 and isinstance(branches, list) and len(branches) == 3:
            both = [found for branch in branches[1:] for found in patterns(branch, place)]
            return tuple(dict.fromkeys(both))
        return ("*",)
    if (name := import_name(value)) is not None:
        return _imported(name, place)
    return ("*",) if isinstance(value, list) or value is None else (_pattern(scalar(value), place),)


def import_name(value: Any) -> str | None:
    """Return the name of the export that a resolved value is, `None` if it is anything else."""
    if not isinstance(value, str) or not value.startswith(IMPORT) or not value.endswith(CLOSE):
        return None
    name = value[len(IMPORT) : -len(CLOSE)]
    depth = 0
    for letter in name:
        depth += (letter == OPEN) - (letter == CLOSE)
        if depth < 0:  # the import ends before the text does
            return None
    return name


def _imported(name: str, place: Place) -> tuple[str, ...]:
    """Return the ARNs of the roles that an import may be; `*` if no known export has its name."""
    wanted = [pattern for pattern in patterns(name, place) if pattern.strip("*")]
    found = [
        arn
        for export, arns in place.exports.items()
        if any(fnmatchcase(export, pattern) for pattern in wanted)
        for arn in arns
    ]
    return tuple(dict.fromkeys(found)) or ("*",)


def parameters(value: Any) -> set[str]:
    """Return what a resolved value is made of beside text: names of parameters and resources."""
    text = value if isinstance(value, str) else repr(value)
    return set(re.findall(f"{OPEN}([A-Za-z0-9]+){CLOSE}", text))


def asked(value: Any, place: Place) -> str:
    """Return what a value is made of, for a note on why nothing is narrower."""
    if import_name(value) is not None:
        return "what another stack exports"
    names = sorted((parameters(value) & place.declared) - set(place.parameters))
    if not names:
        return "what only the deployment knows"
    return f"what {' and '.join(names)} says: --parameter {names[0]}=… narrows it"


def _pattern(text: str, place: Place) -> str:
    """Write `*` for what stands between the marks of a reference, which may be one in another."""
    written, depth, inner = "", 0, ""
    for letter in text:
        if letter == OPEN:
            depth, inner = depth + 1, "" if depth == 0 else inner + letter
        elif letter == CLOSE and depth:
            depth -= 1
            if depth == 0:
                written += place.value(inner)
        elif depth:
            inner += letter
        else:
            # A star of the template's own is a letter here, not a pattern.
            written += "?" if letter == "*" or STRANGE.match(letter) else letter
    return re.sub(r"\*+", "*", written)


def _generated(name: str, type_: str, place: Place) -> Called:
    kept = CUT.get(type_, KEPT)
    stack = place.stack if len(place.stack) <= kept else place.stack[:kept]
    by_stack = f"{stack}-*" if stack == place.stack else f"{stack}*"
    by_resource = f"{name[:KEPT]}-*" if len(name) <= KEPT else f"{name[:KEPT]}*"
    if type_ in BY_RESOURCE:
        found = BY_RESOURCE[type_] + by_resource
        shared = f"{found} may be another stack's: what is of type {type_} has no stack in its name"
        return Called((found,), shared)
    if type_ in BY_STACK:
        found = by_stack.lower() if type_ in SMALL else by_stack
        cut = f"{found} may be another stack's, whose name begins so: a name has no room for all"
        return Called((found,), cut if stack != place.stack else "")
    both = (by_stack, by_resource)
    return Called(
        (*both, *(each.lower() for each in both if each != each.lower())),
        f"how CloudFormation calls what is of type {type_} is not known",
    )
