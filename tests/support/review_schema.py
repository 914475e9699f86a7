"""The schema of the review's JSON, made from the types of its model.

`python tests/support/review_schema.py` writes it. What a class says of itself is its description,
and so is the comment behind a field or a member.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import io
import json
import re
import tokenize
import types
import typing
from pathlib import Path
from typing import Any

from cfngen.cloudformation.document import Origin
from cfngen.review.formats.outputs.json import SCHEMA_VERSION
from cfngen.review.model import Review

SCHEMA = Path(__file__).parents[2] / "cfngen" / "review" / "formats" / "review.schema.json"
ABOUT = (
    "What a change of templates means for the stacks that are made of them. Values are resolved:"
    " intrinsic functions with literal arguments are worked out, and a reference that is left for"
    " deploy time is written as Fn::Sub would, ${Name.Attribute}. A value that one side does not"
    " have has no key."
)
VERSION = "Incremented when a key is removed or changes its meaning, not when one is added."
FIELD = re.compile(r"    (\w+)(?:: | = )")


def schema() -> dict[str, Any]:
    """Return the schema of what `cfngen review --format json` prints."""
    definitions: dict[str, Any] = {}
    whole = _of_class(Review, definitions)
    named = {
        "schema_version": {"const": SCHEMA_VERSION, "description": VERSION},
        "verdict": {"type": "string", "description": "The review in one line, for a person."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `cfngen review --format json` prints",
        **whole,
        "description": ABOUT,
        "required": [*named, *whole["required"]],
        "properties": {**named, **whole["properties"]},
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """Return the text of the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _of_class(class_: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a class of values; what its fields have goes to the definitions."""
    hints, comments = typing.get_type_hints(class_), _comments(class_)
    fields = dataclasses.fields(class_)
    return {
        "type": "object",
        "description": _about(class_),
        "required": [field.name for field in fields if hints[field.name] is not Any],
        "additionalProperties": False,
        "properties": {
            field.name: _of_type(hints[field.name], definitions)
            | ({"description": comments[field.name]} if field.name in comments else {})
            for field in fields
        },
    }


def _of_type(type_: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    plain = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        Any: {},
        Origin: {"type": "string"},
    }
    if type_ in plain:
        return dict(plain[type_])
    if type_ is int:
        return {"type": "integer", "minimum": 0}
    arguments = typing.get_args(type_)
    if typing.get_origin(type_) is types.UnionType:
        (some,) = (argument for argument in arguments if argument is not types.NoneType)
        inner = _of_type(some, definitions)
        return inner if some is Origin else {"anyOf": [inner, {"type": "null"}]}
    if typing.get_origin(type_) is tuple:
        if arguments[-1] is Ellipsis:
            return {"type": "array", "items": _of_type(arguments[0], definitions)}
        items = [_of_type(argument, definitions) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if type_.__name__ not in definitions:
        definitions[type_.__name__] = {}  # one that contains itself ends here
        made = _of_enum(type_) if issubclass(type_, enum.Enum) else _of_class(type_, definitions)
        definitions[type_.__name__] = made
    return {"$ref": f"#/$defs/{type_.__name__}"}


def _of_enum(class_: type[enum.Enum]) -> dict[str, Any]:
    comments = _comments(class_)
    notes = [f"`{m.value}`: {comments[m.name]}" for m in class_ if m.value and m.name in comments]
    return {
        "enum": [member.value for member in class_],
        "description": " ".join([_about(class_).partition(" To add one,")[0], *notes]),
    }


def _about(class_: type[Any]) -> str:
    """Return what a class says of itself, without what it says of its attributes."""
    return " ".join((inspect.getdoc(class_) or "").partition("\nAttributes:")[0].split())


def _comments(class_: type[Any]) -> dict[str, str]:
    """Return what is said of the fields or members of a class, there or in a comment behind one."""
    attributes = (inspect.getdoc(class_) or "").partition("\nAttributes:")[2]
    comments = dict(re.findall(r"^    (\w+): (.+)$", attributes, re.MULTILINE))
    source = inspect.getsource(class_)
    lines = source.splitlines()
    name = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = lines[token.start[0] - 1] if token.start[0] <= len(lines) else ""
        if field := FIELD.match(line):
            name = field[1]
        if token.type == tokenize.COMMENT and name and "fmt:" not in token.string:
            comments[name] = token.string.removeprefix("#").strip()
    return {name: f"{said[0].upper()}{said[1:].rstrip('.')}." for name, said in comments.items()}


if __name__ == "__main__":
    SCHEMA.write_text(text(), "utf-8")
