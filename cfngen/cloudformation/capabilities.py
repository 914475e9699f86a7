"""Which capabilities CloudFormation wants for a template, and which resource needs each.

Source: CloudFormation's API reference, CreateChangeSet, `Capabilities`. Nested templates and those
of stack sets are not looked into: a stack set says its own, and a nested one is another template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.schemas import schema

IAM, NAMED, EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"
# A name in one of these is one of the whole account.
NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
# SAM makes a role for these, unless it is given one.
MAKES_ROLE = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
NO_VALUE = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True)
class Need:
    """One capability, and what in the template needs it: logical IDs, or the name of a macro."""

    capability: str
    reasons: tuple[str, ...]


def needs(body: Any, *, transforms: bool = True) -> tuple[Need, ...]:
    """Return the capabilities that a template (plain data) needs, each with its reasons.

    `CAPABILITY_NAMED_IAM` includes `CAPABILITY_IAM`, so never are both there. Whoever knows that
    there are no `transforms` saves a walk through everything.
    """
    needed_by: dict[str, list[str]] = {IAM: [], NAMED: [], EXPAND: []}
    body = body if isinstance(body, dict) else {}
    resources = body.get("Resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and (capability := _of(resource)):
            needed_by[capability].append(str(name))
    if transforms:
        needed_by[EXPAND] += [f"the transform {macro}" for macro in macros(body)]
    if needed_by[NAMED]:
        del needed_by[IAM]
    return tuple(Need(key, tuple(reasons)) for key, reasons in needed_by.items() if reasons)


def macros(body: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the transforms that a template goes through, in its order."""
    return tuple(dict.fromkeys(_macros(body)))


def _of(resource: dict[str, Any]) -> str:
    """Return what one resource needs, nothing if nothing."""
    type_ = str(resource.get("Type", ""))
    properties = resource.get("Properties")
    properties = properties if isinstance(properties, dict) else {}
    if type_ == "AWS::Serverless::Application":
        return EXPAND
    if type_ in MAKES_ROLE:
        return "" if "Role" in properties else IAM
    if not type_.startswith("AWS::IAM::"):
        return ""
    if properties.get(NAMES.get(type_, ""), NO_VALUE) != NO_VALUE:
        return NAMED
    needed: str = schema(type_).overlay.get("capability", "")
    return needed


def _macros(value: Any) -> list[str]:
    """Walk a template; deep ones are cut off where no template of CloudFormation's goes."""
    names: list[str] = []
    todo: list[tuple[Any, int]] = [(value, 0)]
    for node, depth in todo:  # grows while it is walked: nothing is moved, however wide it is
        if isinstance(node, dict):
            for key, inner in node.items():
                if (key == "Transform" and depth == 0) or key == "Fn::Transform":
                    names += _named(inner)
                elif depth < 100:
                    todo.append((inner, depth + 1))
        elif isinstance(node, list) and depth < 100:
            todo += [(item, depth + 1) for item in node]
    return names


def _named(transform: Any) -> list[str]:
    """Return the names in a transform: one, as text or with parameters, or a list of such."""
    listed = transform if isinstance(transform, list) else [transform]
    return [str(macro.get("Name", "?") if isinstance(macro, dict) else macro) for macro in listed]
