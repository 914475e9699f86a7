"""A review as JSON: the keys of `cfngen.review.model`, as review.schema.json has them."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from typing import Any

from cfngen.cloudformation.document import Origin
from cfngen.cloudformation.text import Text
from cfngen.cloudformation.values import readable
from cfngen.escaping import escape_json
from cfngen.review.formats.options import Options
from cfngen.review.formats.verdict import verdict
from cfngen.review.model import MISSING, Review

SCHEMA_VERSION = (
    1  # incremented when a key is removed or changes its meaning, not when one is added
)


def render(review: Review, _options: Options) -> str:
    """Return a review as JSON: enumerations by value, resolved values readable.

    A value that is not there on one side has no key.
    """
    data = {"schema_version": SCHEMA_VERSION, "verdict": verdict(review), **plain_data(review)}
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    # UTF-8 cannot hold half of a pair, and a terminal or a log obeys some of the rest.
    return escape_json(text) + "\n"


def plain_data(value: Any) -> Any:
    """Return a value of the model as plain data for JSON."""
    if isinstance(value, Origin | Text):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain_data(
                "" if field_value is None and field.name == "origin" else field_value
            )
            for field in dataclasses.fields(value)
            if (field_value := getattr(value, field.name)) is not MISSING
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain_data(item) for item in value]
    return _resolved(readable(value))


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
