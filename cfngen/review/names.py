"""The names that templates give their resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.schemas import schema
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.values import OPEN, REFERENCE, canonical, scalar
from cfngen.errors import RenderError
from cfngen.review.permissions.alternatives import existence, type_of
from cfngen.review.stack import Resource, Stack

# What is the same in all stacks of one account and region.
SHARED = frozenset(("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"))
WORD = re.compile("[A-Za-z0-9]+")
# What stands behind a property that is not the name itself: a block, a list, an anchor, a function.
MADE = r"[\"']?\s*:[ \t]*(?:$|[{\[|>&*]|!(?!Ref\b|Sub[ \t]+[^\[{|>\s]))"


@dataclass(frozen=True)
class Holder:
    """A resource of a template that has a given name."""

    template: str
    resource: Resource
    given: str


@dataclass
class Names:
    """The given names of resources in all templates of one side, looked for when asked for."""

    texts: Mapping[str, str]
    _stacks: dict[str, Stack] = field(default_factory=dict, repr=False)
    _names: dict[str, set[tuple[str, str]]] = field(default_factory=dict, repr=False)

    def holders(self, type_: str, given: str, but: str) -> list[Holder]:
        """Return the resources of a type that have a name, in all templates but one."""
        return [
            holder
            for template, text in sorted(self.texts.items())
            if template != but and _likely(text, type_, given)
            for holder in self.all(template, type_)
            if holder.given == given
        ]

    def all(self, template: str, type_: str = "") -> Iterator[Holder]:
        """Yield the resources of a template, or those of one type, that have a given name."""
        stack = self._stack(template)
        for name in stack.names:
            if type_ and type_of(stack, name) != type_:
                continue
            resource = stack.resource(name)
            given = given_name(resource) if resource else ""
            if resource and given and existence(stack, resource) is not None:
                yield Holder(template, resource, given)

    def resource(self, template: str, name: str) -> Resource | None:
        """Return a resource of a template, `None` if either is not there."""
        return self._stack(template).resource(name)

    def apart(self, one: str, other: str) -> bool:
        """Whether two templates have a name in common, and so are not deployed to one place."""
        return not self._own(one).isdisjoint(self._own(other))

    def _own(self, template: str) -> set[tuple[str, str]]:
        if template not in self._names:
            self._names[template] = {
                (holder.resource.type, holder.given)
                for holder in self.all(template)
                if holder.resource.schema.identified_by_name and is_shared(holder.given)
            }
        return self._names[template]

    def _stack(self, template: str) -> Stack:
        if template not in self._stacks:
            self._stacks[template] = Stack()
            with suppress(KeyError, RenderError):  # what is no template names nothing
                self._stacks[template] = Stack(Sections(self.texts[template]))
        return self._stacks[template]


def given_name(resource: Resource) -> str:
    """Return the name that the template gives a resource, nothing if it leaves that open."""
    known = resource.schema
    values: list[Any] = [resource.properties.get(key, known.default((key,))) for key in known.names]
    if not values or None in values or known.revised:
        return ""
    return " ".join(
        canonical(value) if isinstance(value, dict | list) else scalar(value) for value in values
    )


def is_shared(given: str) -> bool:
    """Whether a name is the same in all stacks of one account and region."""
    rest = REFERENCE.sub(lambda match: "" if match[1] in SHARED and not match[2] else OPEN, given)
    return OPEN not in rest and "{" not in rest


def _likely(text: str, type_: str, given: str) -> bool:
    """Whether a template may give a name, without reading it: most do not have its words in them.

    An escape, or a function that makes a name of parts, may hide it.
    """
    if "\\" in text:
        return True
    if type_ not in text:
        return False
    known = schema(type_)
    usual = " ".join(str(known.default((key,))) for key in known.names)
    words = set(WORD.findall(REFERENCE.sub(" ", given))) - set(WORD.findall(usual))
    return all(word in text for word in words) or any(
        re.search(f"{re.escape(key)}{MADE}", text, re.MULTILINE) for key in known.names
    )
