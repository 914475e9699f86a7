"""Where two resolved values differ, by path; differences of notation only are skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from cfngen.cloudformation.schemas import Schema
from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.model import MISSING

# The fields that say which item of a list is which, in the order they are tried.
IDENTITIES = (
    "Key",
    "Name",
    "Id",
    "Sid",
    "PolicyName",
    "ParameterKey",
    "AttributeName",
    "IndexName",
    "DeviceName",
    "ContainerName",
    "Label",
)
# Lists of a policy's statement are sets (AWS page "IAM JSON policy elements reference").
SETS_IN_POLICIES = frozenset(
    ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
)

NUMBERS = frozenset(("integer", "number"))  # types of schemas
# A number with a fraction, as a text or not.
FRACTION = re.compile(r"[-+]?[0-9]{1,20}\.[0-9]{1,20}([eE][-+]?[0-9]{1,2})?\Z")
MAX_PAIRS = 250_000  # of items, among which the best are looked for

Item = tuple[int, Any]  # with its place in the list
Items = list[Item]


@dataclass(frozen=True)
class Difference:
    """One place where two values differ.

    `path` is for people (`Tags[Owner].Value`), `pointer` for schemas (`('Tags', '*', 'Value')`).
    """

    path: str
    pointer: tuple[str, ...]
    before: Any
    after: Any


def differences(
    before: dict[str, Any], after: dict[str, Any], schema: Schema | None = None
) -> Iterator[Difference]:
    """Yield where two mappings of resolved values differ, in the order of the keys.

    Lists are compared as the schema has them: without `insertionOrder: false` the order counts.
    Items that have a name of their own are compared with the item of that name.

    >>> old = {"Tags": [{"Key": "Owner", "Value": "me"}], "Size": 1}
    >>> new = {"Tags": [{"Key": "Owner", "Value": "you"}], "Size": "1"}
    >>> for found in differences(old, new):
    ...     print(found.path, found.before, found.after, found.pointer)
    Tags[Owner].Value me you ('Tags', '*', 'Value')
    """
    yield from _Comparer(schema).mapping(before, after, "", ())


class _Comparer:
    def __init__(self, schema: Schema | None) -> None:
        self.schema = schema

    def value(
        self, before: Any, after: Any, path: str, pointer: tuple[str, ...]
    ) -> Iterator[Difference]:
        if before is MISSING or after is MISSING:
            if before is not after:
                yield Difference(path, pointer, before, after)
        elif isinstance(before, str) and before == after:  # as most are
            return
        elif _is_plain_mapping(before) and _is_plain_mapping(after):
            yield from self.mapping(before, after, path, pointer)
        elif self.key(before, pointer) == self.key(after, pointer):
            return
        elif isinstance(before, list) and isinstance(after, list) and not _is_set(pointer):
            yield from self.items(before, after, path, pointer)
        else:
            yield Difference(path, pointer, before, after)

    def key(self, value: Any, pointer: tuple[str, ...]) -> str:
        """Return a text that is equal for values which mean the same here."""
        return canonical(self.ordered(value, pointer))

    def ordered(self, value: Any, pointer: tuple[str, ...]) -> Any:
        """Return a value with unordered lists sorted, and single values of sets as lists."""
        if isinstance(value, dict):
            return {
                key: self.argument(item, pointer)
                if key.startswith("Fn::")
                else self.ordered(item, (*pointer, key))
                for key, item in value.items()
            }
        if _is_set(pointer):
            return sorted(value, key=canonical) if isinstance(value, list) else [value]
        if isinstance(value, list):
            items = [self.ordered(item, (*pointer, "*")) for item in value]
            return sorted(items, key=canonical) if self.unordered(pointer) else items
        return self.plain(value, pointer)

    def plain(self, value: Any, pointer: tuple[str, ...]) -> Any:
        """Return a plain value; where the schema says number, 1.0 and 1 are one."""
        fraction = isinstance(value, float) or (isinstance(value, str) and FRACTION.match(value))
        if self.schema is None or not fraction:
            return value
        kinds = (self.schema.node(pointer) or {}).get("type", ())
        if not NUMBERS.intersection((kinds,) if isinstance(kinds, str) else kinds):
            return value
        number = float(value)
        return int(number) if number.is_integer() else number

    def argument(self, value: Any, pointer: tuple[str, ...]) -> Any:
        """Return the argument of a function: its order counts, unlike that of some lists."""
        if isinstance(value, list):
            return [
                self.plain(item, pointer)
                if isinstance(item, AnyText)
                else self.ordered(item, pointer)
                for item in value
            ]
        return self.ordered(value, pointer)

    def mapping(
        self, before: dict[str, Any], after: dict[str, Any], path: str, pointer: tuple[str, ...]
    ) -> Iterator[Difference]:
        for key in dict.fromkeys((*before, *after)):
            at = f"{path}.{key}" if path else key
            yield from self.value(
                before.get(key, MISSING), after.get(key, MISSING), at, (*pointer, key)
            )

    def items(
        self, before: list[Any], after: list[Any], path: str, pointer: tuple[str, ...]
    ) -> Iterator[Difference]:
        unordered, inner = self.unordered(pointer), (*pointer, "*")
        old, new = list(enumerate(before)), list(enumerate(after))
        if unordered:
            old, new = self.without_shared(old, new, inner)
        items = [item for _, item in (*old, *new)]
        if key := _identity(old, new):
            yield from self.named(dict(old), dict(new), key, path, inner, ordered=not unordered)
        elif all(map(_is_plain_mapping, items)):
            pairs = (
                zip_longest(old, new, fillvalue=(0, MISSING))
                if unordered
                else self.aligned(old, new, inner)
            )
            for (i, old_item), (j, new_item) in pairs:
                number = i if new_item is MISSING else j if old_item is MISSING else min(i, j)
                yield from self.value(old_item, new_item, f"{path}[{number}]", inner)
        else:
            sides = ([item for _, item in side] or MISSING for side in (old, new))
            yield Difference(path, pointer, *sides)

    def named(
        self,
        before: dict[int, Any],
        after: dict[int, Any],
        key: str,
        path: str,
        pointer: tuple[str, ...],
        *,
        ordered: bool,
    ) -> Iterator[Difference]:
        old = {canonical(item[key]): item for item in before.values()}
        new = {canonical(item[key]): item for item in after.values()}
        for name in dict.fromkeys((*old, *new)):
            at = f"{path}[{_label((new.get(name) or old[name])[key])}]"
            yield from self.value(old.get(name, MISSING), new.get(name, MISSING), at, pointer)
        kept = [name for name in old if name in new]
        moved = [name for name in new if name in old]
        if ordered and kept != moved and not _are_tags(key, (*old.values(), *new.values())):
            yield Difference(
                f"{path} (order)",
                pointer[:-1],
                [old[name][key] for name in kept],
                [new[name][key] for name in moved],
            )

    def aligned(
        self, old: Items, new: Items, pointer: tuple[str, ...]
    ) -> Iterator[tuple[Item, Item]]:
        """Yield the items that differ in pairs, whichever list comes first."""
        sides = [[self.key(item, pointer) for _, item in side] for side in (old, new)]
        turned = sides[0] > sides[1]
        if turned:
            sides.reverse()
        if len(sides[0]) * len(sides[1]) > MAX_PAIRS:  # one by one: the best pairs take minutes
            pairs = zip(old, new, *sides, strict=False)
            yield from (
                (old_item, new_item)
                for old_item, new_item, old_key, new_key in pairs
                if old_key != new_key
            )
            shared_length = min(len(old), len(new))
            yield from zip_longest(old[shared_length:], new[shared_length:], fillvalue=(0, MISSING))
            return
        matcher = SequenceMatcher(None, sides[0], sides[1], autojunk=False)
        for tag, i, to_i, j, to_j in matcher.get_opcodes():
            if tag == "equal":
                continue
            if turned:
                i, to_i, j, to_j = j, to_j, i, to_i
            yield from zip_longest(old[i:to_i], new[j:to_j], fillvalue=(0, MISSING))

    def without_shared(
        self, old: Items, new: Items, pointer: tuple[str, ...]
    ) -> tuple[Items, Items]:
        """Return both lists without the items that both have, counting repetitions."""
        keys = [[self.key(item, pointer) for _, item in side] for side in (old, new)]
        shared = Counter(keys[0]) & Counter(keys[1])
        left = []
        for side, names in zip((old, new), keys, strict=True):
            there = Counter(shared)
            kept = []
            for item, name in zip(side, names, strict=True):
                if there[name]:
                    there[name] -= 1
                else:
                    kept.append(item)
            left.append(kept)
        return left[0], left[1]

    def unordered(self, pointer: tuple[str, ...]) -> bool:
        if pointer and pointer[-1] == "Statement":
            return True
        node = self.schema.node(pointer) if self.schema else None
        return bool(node) and (node or {}).get("insertionOrder") is False


def _is_set(pointer: tuple[str, ...]) -> bool:
    """Whether a list at this place of a policy statement is a set."""
    return "Statement" in pointer and bool(SETS_IN_POLICIES & set(pointer))


def _is_plain_mapping(value: Any) -> bool:
    """Whether a value is a mapping, and not a function that is left for deploy time."""
    return isinstance(value, dict) and not any(key.startswith("Fn::") for key in value)


def _identity(before: Items, after: Items) -> str:
    """Return the field that identifies the items of both lists; empty if there is none."""
    both = [item for _, item in (*before, *after)]
    if not all(map(_is_plain_mapping, both)):
        return ""
    for key in IDENTITIES:
        if all(isinstance(item.get(key), AnyText | int) for item in both):
            sides = [[canonical(item[key]) for _, item in side] for side in (before, after)]
            if all(len(set(side)) == len(side) for side in sides):
                return key
    return ""


def _are_tags(key: str, items: tuple[Any, ...]) -> bool:
    """Whether these are tags, which every service takes in any order."""
    return key == "Key" and all(set(item) <= {"Key", "Value"} for item in items)


def labels(items: list[Any]) -> list[str]:
    """Return what the items of a list are called in a path: by name, or by position.

    >>> labels([{"Key": "Owner"}, {"Key": "Team"}]), labels(["a", "b"])
    (['Owner', 'Team'], ['0', '1'])
    """
    key = _identity(list(enumerate(items)), [])
    return [_label(item[key]) if key else str(place) for place, item in enumerate(items)]


def _label(name: Any) -> str:
    text = shown(name)
    return text if len(text) <= 60 else text[:59] + "…"
