"""Options that come from a file, held against the blueprint's dataclass."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from cfngen.errors import CfngenError, Problems, did_you_mean

if TYPE_CHECKING:  # costs a tenth of a second, so only those pay who bring options to validate
    from pydantic import TypeAdapter, ValidationError


def options_from(options_type: type[Any], table: dict[str, Any]) -> Any:
    """Return the dataclass that a table of options describes.

    Raises:
        Problems: every unknown key, wrong type and bad value, each with its key.
    """
    if not table:
        return options_type()
    from pydantic import ValidationError

    try:
        text = json.dumps(table)
    except TypeError:
        raise Problems(["a date or time is no option; write it as text"]) from None
    try:
        return _adapter(options_type).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        raise Problems(_problems(options_type, error)) from None


def option_problems(options_type: type[Any], table: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a table of options, a line each; nothing if all is well."""
    try:
        options_from(options_type, table)
    except Problems as error:
        return error.problems
    return ()


def options_schema(options_type: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a blueprint's options, for editors and other tools."""
    schema = _adapter(options_type).json_schema()
    schema["additionalProperties"] = False
    for field in dataclasses.fields(options_type):
        if described := field.metadata.get("description"):
            schema["properties"][field.name]["description"] = described
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _adapter(options_type: type[Any]) -> TypeAdapter[Any]:
    from pydantic import PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(options_type)
    except PydanticUserError as error:
        raise CfngenError(
            f"{options_type.__qualname__}: its types cannot be validated: {error}"
        ) from None


def _problems(options_type: type[Any], error: ValidationError) -> list[str]:
    problems = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(step) for step in detail["loc"]) or "?"
        message = detail["msg"]
        if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            message = "unknown option"
            if len(detail["loc"]) == 1:
                known = [field.name for field in dataclasses.fields(options_type)]
                message += f"{did_you_mean(key, known)} (there are: {', '.join(known) or 'none'})"
        elif detail["type"] == "value_error":
            message = str(detail["ctx"]["error"])
            key = "" if key == "?" else key
        else:
            message = f"{message[0].lower()}{message[1:]}, got {detail['input']!r}"
        problems.append(f"{key}: {message}" if key else message)
    return problems
