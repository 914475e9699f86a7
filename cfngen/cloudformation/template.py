"""A template's sections, and its resources with their values worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cfngen.cloudformation.placeholders import NOTHING_MASKED, Masked
from cfngen.cloudformation.resolve import NO_OTHER_SIDE, OtherSide, Resolver
from cfngen.cloudformation.schemas import Schema, schema
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.values import references


@dataclass(frozen=True)
class Resource:
    """A resource with its values worked out as far as they are known before deploy time."""

    name: str
    type: str
    properties: dict[str, Any] = field(repr=False)
    attributes: dict[str, Any] = field(repr=False)  # everything beside Type and Properties

    @property
    def schema(self) -> Schema:
        """What is known of its type."""
        return schema(self.type)

    @property
    def condition(self) -> str:
        """The name of the condition that it depends on, nothing if there is none."""
        name = self.attributes.get("Condition")
        return name if isinstance(name, str) else ""

    @cached_property
    def references(self) -> set[tuple[str, str]]:
        """What its properties refer to: names, each with an attribute or nothing."""
        return references(self.properties)

    @cached_property
    def referenced_names(self) -> frozenset[str]:
        """The names that its properties refer to, of resources and of parameters."""
        return frozenset(name for name, _ in self.references)


class TemplateBody:
    """A template whose resources are read and resolved one by one, when they are asked for.

    >>> template = TemplateBody.parse('''
    ... Parameters:
    ...   Days: {Type: Number, Default: 30}
    ... Resources:
    ...   Logs:
    ...     Type: AWS::Logs::LogGroup
    ...     Properties: {LogGroupName: !Sub 'app-${AWS::Region}', RetentionInDays: !Ref Days}
    ... ''')
    >>> template.names, template.defaults
    (['Logs'], {'Days': '30'})
    >>> template.resource("Logs").referenced_names == {"AWS::Region", "Days"}
    True
    """

    def __init__(
        self,
        sections: Sections | None = None,
        *,
        changed: frozenset[str] = frozenset(),
        parameters: Mapping[str, Any] | None = None,
        outer: Masked = NOTHING_MASKED,
        other: OtherSide = NO_OTHER_SIDE,
    ) -> None:
        """Look at a template; an empty one without `sections`.

        Args:
            sections: the template's sections.
            changed: as for `Resolver`.
            parameters: as for `Resolver`.
            outer: as for `Resolver`.
            other: as for `Resolver`.
        """
        self.sections = sections
        self.resolver = Resolver(
            self.section("Mappings"), self.section("Conditions"), changed, parameters, outer, other
        )
        self._resources: dict[str, Resource] = {}

    @classmethod
    def parse(cls, text: str) -> TemplateBody:
        """Return the template that a text is.

        Raises:
            RenderError: the text is not YAML, or not a mapping with `Resources`.
        """
        return cls(Sections(text))

    @classmethod
    def of(cls, body: Any, parameters: Mapping[str, Any] | None = None) -> TemplateBody:
        """Return a template that is plain data already; what is not a mapping is empty.

        Args:
            body: the template, as `cfngen.read` returns it; its loops over literals are unrolled.
            parameters: as for `Resolver`.
        """
        return cls(Sections.of(body), parameters=parameters)

    @property
    def body(self) -> dict[str, Any]:
        """The whole template as plain data, unresolved."""
        return self.sections.body if self.sections else {}

    @property
    def names(self) -> list[str]:
        """The logical IDs, in the template's order."""
        return list(self.sections.resources) if self.sections else []

    def section(self, name: str) -> dict[str, Any]:
        """Return a section such as `Parameters`, unresolved; empty if there is none."""
        return self.sections.section(name) if self.sections else {}

    def _mappings(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the entries of a section that are mappings, as they have to be."""
        entries = self.section(section).items()
        return {str(name): entry for name, entry in entries if isinstance(entry, dict)}

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Every parameter that is declared; one that is not a mapping is empty."""
        declared = self.section("Parameters").items()
        return {str(name): entry if isinstance(entry, dict) else {} for name, entry in declared}

    @property
    def defaults(self) -> dict[str, str]:
        """The values of the parameters that have a default, as texts."""
        return {
            name: str(parameter["Default"])
            for name, parameter in self.parameters.items()
            if "Default" in parameter
        }

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Every output that is a mapping, unresolved."""
        return self._mappings("Outputs")

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """Every rule that is a mapping, unresolved."""
        return self._mappings("Rules")

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
            {str(key): self._attribute(key, value) for key, value in rest},
        )
        self._resources[name] = resource
        return resource

    def _attribute(self, key: Any, value: Any) -> Any:
        if key == "Condition" and isinstance(value, str):
            return self.resolver.conditions.name(value)
        return self.resolver.resolve(value)

    @property
    def resources(self) -> dict[str, Resource]:
        """Every resource by its logical ID; reads all of them."""
        return {name: read for name in self.names if (read := self.resource(name))}

    def of_type(self, type_: str) -> dict[str, Resource]:
        """Return the resources of a type, by their logical IDs; reads the others' types only."""
        names = (name for name in self.names if self.raw(name).get("Type") == type_)
        return {name: read for name in names if (read := self.resource(name))}

    def raw(self, name: str) -> dict[str, Any]:
        """Return a resource as it is written, unresolved; empty if there is none."""
        piece = self.sections.resources.get(name) if self.sections else None
        return piece.body if piece and isinstance(piece.body, dict) else {}
