"""Resolved values: literals, and references that only a deployment can replace.

A reference stands as `Fn::Sub` would write it: `!Ref Bucket`, `!Sub '${Bucket}'` and `!Join ['',
[!Ref Bucket]]` are all the one text `${Bucket}`; `resolve` makes them so. Inside, such a reference
stands between two characters of Unicode's private use, so that it cannot be taken for text that
happens to look like it; `shown` writes it for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

OPEN, CLOSE, SPOOF = "\ue000", "\ue001", "\ufffd"
PRIVATE = re.compile(f"[{OPEN}{CLOSE}]")
REFERENCE = re.compile(f"{OPEN}([A-Za-z0-9:]+)(?:\\.([A-Za-z0-9.:]+))?{CLOSE}")
# A reference whose attribute is known only at deploy time.
HALF_KNOWN = re.compile(f"{OPEN}([A-Za-z0-9]+)\\.[A-Za-z0-9.:]*{OPEN}")


def literal(value: Any) -> bool:
    """Whether a resolved value is known before deploy time, without any reference.

    >>> literal({"Size": ["a", 1]}), literal({"Fn::If": ["Large", 1, 2]})
    (True, False)
    """
    if isinstance(value, str):
        return OPEN not in value
    if isinstance(value, dict):
        return not any(k.startswith("Fn::") or not literal(v) for k, v in value.items())
    return all(map(literal, value)) if isinstance(value, list) else True


def references(value: Any) -> set[tuple[str, str]]:
    """Return what a resolved value refers to: names, each with its attribute or an empty text.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> value = Resolver({}, {}).resolve({"A": {"Ref": "Jobs"}, "B": {"Fn::Sub": "${Jobs.Arn}/*"}})
    >>> sorted(references(value))
    [('Jobs', ''), ('Jobs', 'Arn')]
    """
    names = set()
    for text in _texts(value):
        names |= {(match[1], match[2] or "") for match in REFERENCE.finditer(text)}
        names |= {(match[1], "") for match in HALF_KNOWN.finditer(text)}
    return names


def reference_end(text: str, start: int = 0) -> int:
    """Return where the reference that begins at `start` ends; others may be inside of it.

    0 if no reference begins there, or if it has no end.

    >>> text = f"{OPEN}Fn::ImportValue {OPEN}Net{CLOSE}-id{CLOSE}/x"
    >>> text[: reference_end(text)] == f"{OPEN}Fn::ImportValue {OPEN}Net{CLOSE}-id{CLOSE}"
    True
    >>> reference_end("x")
    0
    """
    if not text.startswith(OPEN, start):
        return 0
    depth = 0
    for mark in PRIVATE.finditer(text, start):
        depth += 1 if mark[0] == OPEN else -1
        if depth == 0:
            return mark.end()
    return 0


def characters(text: str) -> Iterator[str]:
    """Yield the characters of a resolved text, each reference as one of them.

    A reference without an end goes on to the end of the text.

    >>> list(characters(f"a:{OPEN}AWS::Region{CLOSE}")) == ["a", ":", f"{OPEN}AWS::Region{CLOSE}"]
    True
    """
    start = 0
    while start < len(text):
        end = start + 1
        if text[start] == OPEN:
            end = reference_end(text, start) or len(text)
        yield text[start:end]
        start = end


def is_one_reference(text: str) -> bool:
    """Whether a text is one reference or function, and nothing beside it.

    >>> is_one_reference(f"{OPEN}Bucket{CLOSE}"), is_one_reference(f"{OPEN}Bucket{CLOSE}/key")
    (True, False)
    """
    return bool(text) and reference_end(text) == len(text)


def has_functions(value: Any) -> bool:
    """Whether a resolved value contains functions that are left for deploy time."""
    if isinstance(value, dict):
        return any(k == "Ref" or k.startswith("Fn::") or has_functions(v) for k, v in value.items())
    return isinstance(value, list) and any(map(has_functions, value))


def scalar(value: Any) -> str:
    """Return a plain value as text, as CloudFormation takes it: `true` and `'true'` are the same.

    >>> scalar(True), scalar(3.0), scalar("3")
    ('true', '3', '3')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def canonical(value: Any) -> str:
    """Return a text that is the same for resolved values that mean the same.

    The order of keys does not count, that of lists does.

    >>> canonical({"b": True, "a": 1}) == canonical({"a": "1", "b": "true"})
    True
    >>> canonical(["a", "b"]) == canonical(["b", "a"])
    False
    """
    if isinstance(value, dict):
        inner = ",".join(f"{json.dumps(k)}:{canonical(value[k])}" for k in sorted(value))
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    return "null" if value is None else json.dumps(scalar(value))


def shown(value: Any) -> str:
    """Return a resolved value on one line, as a person reads it.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> print(shown(Resolver({}, {}).resolve(["x", {"Fn::Sub": "arn:${AWS::Region}"}])))
    ["x", "arn:${AWS::Region}"]
    """
    if isinstance(value, str):
        return _readable(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, dict | list):
        return json.dumps(readable(value), ensure_ascii=False)
    return str(value)


def readable(value: Any) -> Any:
    """Return a resolved value with its references written `${Name}`, as in `Fn::Sub`."""
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return _readable(value) if isinstance(value, str) else value


def _readable(text: str) -> str:
    if OPEN not in text:
        return text
    return text.replace("${", "${!").replace(OPEN, "${").replace(CLOSE, "}")


def flat(value: Any) -> str:
    """Return a value as it stands within a text, as `Fn::Sub` and `Fn::Join` put it there."""
    if isinstance(value, dict | list):
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
        return f"{OPEN}{text}{CLOSE}" if has_functions(value) else text
    return scalar(value)


def argument_text(value: Any) -> str:
    """Return the argument of a function that is left for deploy time, as a part of a text.

    It is JSON, but for references and functions inside, which stand as they are: no argument is
    escaped once for each function that it is an argument of. No two arguments have one text.
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(k)}: {_part(value[k])}' for k in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_part, value))}]"
    return scalar(value)


def _part(value: Any) -> str:
    if isinstance(value, dict | list):
        return argument_text(value)
    if isinstance(value, str) and is_one_reference(value):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
