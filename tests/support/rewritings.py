"""Templates written otherwise, so that they mean the same: a review of them has nothing to say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.read import read
from cfngen.cloudformation.values import scalar
from cfngen.errors import RenderError
from cfngen.review import review
from cfngen.review.model import Review

SUB = re.compile(r"\$\{(!?)([^}]*)\}")
# Parameters and functions that are lists, which have no spelling within a text.
LISTS = re.compile(r"CommaDelimitedList|List<")
# What is seen as it is written, whatever it means: macros, loops and modules.
OPAQUE = re.compile(r"Fn::Transform|Fn::ForEach|::MODULE")
SAM = "AWS::Serverless-2016-10-31"  # whose types are looked into
NOT_IN_TEXTS = ("AWS::NoValue", "AWS::NotificationARNs")

Body = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A template as it is written, and as data."""

    text: str
    body: Body

    @property
    def is_opaque(self) -> bool:
        """Whether a part of it is not looked into, so that it counts as it is written."""
        transform = self.body.get("Transform", SAM)
        return transform not in (SAM, [SAM]) or OPAQUE.search(self.text) is not None


def template(text: str) -> Template | None:
    """Return the template that a text is, `None` if it is none that can be read."""
    try:
        body = read(text)
    except RenderError:
        return None
    if not isinstance(body, dict) or "Resources" not in body:
        return None
    sections = (body.get(name, {}) for name in ("Resources", "Conditions", "Outputs", "Parameters"))
    return Template(text, body) if all(isinstance(each, dict) for each in sections) else None


def differences(before: str, after: str) -> list[str]:
    """Return what a review says of two texts that mean the same, both ways; nothing if it is right.

    That a template is too large for one way to deploy it is said of its bytes, not its meaning.
    """
    return [
        line
        for one, other in ((before, after), (after, before))
        for line in _statements(review({"t": one}, {"t": other}))
    ]


def _statements(result: Review) -> Iterator[str]:
    for finding in (*result.findings, *result.unknowns):
        yield f"{finding.concern} ({finding.certainty}) {finding.subject}: {finding.message}"
    for stack in result.stacks:
        yield from (f"{change.kind} {change.name}" for change in stack.resources)
        yield from (f"{entry.kind} {entry.section}.{entry.name}" for entry in stack.entries)
        yield from (f"{change.extent} {change.attached_to}" for change in stack.permissions)
        yield from (f"{way.description} {way.resource}" for way in stack.exposures)


def as_json(given: Template) -> str:
    """Write a template as JSON."""
    return json.dumps(given.body, indent=1)


def shuffled_keys(given: Template) -> str:
    """Write the keys of every mapping in another order."""
    order = random.Random(7)  # noqa: S311 - any order is as good

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            order.shuffle(keys)
            return {key: walk(value[key]) for key in keys}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return json.dumps(walk(given.body))


def carriage_returns(given: Template) -> str:
    """End each line as Windows does."""
    return given.text.replace("\r\n", "\n").replace("\n", "\r\n")


def byte_order_mark(given: Template) -> str:
    """Begin the file as Windows does."""
    return "\ufeff" + given.text.removeprefix("\ufeff")


def numbers_as_text(given: Template) -> str:
    """Write numbers and truth values as texts."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return value if value is None or isinstance(value, str) else str(scalar(value))

    return json.dumps(walk(given.body))


def references_as_sub(given: Template) -> str:
    """Write `Ref`, `Fn::GetAtt` and `Fn::Join` with `Fn::Sub`."""
    lists = _list_parameters(given.body)

    def sub(value: Any) -> str | None:
        """Return what stands in `Fn::Sub` for a value, `None` if nothing can."""
        if isinstance(value, str):
            return value.replace("${", "${!")
        name, argument = _function(value)
        if name == "Fn::Sub" and isinstance(argument, str):
            return argument
        if name == "Ref" and isinstance(argument, str) and argument not in lists:
            return f"${{{argument}}}"
        if name == "Fn::GetAtt" and isinstance(argument, str | list):
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            both = len(parts) == 2 and all(isinstance(part, str) for part in parts)
            return f"${{{'.'.join(parts)}}}" if both else None
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            delimiter, items = argument
            texts = [sub(item) for item in items] if isinstance(items, list) else [None]
            if isinstance(delimiter, str) and None not in texts:
                return delimiter.replace("${", "${!").join(map(str, texts))
        return None

    def rewritten(value: Any) -> Any:
        text = sub(value) if _function(value)[0] else None
        return None if text is None or "${" not in text else {"Fn::Sub": text}

    return json.dumps(_in_values(given.body, rewritten))


def sub_as_join(given: Template) -> str:
    """Write `Fn::Sub` with `Fn::Join`, `Ref` and `Fn::GetAtt`."""

    def rewritten(value: Any) -> Any:
        name, text = _function(value)
        if name != "Fn::Sub" or not isinstance(text, str):
            return None
        items: list[Any] = []
        start = 0
        for match in SUB.finditer(text):
            items.append(text[start : match.start()])
            target = match[2].strip()
            if match[1]:
                items.append(f"${{{match[2]}}}")
            elif "." in target and ":" not in target:
                items.append({"Fn::GetAtt": target.split(".", 1)})
            else:
                items.append({"Ref": target})
            start = match.end()
        items.append(text[start:])
        return {"Fn::Join": ["", [item for item in items if item != ""]]}

    return json.dumps(_in_values(given.body, rewritten))


def renamed_conditions(given: Template) -> str:
    """Give every condition another name, wherever it is asked."""
    names = {name: f"Other{name}" for name in given.body.get("Conditions") or {}}

    def renamed(value: Any, *, in_conditions: bool = False) -> Any:
        if isinstance(value, list):
            return [renamed(item, in_conditions=in_conditions) for item in value]
        if not isinstance(value, dict):
            return value
        name, argument = _function(value)
        if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            rest = renamed(argument[1:])
            return {name: [_one_of(names, argument[0]), *rest]}
        if in_conditions and list(value) == ["Condition"]:
            other = renamed(value["Condition"], in_conditions=True)
            return {"Condition": _one_of(names, other)}
        return {k: renamed(item, in_conditions=in_conditions) for k, item in value.items()}

    body: Body = {
        key: renamed(value, in_conditions=key == "Conditions") for key, value in given.body.items()
    }
    for section in ("Resources", "Outputs"):
        for entry in (body.get(section) or {}).values():
            if isinstance(entry, dict) and "Condition" in entry:
                entry["Condition"] = _one_of(names, entry["Condition"])
    if names:
        body["Conditions"] = {_one_of(names, k): v for k, v in body["Conditions"].items()}
    return json.dumps(body)


def reversed_operands(given: Template) -> str:
    """Write the operands of `Fn::Equals`, `Fn::And` and `Fn::Or` in another order."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        name, argument = _function(value)
        if name in ("Fn::Equals", "Fn::And", "Fn::Or") and isinstance(argument, list):
            return {name: [walk(item) for item in reversed(argument)]}
        return {key: walk(item) for key, item in value.items()}

    conditions = walk(given.body.get("Conditions") or {})
    return json.dumps({**given.body, **({"Conditions": conditions} if conditions else {})})


REWRITINGS: dict[str, Callable[[Template], str]] = {
    rewriting.__name__.replace("_", "-"): rewriting
    for rewriting in (
        as_json,
        shuffled_keys,
        carriage_returns,
        byte_order_mark,
        numbers_as_text,
        references_as_sub,
        sub_as_join,
        renamed_conditions,
        reversed_operands,
    )
}
# What is not looked into is compared as it is written: only these leave it as it is.
OF_OPAQUE = ("as-json", "shuffled-keys", "carriage-returns", "byte-order-mark")


def rewritings(given: Template) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a template can be written otherwise, and how it is written so."""
    for name, rewriting in REWRITINGS.items():
        if given.is_opaque and name not in OF_OPAQUE:
            continue
        if name == "carriage-returns" and "\r" in given.text.replace("\r\n", ""):
            continue
        yield name, rewriting(given)


def _function(value: Any) -> tuple[str, Any]:
    """Return the function that a value is a call of, and its argument; no name if it is none."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return name, argument
    return "", None


def _one_of(names: dict[str, str], value: Any) -> Any:
    return names.get(value, value) if isinstance(value, str) else value


def _list_parameters(body: Body) -> set[str]:
    """Return the parameters that are lists, and what is no text at all."""
    parameters = (body.get("Parameters") or {}).items()
    return {
        *NOT_IN_TEXTS,
        *(n for n, p in parameters if isinstance(p, dict) and LISTS.search(str(p.get("Type")))),
    }


def _in_values(body: Body, rewritten: Callable[[Any], Any]) -> Body:
    """Return a template in which the values of properties and outputs are rewritten."""

    def walk(value: Any) -> Any:
        other = rewritten(value)
        if other is not None:
            return other
        if isinstance(value, dict):
            name, argument = _function(value)
            if name == "Fn::If" and isinstance(argument, list) and argument:
                return {name: [argument[0], *map(walk, argument[1:])]}
            if name in ("Fn::GetAtt", "Ref"):
                return value
            return {key: walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    result = dict(body)
    result["Resources"] = {
        name: {**entry, "Properties": walk(entry["Properties"])}
        if isinstance(entry, dict) and isinstance(entry.get("Properties"), dict)
        else entry
        for name, entry in body["Resources"].items()
    }
    outputs = body.get("Outputs")
    if isinstance(outputs, dict):
        result["Outputs"] = {
            name: {**entry, "Value": walk(entry["Value"])}
            if isinstance(entry, dict) and "Value" in entry
            else entry
            for name, entry in outputs.items()
        }
    return result
