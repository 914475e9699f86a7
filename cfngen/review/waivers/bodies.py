"""What a template has for a resource, and for what goes with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.nested_templates import template_pairs
from cfngen.review.pairs import TemplateSide, sections
from cfngen.review.waivers.canonical import digest

SECTIONS = ("Resources", "Parameters", "Conditions", "Mappings", "Outputs", "Rules")
MAX_RELATED = 200  # entries
WORD = re.compile(r"[A-Za-z0-9]+")

Entry = tuple[str, str]  # a section and a name in it


class Body:
    """The entries of one template, by section and name."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """Keep a parsed template."""
        self.entries: dict[Entry, Any] = {
            (section, name): value
            for section in SECTIONS
            if isinstance(table := body.get(section), dict)
            for name, value in table.items()
        }
        self.digests: dict[Entry, str] = {}

    @cached_property
    def mentions(self) -> dict[Entry, frozenset[Entry]]:
        """The other entries whose names each entry has somewhere in it."""
        names: dict[str, list[Entry]] = {}
        for entry in self.entries:
            names.setdefault(entry[1], []).append(entry)
        return {
            entry: frozenset(
                other
                for word in set(WORD.findall(json.dumps(value, default=str))) & names.keys()
                for other in names[word]
                if other != entry
            )
            for entry, value in self.entries.items()
        }

    @cached_property
    def mentioned_by(self) -> dict[Entry, list[Entry]]:
        """The resources that mention each entry, as a policy does that is attached to it."""
        resources: dict[Entry, list[Entry]] = {}
        for entry, mentioned in self.mentions.items():
            for other in mentioned if entry[0] == "Resources" else ():
                resources.setdefault(other, []).append(entry)
        return resources

    def referrers(self, entry: Entry) -> list[Entry]:
        """Return the resources that mention an entry, in order."""
        return sorted(self.mentioned_by.get(entry, []))

    def digest(self, entry: Entry) -> str:
        """Return the digest of an entry, each of which is worked out once; empty without it."""
        if entry not in self.digests:
            self.digests[entry] = digest(self.entries[entry]) if entry in self.entries else ""
        return self.digests[entry]

    def related(self, entry: Entry) -> set[Entry] | None:
        """Return an entry, the resources that mention it, and whatever these rest on.

        Where these are many, it is `None`, for everything: to look at each of them for each
        resource would take too long in a template that is made for that.
        """
        reached = {entry, *self.mentioned_by.get(entry, [])}
        waiting = list(reached)
        while waiting and len(reached) <= MAX_RELATED:
            fresh = self.mentions.get(waiting.pop(), frozenset()) - reached
            reached |= fresh
            waiting += fresh
        return reached if len(reached) <= MAX_RELATED else None


class Bodies:
    """The templates of one side, those inside of others included, each parsed once."""

    def __init__(self, sources: Mapping[str, str | Source]) -> None:
        """Keep the sources; nothing is parsed yet."""
        self.sources = sources
        self.parsed: dict[str, dict[str, Body]] = {}
        self.unreadable: set[str] = set()

    def is_readable(self, name: str) -> bool:
        """Whether nothing is hidden in a template, or in the one that it is inside of."""
        self.of(name)
        return self.unreadable.isdisjoint(_outer_names(name))

    def of(self, name: str) -> Body | None:
        """Return a template by the name that a review has for it; `None` if there is none."""
        for outer in _outer_names(name):
            if outer in self.sources:
                if outer not in self.parsed:
                    self.parsed[outer] = self._parse(outer)
                return self.parsed[outer].get(name)
        return None

    def _parse(self, outer: str) -> dict[str, Body]:
        source = self.sources[outer]
        source = Source(source) if isinstance(source, str) else source
        try:
            side = {outer: TemplateSide(source, sections(source))}
            pairs = template_pairs(side, side)
            return {pair.name: Body(pair.old.sections.body) for pair in pairs if pair.old}
        except RenderError:
            self.unreadable.add(outer)
            return {}


def _outer_names(name: str) -> Iterator[str]:
    """Yield the names that a template may be inside of, its own first."""
    while name:
        yield name
        name = name.rpartition("/")[0]
