"""Both branches of every `Fn::If` that only the deployment decides, with what each depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.values import CLOSE, OPEN, REFERENCE, canonical, scalar
from cfngen.review.stack import Resource, Stack

WHEN = "template condition"


@dataclass(frozen=True, order=True)
class Entry:
    """One condition: an operator, a key, the values of which one must do; names in small letters.

    A condition of the template is an entry too, with the operator `WHEN`.
    """

    operator: str
    key: str
    values: frozenset[str]
    written: str = field(default="", compare=False)


When = frozenset[Entry]
ALWAYS: When = frozenset()


def branches(value: Any) -> Iterator[tuple[When, Any]]:
    """Yield what a resolved value may be, each with the template's conditions for it."""
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        argument = value["Fn::If"]
        if isinstance(argument, list) and len(argument) == 3:
            name = argument[0] if isinstance(argument[0], str) else canonical(argument[0])
            for truth, branch in (("true", argument[1]), ("false", argument[2])):
                mine = condition(name, truth)
                yield from ((mine | when, inner) for when, inner in branches(branch))
            return
    yield ALWAYS, value


def condition(name: str, truth: str = "true") -> When:
    """Return that a condition of the template is true, or false."""
    word = "if" if truth == "true" else "unless"
    return frozenset({Entry(WHEN, name, frozenset({truth}), f"{word} {name}")})


def possible(entries: When) -> bool:
    """Whether no condition of the template would have to be true and false at once."""
    names = [entry.key for entry in entries if entry.operator == WHEN]
    return len(names) == len(set(names))


def items(value: Any) -> Iterator[tuple[When, str]]:
    """Yield the texts that a value or list consists of; what is no text is one that is unknown."""
    for when, found in branches(value):
        if found is None:
            continue
        if isinstance(found, list):
            for item in found:
                yield from ((when | inner, text) for inner, text in items(item))
        elif isinstance(found, dict):
            yield when, opaque(canonical(found))
        else:
            yield when, scalar(found)


def texts(value: Any) -> tuple[str, ...]:
    """Return the same as plain texts, those that depend on a condition each as an unknown one."""
    return tuple(
        opaque(f"{text} {'; '.join(sorted(entry.written for entry in when))}") if when else text
        for when, text in items(value)
    )


def opaque(text: str) -> str:
    """Return a text that is equal to itself and to nothing else, as a reference is."""
    return f"{OPEN}{text}{CLOSE}"


def lookup(value: Any, *path: str) -> Iterator[tuple[When, Any]]:
    """Yield what stands at a path, `*` being each item of a list; `None` where nothing does."""
    for when, found in branches(value):
        if not path:
            yield when, found
        elif path[0] == "*":
            for item in found if isinstance(found, list) else ():
                yield from ((when | inner, got) for inner, got in lookup(item, *path[1:]))
        else:
            below = found.get(path[0]) if isinstance(found, dict) else None
            yield from ((when | inner, got) for inner, got in lookup(below, *path[1:]))


def existence(stack: Stack, resource: Resource) -> When | None:
    """Return when a resource is there by its `Condition`; `None` if it never is."""
    name = resource.attributes.get("Condition")
    if not isinstance(name, str):
        return ALWAYS
    known = stack.resolver.known(name)
    if known is not None:
        return ALWAYS if known else None
    return condition(stack.resolver.condition(name))


def referred(value: Any) -> str:
    """Return the name that a value is nothing but a reference to, or nothing."""
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


def type_of(stack: Stack, name: str) -> str:
    """Return the type of a resource without working its values out; nothing if there is none."""
    if stack.sections is None or name not in stack.sections.resources:
        return ""
    body = stack.sections.resources[name].body
    found = body.get("Type", "") if isinstance(body, dict) else ""
    return found if isinstance(found, str) else ""


def ordered(before: Stack, after: Stack) -> dict[str, int]:
    """Return the place of each logical ID: head's order, then base's for what was removed."""
    return {name: at for at, name in enumerate(dict.fromkeys((*after.names, *before.names)))}
