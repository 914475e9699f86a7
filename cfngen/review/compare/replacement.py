"""Whether a change of a property makes a new resource: will, may, or no; and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.schemas import Schema
from cfngen.cloudformation.values import OPEN, REFERENCE, canonical, literal, references
from cfngen.review.compare.differences import Difference, labels
from cfngen.review.model import MISSING, Certainty

# Most certain first; a resource is as certain to be replaced as its most certain property.
ORDER = (Certainty.WILL, Certainty.MAY, Certainty.NO)


@dataclass(frozen=True)
class Verdict:
    """What a change of one property does; `because` is where that is written."""

    replacement: Certainty = Certainty.NO
    because: str = ""
    refused: Certainty = Certainty.NO


@dataclass(frozen=True)
class Referring:
    """A property that refers to some names, for `sure` or only if a condition holds."""

    path: str
    pointer: tuple[str, ...]
    value: str
    names: frozenset[str]
    sure: bool = True


def verdict(schema: Schema, difference: Difference, own: frozenset[str]) -> Verdict:
    """Return what a changed property does to its resource.

    Args:
        schema: that of the resource's type.
        difference: what is different.
        own: the logical IDs of the template: two references to two of them are never equal.
    """
    if not schema.known:
        why = f"there is no schema of {schema.type} to say whether this makes a new one"
        return Verdict(Certainty.MAY, why)
    for keyword, listed in schema.decisive(difference.pointer):
        known, before, after = next(inner(difference, [listed]))
        if canonical_or_missing(before) == canonical_or_missing(after):
            continue
        if _is_default(schema, known, before, after):
            continue
        pointer = "/properties/" + "/".join(known)
        because = schema.source(keyword, pointer)
        certain = certainly_different(before, after, own)
        how = Certainty.WILL if certain else Certainty.MAY
        if keyword == "refuses":
            return Verdict(because=because, refused=how)
        if keyword == "conditionalCreateOnlyProperties":
            how = Certainty.MAY
        return Verdict(how, because)
    return Verdict()


def most_certain(certainties: Iterator[Certainty] | list[Certainty]) -> Certainty:
    """Return the most certain of several; `NO` of none."""
    return min(certainties, key=ORDER.index, default=Certainty.NO)


def certainly_different(before: Any, after: Any, own: frozenset[str]) -> bool:
    """Whether two values that look different are so, whatever is deployed.

    A parameter, a pseudo parameter, an import or an attribute may turn out to be what stands on
    the other side. Two literals do not, nor do references to two resources of one template, nor
    texts that differ only around the references which both have.
    """
    if before is MISSING or after is MISSING:
        there = after if before is MISSING else before
        return not (isinstance(there, dict) and "Fn::If" in there)
    if literal(before) and literal(after):
        return True
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    one, other = REFERENCE.fullmatch(before), REFERENCE.fullmatch(after)
    if one and other and one[1] != other[1]:
        return {one[1], other[1]} <= own
    return _around(before, after)


def _around(before: str, after: str) -> bool:
    """Whether texts with the same references, which keep their values, differ around them."""
    old, new = REFERENCE.split(before), REFERENCE.split(after)
    if OPEN in before + after and REFERENCE.findall(before) == REFERENCE.findall(after):
        sides = [[*parts[::3]] for parts in (old, new)]
        if OPEN not in "".join(sides[0] + sides[1]):  # other functions are not the same for sure
            if len("".join(sides[0])) != len("".join(sides[1])):
                return True
            return any(
                len(sides[0][end]) == len(sides[1][end]) and sides[0][end] != sides[1][end]
                for end in (0, -1)
            )
    return False


def referring(
    value: Any,
    names: frozenset[str],
    path: str = "",
    pointer: tuple[str, ...] = (),
    *,
    sure: bool = True,
) -> Iterator[Referring]:
    """Yield where resolved values refer to some names."""
    if isinstance(value, dict):
        for key, item in value.items():
            # What a function left for deploy time holds stands where the function stands.
            if key.startswith("Fn::"):
                certain = sure and key != "Fn::If"
                for part in item if isinstance(item, list) else [item]:
                    yield from referring(part, names, path, pointer, sure=certain)
            else:
                at = f"{path}.{key}" if path else key
                yield from referring(item, names, at, (*pointer, key), sure=sure)
    elif isinstance(value, list):
        for label, item in zip(labels(value), value, strict=True):
            yield from referring(item, names, f"{path}[{label}]", (*pointer, "*"), sure=sure)
    elif isinstance(value, str):
        found = frozenset(name for name, _ in references(value)) & names
        if found:
            yield Referring(path, pointer, value, found, sure=sure)


def canonical_or_missing(value: Any) -> str:
    """Return a text that is equal for equal values, `MISSING` included."""
    return "" if value is MISSING else canonical(value)


def inner(
    difference: Difference, paths: Iterable[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield which of some properties a difference touches, with both of their values.

    A property may lie within what is different, or around it; the values of items are in lists.
    """
    for known in paths:
        if all(a == b for a, b in zip(known, difference.pointer, strict=False)):
            deeper = known[len(difference.pointer) :]
            yield known, _at(difference.before, deeper), _at(difference.after, deeper)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for number, key in enumerate(path):
        if key == "*" and isinstance(value, list):
            found = [_at(item, path[number + 1 :]) for item in value]
            return [item for item in found if item is not MISSING] or MISSING
        value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value


def _is_default(schema: Schema, path: tuple[str, ...], before: Any, after: Any) -> bool:
    """Whether one side leaves out what the other says, and that is the schema's default."""
    said = after if before is MISSING else before if after is MISSING else MISSING
    default = schema.default(path)
    return said is not MISSING and default is not None and canonical(default) == canonical(said)
