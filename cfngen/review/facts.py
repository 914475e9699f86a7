"""What a rule of the review looks at: one template on both sides, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from cfngen.review.assumptions import default_parameters, with_parameters
from cfngen.review.compare.differences import Difference, differences
from cfngen.review.exports import SideTemplates
from cfngen.review.model import EntryChange, Exposure, Kind, PermissionChange, ResourceChange
from cfngen.review.stack import Resource, Stack


@dataclass(frozen=True)
class Updated:
    """A resource that both sides have, of the same type; `change` says what differs.

    `parameters` are the assumed values of the template's parameters.
    """

    change: ResourceChange
    old: Resource
    new: Resource
    parameters: Mapping[str, str] = field(repr=False)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The properties that differ, whatever the parameters are."""
        return tuple(differences(self.old.properties, self.new.properties, self.new.schema))

    @cached_property
    def assumed(self) -> tuple[Resource, Resource]:
        """Both sides, with the assumed values of parameters."""
        old, new = (
            replace(side, properties=with_parameters(side.properties, self.parameters))
            for side in (self.old, self.new)
        )
        return old, new

    @cached_property
    def assumed_differences(self) -> tuple[Difference, ...]:
        """The properties that differ if the parameters have their assumed values."""
        old, new = self.assumed
        return tuple(differences(old.properties, new.properties, new.schema))


@dataclass(frozen=True)
class Facts:
    """One template before and after, and what differs.

    `before` and `after` are empty stacks where there is no such template; `base` and `head` are all
    templates of both sides. Everything in them may come from a stranger.
    """

    name: str
    kind: Kind
    before: Stack
    after: Stack
    changes: Mapping[str, ResourceChange]
    entries: tuple[EntryChange, ...]
    permissions: tuple[PermissionChange, ...]
    exposures: tuple[Exposure, ...]
    base: SideTemplates
    head: SideTemplates

    @cached_property
    def default_parameters(self) -> Mapping[str, str]:
        """The values that parameters are assumed to have, by name: their defaults."""
        return default_parameters(self.before, self.after)

    @cached_property
    def updated(self) -> tuple[Updated, ...]:
        """The changed and affected resources that both sides have with one type."""
        sides = [
            (change, self.before.resource(name), self.after.resource(name))
            for name, change in self.changes.items()
            if not change.type_before
        ]
        return tuple(
            Updated(change, old, new, self.default_parameters)
            for change, old, new in sides
            if old and new
        )
