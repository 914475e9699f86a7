"""Troposphere's values as plain data, with the comments and waivers that go with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import troposphere

from cfngen.authoring.iam import Statement
from cfngen.authoring.waivers import waivers_of
from cfngen.cloudformation.document import Waiver


class CarriedTemplate(str):
    """The text of a template that is a property of another one, with the waivers in it."""

    waivers: dict[tuple[str | int, ...], tuple[Waiver, ...]]


@dataclass
class Notes:
    """What goes with a template's data by path: comments, and waivers of scanners."""

    comments: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    waivers: dict[tuple[str | int, ...], tuple[Waiver, ...]] = field(default_factory=dict)


def encode(value: Any, path: tuple[str | int, ...] = (), notes: Notes | None = None) -> Any:
    """Return a troposphere value as plain data in one pass, noting reasons and waivers by path.

    troposphere's own `to_dict` encodes once per level of nesting; this does it once.
    """
    notes = notes or Notes()
    if waivers := waivers_of(value):
        notes.waivers[path] = waivers
    if isinstance(value, CarriedTemplate):
        notes.waivers |= {(*path, *inner): waiver for inner, waiver in value.waivers.items()}
        return str(value)
    value = _level(value)
    if isinstance(value, Statement) and value.reason:
        notes.comments[path] = value.reason
    if isinstance(value, dict):
        return {key: encode(item, (*path, key), notes) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item, (*path, i), notes) for i, item in enumerate(value)]
    return value


def _level(value: Any) -> Any:
    """Return one level of a troposphere value as plain data, validated."""
    if isinstance(value, troposphere.BaseAWSObject):
        if value.do_validation:
            value._validate_props()  # noqa: SLF001 - `to_dict` does it, but encodes again
            value.validate()
        return {k: v for k, v in value.resource.items() if k != "Properties" or v}
    if isinstance(value, troposphere.AWSHelperFn):
        # awacs has a helper class of the same name whose instances only know JSONrepr.
        return value.data if hasattr(value, "data") else value.to_dict()
    if hasattr(value, "JSONrepr"):
        return value.JSONrepr()
    return value.to_dict() if hasattr(value, "to_dict") else value
