"""Resolved values: data whose texts are plain, or have references that a deployment replaces.

A reference stands as `Fn::Sub` would write it: `!Ref Bucket`, `!Sub '${Bucket}'` and `!Join ['',
[!Ref Bucket]]` are all the one `Text`; `resolve` makes them so. `shown` writes it for people.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from cfngen.cloudformation.text import (
    AnyText,
    Part,
    Ref,
    Text,
    inner_parts,
    join,
    parts_of,
    text_key,
    unknown,
)

PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false")


def is_known(value: Any) -> bool:
    """Whether a resolved value is known before deploy time, without any reference.

    >>> is_known({"Size": ["a", 1]}), is_known({"Fn::If": ["Large", 1, 2]})
    (True, False)
    """
    if isinstance(value, Text):
        return False
    if isinstance(value, dict):
        return not any(k.startswith("Fn::") or not is_known(v) for k, v in value.items())
    return all(map(is_known, value)) if isinstance(value, list) else True


def references(value: Any) -> set[tuple[str, str]]:
    """Return what a resolved value refers to: names, each with its attribute or an empty text.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> value = Resolver({}, {}).resolve({"A": {"Ref": "Jobs"}, "B": {"Fn::Sub": "${Jobs.Arn}/*"}})
    >>> sorted(references(value))
    [('Jobs', ''), ('Jobs', 'Arn')]
    """
    names: set[tuple[str, str]] = set()
    todo: list[Part] = [part for text in _texts(value) for part in text.parts]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            continue
        if isinstance(part, Ref):
            names.add((part.name, part.attribute if isinstance(part.attribute, str) else ""))
        todo += inner_parts(part)
    return names


def has_functions(value: Any) -> bool:
    """Whether a resolved value contains functions that are left for deploy time."""
    if isinstance(value, dict):
        return any(k == "Ref" or k.startswith("Fn::") or has_functions(v) for k, v in value.items())
    return isinstance(value, list) and any(map(has_functions, value))


def scalar(value: Any) -> AnyText:
    """Return a plain value as text, as CloudFormation takes it: `true` and `'true'` are the same.

    A number with a fraction is written as Java writes it, as CloudFormation does by its reports.

    >>> scalar(True), scalar(3), scalar(3.0), scalar("3"), scalar(98765432109.0)
    ('true', '3', '3.0', '3', '9.8765432109E10')
    """
    if isinstance(value, str | Text):
        return value
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return _double(value) if isinstance(value, float) else str(value)


def _double(number: float) -> str:
    """Return a number as Java's `Double.toString` writes it."""
    plain = repr(number)
    if number == 0 or 1e-3 <= abs(number) < 1e7 or not math.isfinite(number):
        return plain
    sign, digits, exponent = Decimal(plain).normalize().as_tuple()
    first, *rest = map(str, digits)
    power = int(exponent) + len(rest)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{power}"


def canonical(value: Any) -> str:
    """Return a text that is the same for resolved values that mean the same.

    The order of keys does not count, that of lists does.

    >>> canonical({"b": True, "a": 1}) == canonical({"a": "1", "b": "true"})
    True
    >>> canonical(["a", "b"]) == canonical(["b", "a"])
    False
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        inner = ",".join([f"{quoted(k)}:{canonical(value[k])}" for k in sorted(value)])
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    return "null" if value is None else text_key(scalar(value))


def shown(value: Any) -> str:
    """Return a resolved value on one line, as a person reads it.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> print(shown(Resolver({}, {}).resolve(["x", {"Fn::Sub": "arn:${AWS::Region}"}])))
    ["x", "arn:${AWS::Region}"]
    """
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, dict | list):
        return json.dumps(readable(value), ensure_ascii=False)
    return str(scalar(value))


def readable(value: Any) -> Any:
    """Return a resolved value with its references written `${Name}`, as in `Fn::Sub`."""
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return value.readable if isinstance(value, Text) else value


def flat(value: Any) -> AnyText:
    """Return a value as it stands within a text, as `Fn::Sub` and `Fn::Join` put it there."""
    if not isinstance(value, dict | list):
        return scalar(value)
    text = join(_json(value))
    return unknown("", text) if has_functions(value) else text


def argument_text(value: Any) -> AnyText:
    """Return the argument of a function that is left for deploy time, as a part of a text.

    It is JSON, but for references and functions inside, which stand as they are, and for numbers
    and truth values, which are the same with quotes and without.
    """
    if isinstance(value, dict | list):
        return join(_json(value, as_argument=True))
    return scalar(value)


def opaque(value: Any) -> Text:
    """Return a text that equals only itself, as an unresolved reference does."""
    return unknown("", argument_text(value))


def _json(value: Any, *, as_argument: bool = False) -> Iterator[Part]:
    """Yield a value as JSON, with references as they are inside of its texts."""
    if isinstance(value, dict):
        for number, key in enumerate(sorted(value)):
            yield f"{', ' if number else '{'}{json.dumps(key, ensure_ascii=False)}: "
            yield from _json(value[key], as_argument=as_argument)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from _json(item, as_argument=as_argument)
        yield "]" if value else "[]"
    elif isinstance(value, Text):
        if as_argument and value.alone:
            yield value.alone
        else:
            yield from ('"', *map(_escaped, value.parts), '"')
    elif as_argument and value is not None:
        text = str(scalar(value))
        yield text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
    else:
        yield json.dumps(value, ensure_ascii=False, default=str)


def _escaped(part: Part) -> Part:
    return json.dumps(part, ensure_ascii=False)[1:-1] if isinstance(part, str) else part


def without_references(value: AnyText, blank: str = "") -> str:
    """Return what is known of a text, with something in place of each reference."""
    return "".join(part if isinstance(part, str) else blank for part in parts_of(value))


def _texts(value: Any) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
