"""What a rule of the review looks at: one template on both sides, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from cfngen.review.assumptions import default_parameters, with_parameters
from cfngen.review.compare.differences import Difference, differences
from cfngen.review.compare.resources import FixedProperty
from cfngen.review.deployed import DeployedStack
from cfngen.review.exports import ExportChange, SideTemplates, export_changes
from cfngen.review.model import EntryChange, Exposure, Kind, PermissionChange, ResourceChange
from cfngen.review.nesting import Nesting
from cfngen.review.opaque import OpaqueChange
from cfngen.review.stack import Resource, Stack


@dataclass(frozen=True)
class Updated:
    """A resource that both sides have, with no type that is refused; `change` says what differs.

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

    Attributes:
        name: what the template is called.
        kind: what became of it.
        before: base's template.
        after: head's template.
        changes: the resources that are not the same, by logical ID, in head's order.
        base: all templates of base.
        head: all templates of head.
        entries: what is not the same outside of the resources.
        permissions: what policies allow and did not, and the reverse.
        exposures: what became reachable from the internet, or no longer is.
        fixed: the properties that change and cannot.
        listed_as: what the template is called in `base` and `head`, where one file may be nested.
        nesting: where it is nested, if it is.
        running: the stack that is made of it, where its parameters are known.
        opaque: the parts that nobody can look into and that differ.
        same: whether both sides are equal, so that only what is not in them can differ.
    """

    name: str
    kind: Kind
    before: Stack
    after: Stack
    changes: Mapping[str, ResourceChange]
    base: SideTemplates
    head: SideTemplates
    entries: tuple[EntryChange, ...] = ()
    permissions: tuple[PermissionChange, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    fixed: tuple[FixedProperty, ...] = ()
    listed_as: str = ""
    nesting: Nesting | None = None
    running: DeployedStack | None = None
    opaque: tuple[OpaqueChange, ...] = ()
    same: bool = False

    def is_given(self, parameter: str) -> bool:
        """Whether the running stack, or the template around, has a value for a parameter."""
        if self.running and parameter in self.running.parameters:
            return True
        return self.nesting is not None and self.nesting.passes(parameter)

    @cached_property
    def export_changes(self) -> tuple[ExportChange, ...]:
        """The exports that are removed or changed, with the templates that import them."""
        if self.same:
            return ()
        sides = self.before, self.after
        name = self.listed_as or self.name
        return tuple(export_changes(name, sides, self.entries, self.base, self.head))

    @cached_property
    def default_parameters(self) -> Mapping[str, str]:
        """The values that parameters are assumed to have, by name: their defaults."""
        return default_parameters(self.before, self.after)

    @cached_property
    def updated(self) -> tuple[Updated, ...]:
        """The changed and affected resources that both sides have; not those whose type changes."""
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
