"""Loops of the transform `AWS::LanguageExtensions`, unrolled into what they make.

Only a loop over literals is: what a parameter holds is known to the deployment alone. See AWS page
"Fn::ForEach" of the template reference.
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
MOST_MADE, MOST_TEXT = 500, 4_000_000
NODE = 10  # characters that a value counts for, beside its own
DEEPEST = 20  # loops within loops; CloudFormation takes five

Place = tuple[str | int, ...]


class _TooMuchError(Exception):
    """A loop makes more than a template may have, or what no template has."""


def has_loops(text: str, transforms: Any) -> bool:
    """Whether a template's text may have a loop in it; a name may be written with escapes."""
    return _extended(transforms) and ("ForEach" in text or "\\" in text)


def unrolled(body: dict[str, Any]) -> tuple[dict[str, Any], dict[tuple[str, str], Place]]:
    """Return a template with its loops over literals unrolled, the others as they are.

    With it comes where a thing that a loop makes is written: the keys that lead there within the
    section, by section and name. `body` is left as it is.
    """
    if not _extended(body.get("Transform")):
        return body, {}
    found, places, unroller = dict(body), {}, _Unroller()
    for section in SECTIONS:
        if isinstance(body.get(section), dict):
            found[section], made = unroller.section(body[section])
            places.update({(section, name): place for name, place in made.items()})
    return found, places


def _extended(transforms: Any) -> bool:
    return TRANSFORM in (transforms if isinstance(transforms, list) else [transforms])


class _Unroller:
    """Unrolls the loops of one template; it keeps count of what they make."""

    def __init__(self) -> None:
        self.made = 0
        self.text = MOST_TEXT

    def section(self, body: dict[Any, Any]) -> tuple[dict[str, Any], dict[str, Place]]:
        found: dict[str, Any] = {}
        places: dict[str, Place] = {}
        taken = set(map(str, body))
        for key, value in body.items():
            name = str(key)
            try:
                entries = self.entries(name, value, (), 0)
                self.check(name, entries, taken)
            except _TooMuchError:
                entries = [(name, value, ())]
            for mine, one, place in entries:
                found[mine] = one
                if mine != name:
                    taken.add(mine)
                    places[mine] = place
        return found, places

    def check(self, name: str, entries: list[tuple[str, Any, Place]], others: set[str]) -> None:
        """Refuse what is made twice, or has a name that nothing can have."""
        if not name.startswith(LOOP):
            return
        names = [made for made, _, _ in entries]
        self.made += len(names)
        fit = all(map(LOGICAL_ID.fullmatch, names)) and others.isdisjoint(names)
        if self.made > MOST_MADE or len(set(names)) < len(names) or not fit:
            raise _TooMuchError

    def entries(
        self, name: str, value: Any, place: Place, depth: int
    ) -> list[tuple[str, Any, Place]]:
        """Return an entry of a mapping, or those that it makes; with where each is written."""
        if not name.startswith(LOOP):
            return [(name, self.value(value, depth), (*place, name))]
        loop = _literal(value)
        if loop is None or depth > DEEPEST:
            raise _TooMuchError
        identifier, collection, output = loop
        found: list[tuple[str, Any, Place]] = []
        for item in collection:
            for key, inner in output.items():
                mine = self.substituted(str(key), identifier, item)
                made = self.substituted(inner, identifier, item)
                inside = self.entries(mine, made, (), depth + 1)
                # Names of inner loops are as written only where they have no placeholder.
                found += [
                    (one, its, (*place, name, 2, str(key), *rest[1:])) for one, its, rest in inside
                ]
                if len(found) > MOST_MADE:
                    raise _TooMuchError
        return found

    def value(self, value: Any, depth: int) -> Any:
        """Return a value with the loops in it unrolled."""
        if isinstance(value, list):
            return [self.value(item, depth) for item in value]
        if not isinstance(value, dict):
            return value
        found: dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and key.startswith(LOOP):
                for mine, one, _ in self.entries(key, item, (), depth + 1):
                    if mine in found or mine in value:
                        raise _TooMuchError
                    found[mine] = one
            else:
                found[key] = self.value(item, depth)
        return found

    def substituted(self, value: Any, identifier: str, item: str) -> Any:
        """Return a value with an item of the collection wherever it refers to the identifier."""
        self.spend(NODE)
        if isinstance(value, dict):
            if value == {"Ref": identifier}:
                return item
            found = {
                self.substituted(key, identifier, item): self.substituted(inner, identifier, item)
                for key, inner in value.items()
            }
            if len(found) < len(value):  # two keys have become one
                raise _TooMuchError
            return found
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
    """Return identifier, collection and output of a loop, `None` if it is none over literals."""
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
