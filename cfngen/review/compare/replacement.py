"""Whether a change of a property replaces its resource (will, may or no), and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.evidence import Evidence
from cfngen.cloudformation.schemas import Schema
from cfngen.cloudformation.text import AnyText, Part, Ref, Text, parts_of
from cfngen.cloudformation.values import canonical, is_known, references, shown
from cfngen.review.compare.differences import Difference, labels
from cfngen.review.model import MISSING, Certainty

DYNAMIC = "{{resolve:"  # how a dynamic reference begins, which only a deployment replaces
# Most certain first; a resource is as certain to be replaced as its most certain property.
ORDER = (Certainty.WILL, Certainty.MAY, Certainty.NO)


@dataclass(frozen=True)
class Verdict:
    """What a change of one property does; `reason` is what says so."""

    replacement: Certainty = Certainty.NO
    reason: Evidence | None = None
    refused: Certainty = Certainty.NO


@dataclass(frozen=True)
class PropertyReference:
    """A property that refers to some names; `certain` if it does so under any condition."""

    path: str
    pointer: tuple[str, ...]
    value: Text
    names: frozenset[str]
    certain: bool = True


def property_verdict(schema: Schema, difference: Difference, own: frozenset[str]) -> Verdict:
    """Return what a changed property does to its resource.

    Args:
        schema: that of the resource's type.
        difference: what is different.
        own: the logical IDs of the template: two references to two of them are never equal.
    """
    if not schema.exists:
        return Verdict(Certainty.MAY, Evidence(schema.type))
    for keyword, listed in schema.decisive(difference.pointer):
        path, before, after = next(touched_values(difference, [listed]))
        if canonical_or_missing(before) == canonical_or_missing(after):
            continue
        pointer = "/properties/" + "/".join(path)
        reason = schema.source(keyword, pointer)
        certain = certainly_different(before, after, own)
        if _is_default(schema, path, before, after):
            if keyword != "createOnlyProperties":
                continue
            # To spell out the default replaced the resource, says a report that AWS confirmed:
            # https://github.com/awsdocs/aws-cloudformation-user-guide/issues/1276
            certain = False
        certainty = Certainty.WILL if certain else Certainty.MAY
        if keyword == "refuses":
            return Verdict(reason=reason, refused=certainty)
        if keyword == "conditionalCreateOnlyProperties":
            certainty = Certainty.MAY
        return Verdict(certainty, reason)
    return Verdict()


def following_note(names: Iterable[str], certainty: Certainty) -> str:
    """Return what a reader is told of a reference to resources that may be replaced."""
    return f"refers to {', '.join(names)}, which {certainty} be replaced"


def most_certain(certainties: Iterator[Certainty] | list[Certainty]) -> Certainty:
    """Return the most certain of several certainties; `NO` if there are none.

    >>> most_certain([Certainty.NO, Certainty.MAY]).value, most_certain([]).value
    ('may', 'no')
    """
    return min(certainties, key=ORDER.index, default=Certainty.NO)


def certainly_different(before: Any, after: Any, own: frozenset[str]) -> bool:
    """Whether two values that look different are different in every deployment.

    A parameter, a pseudo parameter, an import or an attribute may turn out to be what stands on
    the other side. Two literals do not, nor do references to two resources of one template, nor
    texts that differ only around the references which both have. Two dynamic references may have
    one value, of whatever version they are.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> name = Resolver({}, {}).resolve({"Ref": "Name"})
    >>> certainly_different("a", "b", frozenset()), certainly_different(name, "b", frozenset())
    (True, False)
    >>> sides = [Resolver({}, {}).resolve({"Fn::Sub": "${Name}-" + end}) for end in ("old", "new")]
    >>> certainly_different(*sides, frozenset())
    True
    """
    if before is MISSING or after is MISSING:
        there = after if before is MISSING else before
        return not (isinstance(there, dict) and "Fn::If" in there)
    if DYNAMIC in shown(before) or DYNAMIC in shown(after):
        return False
    if is_known(before) and is_known(after):
        return True
    if not (isinstance(before, str | Text) and isinstance(after, str | Text)):
        return False
    sides = [side.alone if isinstance(side, Text) else None for side in (before, after)]
    names = {side.name for side in sides if isinstance(side, Ref)}
    if len(names) == len(sides):
        return names <= own
    return _differ_around_references(before, after)


def _differ_around_references(before: AnyText, after: AnyText) -> bool:
    """Whether texts with the same references differ in the text around them."""
    sides = [parts_of(side) for side in (before, after)]
    references = [[part for part in parts if not isinstance(part, str)] for parts in sides]
    # Other functions are not the same for sure.
    if references[0] != references[1] or not all(isinstance(part, Ref) for part in references[0]):
        return False
    around = [[*_around(parts)] for parts in sides]
    if len("".join(around[0])) != len("".join(around[1])):
        return True
    return any(
        len(around[0][end]) == len(around[1][end]) and around[0][end] != around[1][end]
        for end in (0, -1)
    )


def _around(parts: tuple[Part, ...]) -> Iterator[str]:
    """Yield what is known before, between and after the references of a text."""
    piece = ""
    for part in parts:
        if isinstance(part, str):
            piece = part
        else:
            yield piece
            piece = ""
    yield piece


def property_references(
    value: Any,
    names: frozenset[str],
    path: str = "",
    pointer: tuple[str, ...] = (),
    *,
    certain: bool = True,
) -> Iterator[PropertyReference]:
    """Yield the properties of a resolved value that refer to some names.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> value = Resolver({}, {}).resolve({"Role": {"Fn::GetAtt": "BuildRole.Arn"}, "Size": 1})
    >>> [(found.path, sorted(found.names)) for found in property_references(value, {"BuildRole"})]
    [('Role', ['BuildRole'])]
    """
    if isinstance(value, dict):
        for key, item in value.items():
            # What a function left for deploy time holds stands where the function stands.
            if key.startswith("Fn::"):
                always = certain and key != "Fn::If"
                for part in item if isinstance(item, list) else [item]:
                    yield from property_references(part, names, path, pointer, certain=always)
            else:
                at = f"{path}.{key}" if path else key
                yield from property_references(item, names, at, (*pointer, key), certain=certain)
    elif isinstance(value, list):
        for label, item in zip(labels(value), value, strict=True):
            yield from property_references(
                item, names, f"{path}[{label}]", (*pointer, "*"), certain=certain
            )
    elif isinstance(value, Text):
        referenced = frozenset(name for name, _ in references(value)) & names
        if referenced:
            yield PropertyReference(path, pointer, value, referenced, certain=certain)


def canonical_or_missing(value: Any) -> str:
    """Return a text that is the same for equal values; empty for `MISSING`."""
    return "" if value is MISSING else canonical(value)


def touched_values(
    difference: Difference, paths: Iterable[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield which of some property paths a difference touches, with both values.

    A property may lie within what is different, or around it; the values of items are in lists.

    >>> found = Difference("Limits", ("Limits",), {"Days": 9}, {"Days": 7})
    >>> list(touched_values(found, [("Limits", "Days"), ("Other",)]))
    [(('Limits', 'Days'), 9, 7)]
    """
    for path in paths:
        if all(a == b for a, b in zip(path, difference.pointer, strict=False)):
            deeper = path[len(difference.pointer) :]
            yield path, _value_at(difference.before, deeper), _value_at(difference.after, deeper)


def _value_at(value: Any, path: tuple[str, ...]) -> Any:
    for number, key in enumerate(path):
        if key == "*" and isinstance(value, list):
            values = [_value_at(item, path[number + 1 :]) for item in value]
            return [item for item in values if item is not MISSING] or MISSING
        value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value


def _is_default(schema: Schema, path: tuple[str, ...], before: Any, after: Any) -> bool:
    """Whether one side states the default of the schema and the other side omits it."""
    stated = after if before is MISSING else before if after is MISSING else MISSING
    default = schema.default(path)
    return stated is not MISSING and default is not None and canonical(default) == canonical(stated)
