"""The alternatives of every `Fn::If` that is decided at deploy time, with their conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.text import AnyText, Ref, Text, join
from cfngen.cloudformation.values import argument_text, opaque, scalar
from cfngen.review.stack import Resource, Stack

TEMPLATE_CONDITION = "template condition"


@dataclass(frozen=True, order=True)
class Term:
    """One term of a condition: an operator, a key, and the values of which one has to match.

    Operator and key are in lower case. A condition of the template is a term as well, with the
    operator `TEMPLATE_CONDITION`. A `Condition` is a set of terms which must all hold. `spelled` is
    the operator and key as a policy has them.
    """

    operator: str
    key: str
    values: frozenset[AnyText]
    description: str = field(default="", compare=False)
    spelled: tuple[str, str] = field(default=("", ""), compare=False)


Condition = frozenset[Term]
ALWAYS: Condition = frozenset()


def if_alternatives(value: Any) -> Iterator[tuple[Condition, Any]]:
    """Yield what a resolved value may be, each alternative with its template conditions.

    >>> for condition, value in if_alternatives({"Fn::If": ["Large", "m5.large", "t3.small"]}):
    ...     print(*(term.description for term in condition), "->", value)
    if Large -> m5.large
    unless Large -> t3.small
    >>> [value for _, value in if_alternatives("plain")]
    ['plain']
    """
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        argument = value["Fn::If"]
        if isinstance(argument, list) and len(argument) == 3:
            name = argument[0] if isinstance(argument[0], str) else str(argument_text(argument[0]))
            for truth, branch in (("true", argument[1]), ("false", argument[2])):
                own = template_condition(name, truth)
                yield from ((own | when, inner) for when, inner in if_alternatives(branch))
            return
    yield ALWAYS, value


def template_condition(name: str, truth: str = "true") -> Condition:
    """Return the condition that a condition of the template is true, or false."""
    word = "if" if truth == "true" else "unless"
    return frozenset({Term(TEMPLATE_CONDITION, name, frozenset({truth}), f"{word} {name}")})


def is_satisfiable(entries: Condition) -> bool:
    """Whether a condition does not need one template condition to be both true and false.

    >>> is_satisfiable(template_condition("Large") | template_condition("Encrypted"))
    True
    >>> is_satisfiable(template_condition("Large") | template_condition("Large", "false"))
    False
    """
    names = [entry.key for entry in entries if entry.operator == TEMPLATE_CONDITION]
    return len(names) == len(set(names))


def text_alternatives(value: Any) -> Iterator[tuple[Condition, AnyText]]:
    """Yield the texts that a value or list consists of, each with its conditions.

    A value that is not text, such as an unresolved function, becomes an opaque text.

    >>> value = ["a", {"Fn::If": ["More", "b", {"Ref": "AWS::NoValue"}]}]
    >>> [text for _, text in text_alternatives(value)][:2]
    ['a', 'b']
    """
    for when, alternative in if_alternatives(value):
        if alternative is None:
            continue
        if isinstance(alternative, list):
            for item in alternative:
                yield from ((when | inner, text) for inner, text in text_alternatives(item))
        elif isinstance(alternative, dict):
            yield when, opaque(alternative)
        else:
            yield when, scalar(alternative)


def flattened_texts(value: Any) -> tuple[AnyText, ...]:
    """Return the texts of a value without conditions.

    A text that depends on a condition becomes an opaque one, which equals only itself.

    >>> flattened_texts(["a", "b"])
    ('a', 'b')
    """
    return tuple(
        opaque(join((text, " ", "; ".join(sorted(entry.description for entry in when)))))
        if when
        else text
        for when, text in text_alternatives(value)
    )


def lookup(value: Any, *path: str) -> Iterator[tuple[Condition, Any]]:
    """Yield what is at a path, `*` being each item of a list; `None` where there is nothing.

    >>> value = {"Rules": [{"Name": "a"}, {"Name": "b"}]}
    >>> [found for _, found in lookup(value, "Rules", "*", "Name")]
    ['a', 'b']
    >>> [found for _, found in lookup(value, "Missing")]
    [None]
    """
    for when, alternative in if_alternatives(value):
        if not path:
            yield when, alternative
        elif path[0] == "*":
            for item in alternative if isinstance(alternative, list) else ():
                yield from ((when | inner, got) for inner, got in lookup(item, *path[1:]))
        else:
            below = alternative.get(path[0]) if isinstance(alternative, dict) else None
            yield from ((when | inner, got) for inner, got in lookup(below, *path[1:]))


def existence(stack: Stack, resource: Resource) -> Condition | None:
    """Return the condition under which a resource exists; `None` if it never does."""
    name = resource.attributes.get("Condition")
    if not isinstance(name, str):
        return ALWAYS
    truth = stack.resolver.truth(name)
    if truth is not None:
        return ALWAYS if truth else None
    return template_condition(stack.resolver.condition(name))


def referenced_name(value: Any) -> str:
    """Return the name that a value is a `Ref` or `Fn::GetAtt` to; empty if it is anything else."""
    alone = value.alone if isinstance(value, Text) else None
    return alone.name if isinstance(alone, Ref) and isinstance(alone.attribute, str) else ""


def type_of(stack: Stack, name: str) -> str:
    """Return the type of a resource without resolving its values; empty if there is none."""
    if stack.sections is None or name not in stack.sections.resources:
        return ""
    body = stack.sections.resources[name].body
    type_name = body.get("Type", "") if isinstance(body, dict) else ""
    return type_name if isinstance(type_name, str) else ""


def template_order(before: Stack, after: Stack) -> dict[str, int]:
    """Return the position of each logical ID: head's order, then what was removed from base."""
    return {name: at for at, name in enumerate(dict.fromkeys((*after.names, *before.names)))}
