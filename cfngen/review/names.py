"""The custom names that templates give their resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.schemas import schema
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.text import AnyText, Ref, join, parts_of
from cfngen.cloudformation.values import argument_text, without_references
from cfngen.errors import RenderError
from cfngen.review.alternatives import existence, type_of
from cfngen.review.stack import Resource, Stack

# What is the same in all stacks of one account and region.
SHARED = frozenset(("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"))
WORD = re.compile("[A-Za-z0-9]+")
# What stands behind a property that is not the name itself: a block, a list, an anchor, a function.
NOT_THE_NAME = r"[\"']?\s*:[ \t]*(?:$|[{\[|>&*]|!(?!Ref\b|Sub[ \t]+[^\[{|>\s]))"


@dataclass(frozen=True)
class NamedResource:
    """A resource of a template that has a custom name."""

    template: str
    resource: Resource
    given: AnyText


@dataclass
class Names:
    """The custom names of resources in all templates of one side, read on demand."""

    texts: Mapping[str, str]
    _stacks: dict[str, Stack] = field(default_factory=dict, repr=False)
    _names: dict[str, set[tuple[str, AnyText]]] = field(default_factory=dict, repr=False)

    def with_name(self, type_: str, given: AnyText, excluding: str) -> list[NamedResource]:
        """Return the resources of a type that have a name, in all templates but one."""
        return [
            named
            for template, text in sorted(self.texts.items())
            if template != excluding and _likely(text, type_, given)
            for named in self.all(template, type_)
            if named.given == given
        ]

    def all(self, template: str, type_: str = "") -> Iterator[NamedResource]:
        """Yield the resources of a template, or those of one type, that have a given name."""
        stack = self._stack(template)
        for name in stack.names:
            if type_ and type_of(stack, name) != type_:
                continue
            resource = stack.resource(name)
            given = given_name(resource) if resource else ""
            if resource and given and existence(stack, resource) is not None:
                yield NamedResource(template, resource, given)

    def resource(self, template: str, name: str) -> Resource | None:
        """Return a resource of a template, `None` if either is not there."""
        return self._stack(template).resource(name)

    def deployed_apart(self, first: str, second: str) -> bool:
        """Whether two templates have a name in common, so they are deployed to different places."""
        return not self._own(first).isdisjoint(self._own(second))

    def _own(self, template: str) -> set[tuple[str, AnyText]]:
        if template not in self._names:
            self._names[template] = {
                (named.resource.type, named.given)
                for named in self.all(template)
                if named.resource.schema.identified_by_name and is_shared(named.given)
            }
        return self._names[template]

    def _stack(self, template: str) -> Stack:
        if template not in self._stacks:
            self._stacks[template] = Stack()
            with suppress(KeyError, RenderError):  # what is no template names nothing
                self._stacks[template] = Stack(Sections(self.texts[template]))
        return self._stacks[template]


def given_name(resource: Resource) -> AnyText:
    """Return the custom name of a resource; empty if the template leaves the name open."""
    type_schema = resource.schema
    values: list[Any] = [
        resource.properties.get(key, type_schema.default((key,))) for key in type_schema.names
    ]
    if not values or None in values or type_schema.revised:
        return ""
    return join([part for value in values for part in (" ", argument_text(value))][1:])


def is_shared(given: AnyText) -> bool:
    """Whether a name is the same in all stacks of one account and region."""
    return all(
        "{" not in part
        if isinstance(part, str)
        else isinstance(part, Ref) and part.name in SHARED and not part.attribute
        for part in parts_of(given)
    )


def _likely(text: str, type_: str, given: AnyText) -> bool:
    """Whether a template may give a name, judged by its text: most do not contain its parts.

    An escape, or a function that builds a name of parts, may hide it.
    """
    if "\\" in text:
        return True
    if type_ not in text:
        return False
    type_schema = schema(type_)
    usual = " ".join(str(type_schema.default((key,))) for key in type_schema.names)
    parts = set(WORD.findall(without_references(given, " "))) - set(WORD.findall(usual))
    return all(part in text for part in parts) or any(
        re.search(f"{re.escape(key)}{NOT_THE_NAME}", text, re.MULTILINE)
        for key in type_schema.names
    )
