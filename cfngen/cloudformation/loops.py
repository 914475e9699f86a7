"""Unrolls `Fn::ForEach`, the loops of the transform `AWS::LanguageExtensions`.

Only a loop over literals is unrolled: the value of a parameter is known only at deploy time. See
AWS page "Fn::ForEach" of the template reference.
"""

from __future__ import annotations

import re
from typing import Any

LOOP = "Fn::ForEach::"
TRANSFORM = "AWS::LanguageExtensions"
SECTIONS = ("Conditions", "Resources", "Outputs")
LOGICAL_ID = re.compile(r"[A-Za-z0-9]+")
NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
# CloudFormation takes no more resources than that, and no template is larger than what it makes.
MAX_ENTRIES, MAX_TEXT = 500, 4_000_000
NODE = 10  # characters that a value counts for, beside its own
MAX_DEPTH = 20  # loops within loops; CloudFormation takes five

Place = tuple[str | int, ...]


class _TooMuchError(Exception):
    """A loop makes more than a template may have, or something that no template may have."""


def has_loops(text: str, transforms: Any) -> bool:
    """Whether a template's text may contain a loop; a name may be written with escapes."""
    return _extended(transforms) and ("ForEach" in text or "\\" in text)


def unrolled(body: dict[str, Any]) -> tuple[dict[str, Any], dict[tuple[str, str], Place]]:
    """Return a template with its loops over literals unrolled, and where their results are written.

    The places are the keys that lead there within the section, by section and name. Other loops
    stay as they are, and so does `body`.

    >>> loop = ["Name", ["A", "B"], {"${Name}Jobs": {"Type": "AWS::SQS::Queue"}}]
    >>> body = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Names": loop}}
    >>> sorted(unrolled(body)[0]["Resources"])
    ['AJobs', 'BJobs']
    """
    if not _extended(body.get("Transform")):
        return body, {}
    result, places, unroller = dict(body), {}, _Unroller()
    for section in SECTIONS:
        if isinstance(body.get(section), dict):
            result[section], places_of_section = unroller.section(body[section])
            places.update({(section, name): place for name, place in places_of_section.items()})
    return result, places


def _extended(transforms: Any) -> bool:
    return TRANSFORM in (transforms if isinstance(transforms, list) else [transforms])


class _Unroller:
    """Unrolls the loops of one template, and counts what they make."""

    def __init__(self) -> None:
        self.count = 0
        self.text = MAX_TEXT

    def section(self, body: dict[Any, Any]) -> tuple[dict[str, Any], dict[str, Place]]:
        unrolled_section: dict[str, Any] = {}
        places: dict[str, Place] = {}
        taken = set(map(str, body))
        for key, value in body.items():
            name = str(key)
            try:
                entries = self.entries(name, value, (), 0)
                self.check(name, entries, taken)
            except _TooMuchError:
                entries = [(name, value, ())]
            for entry_name, entry, place in entries:
                unrolled_section[entry_name] = entry
                if entry_name != name:
                    taken.add(entry_name)
                    places[entry_name] = place
        return unrolled_section, places

    def check(self, name: str, entries: list[tuple[str, Any, Place]], others: set[str]) -> None:
        """Refuse entries that are made twice, or whose names are not valid."""
        if not name.startswith(LOOP):
            return
        names = [entry_name for entry_name, _, _ in entries]
        self.count += len(names)
        fit = all(map(LOGICAL_ID.fullmatch, names)) and others.isdisjoint(names)
        if self.count > MAX_ENTRIES or len(set(names)) < len(names) or not fit:
            raise _TooMuchError

    def entries(
        self, name: str, value: Any, place: Place, depth: int
    ) -> list[tuple[str, Any, Place]]:
        """Return the entries that one entry of a mapping stands for, and where each is written."""
        if not name.startswith(LOOP):
            return [(name, self.value(value, depth), (*place, name))]
        loop = _literal(value)
        if loop is None or depth > MAX_DEPTH:
            raise _TooMuchError
        identifier, collection, output = loop
        unrolled_entries: list[tuple[str, Any, Place]] = []
        for item in collection:
            for key, inner in output.items():
                inner_name = self.substituted(str(key), identifier, item)
                inner_value = self.substituted(inner, identifier, item)
                inside = self.entries(inner_name, inner_value, (), depth + 1)
                # Names of inner loops are as written only where they have no placeholder.
                unrolled_entries += [
                    (entry_name, entry, (*place, name, 2, str(key), *rest[1:]))
                    for entry_name, entry, rest in inside
                ]
                if len(unrolled_entries) > MAX_ENTRIES:
                    raise _TooMuchError
        return unrolled_entries

    def value(self, value: Any, depth: int) -> Any:
        """Return a value with the loops in it unrolled."""
        if isinstance(value, list):
            return [self.value(item, depth) for item in value]
        if not isinstance(value, dict):
            return value
        unrolled_value: dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and key.startswith(LOOP):
                for entry_name, entry, _ in self.entries(key, item, (), depth + 1):
                    if entry_name in unrolled_value or entry_name in value:
                        raise _TooMuchError
                    unrolled_value[entry_name] = entry
            else:
                unrolled_value[key] = self.value(item, depth)
        return unrolled_value

    def substituted(self, value: Any, identifier: str, item: str) -> Any:
        """Return a value with an item of the collection in place of the identifier."""
        self.spend(NODE)
        if isinstance(value, dict):
            if value == {"Ref": identifier}:
                return item
            result = {
                self.substituted(key, identifier, item): self.substituted(inner, identifier, item)
                for key, inner in value.items()
            }
            if len(result) < len(value):  # two keys have become one
                raise _TooMuchError
            return result
        if isinstance(value, list):
            return [self.substituted(inner, identifier, item) for inner in value]
        if not isinstance(value, str):
            return value
        self.spend(len(value) + value.count(f"{{{identifier}}}") * len(item))
        plain = value.replace(f"${{{identifier}}}", item)
        return plain.replace(f"&{{{identifier}}}", NOT_ALPHANUMERIC.sub("", item))

    def spend(self, size: int) -> None:
        self.text -= size
        if self.text < 0:
            raise _TooMuchError


def _literal(loop: Any) -> tuple[str, list[str], dict[Any, Any]] | None:
    """Return identifier, collection and output of a loop over literals; `None` for any other."""
    if not (isinstance(loop, list) and len(loop) == 3):
        return None
    identifier, collection, output = loop
    if not (
        isinstance(identifier, str)
        and LOGICAL_ID.fullmatch(identifier)
        and isinstance(collection, list)
        and all(isinstance(item, str | int | float) for item in collection)
        and isinstance(output, dict)
    ):
        return None
    return identifier, [_text(item) for item in collection], output


def _text(item: str | float) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)
