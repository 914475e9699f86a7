"""Finds references to names that a template does not declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.document import Document
from cfngen.errors import nearest

# Names in `Fn::Sub`, but not the literal `${!Name}`.
NAME = re.compile(r"\$\{\s*([^!}][^}]*?)\s*\}")


def undeclared(document: Document) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield dangling references: section and name of what has it, and the message.

    A `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn` needs a parameter or a resource of that name
    (AWS page "Ref" of the template reference), `Condition` and `Fn::If` a condition. A template
    with a transform is passed over, since a macro may add what it refers to.
    """
    body = document.body
    if "Transform" in body:
        return
    resources = [*body.get("Resources", {})]
    names = {
        "parameter or resource": [*body.get("Parameters", {}), *resources],
        "resource": resources,
        "condition": [*body.get("Conditions", {})],
    }
    for section in ("Conditions", "Resources", "Outputs"):
        for name, thing in body.get(section, {}).items():
            for kind, target in dict.fromkeys(_references(thing, section)):
                if not target.startswith("AWS::") and target not in names[kind]:
                    match = nearest(target, names[kind])
                    advice = f". Did you mean {match}?" if match else ""
                    what = f"{_label(section, name, thing)} refers to {target}, which is no {kind}"
                    yield (section, name), f"{what} of the template{advice}"


def _label(section: str, name: str, thing: Any) -> str:
    """Return what something is called: `Topic "Alerts"`, `output "Url"`."""
    if section == "Resources":
        return f'{thing["Type"].rpartition("::")[2]} "{name}"'
    return f'{section.removesuffix("s").lower()} "{name}"'


def _references(value: Any, section: str = "") -> Iterator[tuple[str, str]]:
    """Yield the kinds and names of what a value refers to.

    Args:
        value: plain data, as in the body of a template.
        section: the section whose entry it is; empty for what is inside of one.
    """
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if not isinstance(value, dict):
        return
    if section in ("Resources", "Outputs"):
        if isinstance(condition := value.get("Condition"), str):
            yield "condition", condition
        depends = value.get("DependsOn", [])
        for name in [depends] if isinstance(depends, str) else depends:
            yield "resource", name
    for key, item in value.items():
        yield from _function(key, item) if len(value) == 1 else ()
        yield from _references(item)


def _function(key: str, argument: Any) -> Iterator[tuple[str, str]]:
    if key == "Ref" and isinstance(argument, str):
        yield "parameter or resource", argument
    elif key == "Condition" and isinstance(argument, str):
        yield "condition", argument
    elif key == "Fn::If" and isinstance(argument, list) and argument:
        if isinstance(argument[0], str):
            yield "condition", argument[0]
    elif key == "Fn::GetAtt" and argument and isinstance(argument, (str, list)):
        name = argument.partition(".")[0] if isinstance(argument, str) else argument[0]
        if isinstance(name, str):
            yield "resource", name
    elif key == "Fn::Sub":
        text, variables = argument if isinstance(argument, list) else (argument, {})
        for name in NAME.findall(text) if isinstance(text, str) else ():
            if name not in variables:
                kind = "resource" if "." in name else "parameter or resource"
                yield kind, name.partition(".")[0]
