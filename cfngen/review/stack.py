"""One side of a review: a template whose resources are resolved one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.schemas import Schema, schema
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.values import references


@dataclass(frozen=True)
class Resource:
    """A resource with its values worked out."""

    name: str
    type: str
    properties: dict[str, Any] = field(repr=False)
    attributes: dict[str, Any] = field(repr=False)  # everything beside Type and Properties

    @property
    def schema(self) -> Schema:
        """What is known of its type."""
        return schema(self.type)

    @cached_property
    def references(self) -> set[tuple[str, str]]:
        """What it refers to: names with an attribute or nothing."""
        return references(self.properties)


class Stack:
    """A template as one side of a review sees it; an empty one where there is none."""

    def __init__(
        self,
        sections: Sections | None = None,
        *,
        changed: frozenset[str] = frozenset(),
        parameters: Mapping[str, Any] | None = None,
        lines: Callable[[int], int] | None = None,
    ) -> None:
        """Look at a template.

        Args:
            sections: the template, if there is one on this side.
            changed: as for `Resolver`.
            parameters: as for `Resolver`.
            lines: which line of the file has a line of the template, where that is another.
        """
        self.sections = sections
        self._lines = lines
        self.resolver = Resolver(
            self.section("Mappings"), self.section("Conditions"), changed, parameters
        )
        self._resources: dict[str, Resource] = {}

    @property
    def names(self) -> list[str]:
        """The logical IDs, in the template's order."""
        return list(self.sections.resources) if self.sections else []

    def section(self, name: str) -> dict[str, Any]:
        """Return a section such as `Parameters`, unresolved; empty if there is none."""
        return self.sections.section(name) if self.sections else {}

    def resource(self, name: str) -> Resource | None:
        """Return a resource, `None` if there is none of that name."""
        if name in self._resources:
            return self._resources[name]
        if self.sections is None or name not in self.sections.resources:
            return None
        body = self.sections.resources[name].body
        if isinstance(body, dict):
            properties = self.resolver.resolve(body.get("Properties") or {})
        else:  # a loop of `Fn::ForEach`, or nothing that CloudFormation takes
            body, properties = {"Type": name.rpartition("::")[0]}, [self.resolver.resolve(body)]
        rest = ((k, v) for k, v in body.items() if k not in ("Type", "Properties"))
        resource = Resource(
            name,
            str(body.get("Type", "")),
            properties if isinstance(properties, dict) else {"Fn::Transform": properties},
            {str(key): self.resolver.resolve(value) for key, value in rest},
        )
        self._resources[name] = resource
        return resource

    def text(self, name: str) -> str:
        """Return a resource as text; empty if there is none. Equal texts mean the same."""
        piece = self.sections.resources.get(name) if self.sections else None
        if piece is None:
            return ""
        return piece.text or piece.written

    def mentions(self, name: str, other: str) -> bool:
        """Whether the text of a resource has the name of another in it."""
        text = self.text(name)
        # An escape in quotes, or a function that makes a name, may hide it.
        return other in text or "\\" in text or self._macros

    @property
    def _macros(self) -> bool:
        return self.sections is not None and self.sections.value("Transform") is not None

    @property
    def resources(self) -> dict[str, Resource]:
        """Every resource by its logical ID; reads all of them."""
        return {name: resource for name in self.names if (resource := self.resource(name))}

    def body(self, name: str) -> dict[str, Any]:
        """Return a resource as it is written, unresolved; empty if there is none."""
        piece = self.sections.resources.get(name) if self.sections else None
        return piece.body if piece and isinstance(piece.body, dict) else {}

    def line(self, section: str, name: str = "", path: tuple[str | int, ...] = ()) -> int:
        """Return the line of the file on which something begins, 1 if there is none."""
        if self.sections is None:
            return 1
        line = self.sections.line(section, name, path)
        return self._lines(line) if self._lines else line
