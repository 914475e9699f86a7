"""Options: how a dataclass declares them, and how a table becomes one."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cfngen.authoring.option_problems import key_of, placed, problems_of
from cfngen.errors import CfngenError, Problems, did_you_mean

if TYPE_CHECKING:  # costs a tenth of a second, so only those pay who bring options to validate
    from pydantic import TypeAdapter, ValidationError


def option(
    description: str,
    *,
    default: Any = dataclasses.MISSING,
    needs: Mapping[str, Any] | None = None,
) -> Any:
    """Declare one field of an `Options` dataclass, or of one that it is made of.

    It is set at build time. The fields of the `Options` themselves must have a default.

    Args:
        description: what it decides.
        default: its default value.
        needs: other options that a value other than the default needs, as in a TOML table;
            `cfngen.testing.shapes` uses them.
    """
    about = {"description": description, "needs": dict(needs or {})}
    return dataclasses.field(default=default, metadata=about)


def options_from(options_type: type[Any], table: dict[str, Any] | None = None) -> Any:
    """Return the dataclass that a table of options describes; its defaults, without any.

    Raises:
        Problems: every unknown key, wrong type and bad value, each with its key; or, where there
            are none of these, all options that cannot be combined (`problems_of`).
    """
    options = _validated(options_type, table) if table else _defaults(options_type)
    if problems := problems_of(options):
        raise Problems(problems)
    return options


def option_problems(options_type: type[Any], table: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a table of options, a line each; nothing if all is well."""
    try:
        options_from(options_type, table)
    except Problems as error:
        return error.problems
    return ()


def chosen_options(options: Any) -> dict[str, Any]:
    """Return the options that differ from their defaults, by name, as plain data."""
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        default = (
            field.default_factory()
            if field.default_factory is not dataclasses.MISSING
            else field.default
        )
        if value != default:
            chosen[field.name] = _plain(value)
    return chosen


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return chosen_options(value)
    if isinstance(value, (set, frozenset)):  # in no order of its own
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def options_schema(options_type: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a blueprint's options, for editors and other tools."""
    schema = _adapter(options_type).json_schema()
    parts = schema.get("$defs", {})
    for part in (schema, *parts.values()):
        if "properties" in part:
            part["additionalProperties"] = False
    for kind in _reachable(options_type):
        part = schema if kind is options_type else parts.get(kind.__name__, {})
        for field in dataclasses.fields(kind):
            described = field.metadata.get("description")
            if described and field.name in part.get("properties", {}):
                part["properties"][field.name]["description"] = described
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _adapter(options_type: type[Any]) -> TypeAdapter[Any]:
    from pydantic import PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(options_type)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        first = str(error).partition("\n")[0]
        raise CfngenError(
            f"{options_type.__module__}.{options_type.__qualname__}: its types cannot be"
            f" validated: {first}"
        ) from None


def _validated(options_type: type[Any], table: dict[str, Any]) -> Any:
    """Return the dataclass of a table whose keys, types and values are right.

    Raises:
        Problems: they are not.
    """
    from pydantic import ValidationError

    dates = [key_of(steps) for steps in _dates(table, ())]
    problems = [f"{key}: a date or time is no option; write it as text" for key in dates]
    options = None
    # Read as JSON, a list may become a tuple and text an enum, but never text a number.
    text = json.dumps(table, default=str)
    try:
        options = _adapter(options_type).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        by_key = _problems(options_type, table, error)
        problems += [line for key, line in by_key if key not in dates]
    if problems:
        raise Problems(problems)
    return options


def _defaults(options_type: type[Any]) -> Any:
    """Return the options without any given; a refusal by `__post_init__` is a message."""
    try:
        return options_type()
    except ValueError as error:
        raise Problems([str(what) for what in error.args] or [str(error)]) from error


# --- what is wrong, in the words of a person who writes TOML ------------------------------------


def _problems(
    options_type: type[Any], table: dict[str, Any], error: ValidationError
) -> Iterator[tuple[str, str]]:
    """Yield keys and lines; the complaints about one key are the ways to mend it."""
    by_key: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        steps = _steps(table, detail["loc"], missing=detail["type"] == "missing")
        key = key_of(steps)
        if complaints := _complaints(detail):
            # A dataclass whose __post_init__ raises ValueError names its own fields.
            kinds = _dataclasses_at(options_type, steps)
            kind = kinds[0] if kinds else options_type
            yield from ((key, placed(kind, steps, what)) for what in complaints)
            continue
        message = _message(options_type, steps, detail)
        by_key.setdefault(key, []).append(message)
        if message.startswith("must be"):
            shown = json.dumps(detail["input"], ensure_ascii=False, default=str)
            given[key] = f", got {shown}{_near_miss(detail)}"
    for key, messages in by_key.items():
        line = ", or ".join(dict.fromkeys(messages)) + given.get(key, "")
        yield key, f"{key}: {line}" if key else line


def _message(options_type: type[Any], steps: tuple[str | int, ...], detail: Any) -> str:
    kind = detail["type"]
    if kind == "unexpected_keyword_argument":
        keys = [
            field.name
            for parent in _dataclasses_at(options_type, steps[:-1])
            for field in dataclasses.fields(parent)
        ]
        hint = did_you_mean(str(steps[-1]), keys)
        return f"unknown option{hint} (available: {', '.join(keys) or 'none'})"
    if kind == "missing":
        return "is missing"
    if kind == "dataclass_type":
        return "must be a table"
    return re.sub(r"^Input should be", "must be", str(detail["msg"]))


def _complaints(detail: Any) -> list[str]:
    """Return a dataclass's own complaints, if that is what it is."""
    if detail["type"] not in ("value_error", "assertion_error"):
        return []
    error = detail["ctx"]["error"]
    return [str(what) for what in error.args] or [str(error)]


def _near_miss(detail: Any) -> str:
    if detail["type"] not in ("literal_error", "enum") or not isinstance(detail["input"], str):
        return ""
    return did_you_mean(detail["input"], re.findall(r"'([^']*)'", detail["ctx"]["expected"]))


def _steps(
    table: dict[str, Any], location: Iterable[str | int], *, missing: bool
) -> tuple[str | int, ...]:
    """Return the keys of a location that are in the table; others name the arms of a union."""
    steps: list[str | int] = []
    here: Any = table
    location = tuple(location)
    for number, step in enumerate(location, start=1):
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            if missing and number == len(location):
                steps.append(step)
        else:
            steps.append(step)
    return tuple(steps)


def _dates(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the places of what TOML knows and JSON does not: dates and times."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _dates(item, (*at, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _dates(item, (*at, number))
    elif not isinstance(value, (str, int, float, bool, type(None))):
        yield at


# --- the dataclasses within a dataclass ---------------------------------------------------------


def _dataclasses_at(options_type: type[Any], steps: Iterable[str | int]) -> list[type[Any]]:
    """Return the dataclasses that may stand at a place below another."""
    here = [options_type]
    for step in steps:
        if isinstance(step, str):
            here = [k for kind in here for k in _dataclasses_in(_hints(kind).get(step))]
    return here


def _dataclasses_in(hint: Any) -> list[type[Any]]:
    """Return the dataclasses that a type names, such as those in `tuple[Subnet, ...]`."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return [hint]
    return [kind for part in typing.get_args(hint) for kind in _dataclasses_in(part)]


def _reachable(options_type: type[Any]) -> list[type[Any]]:
    """Return the dataclass and those it is made of."""
    types = [options_type]
    for kind in types:
        for hint in _hints(kind).values():
            types += [k for k in _dataclasses_in(hint) if k not in types]
    return types


def _hints(kind: type[Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind)
    except NameError:  # imported for type checkers only; there is just no advice, then
        return {}
