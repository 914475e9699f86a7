"""CloudFormation's resource schemas, which cfn-lint ships, and what we know where they are silent.

cfn-lint itself is not imported, which takes half a second: its data is read where it lies. What
the schemas do not say is in `data/resources.toml`, each entry with its source.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from cfngen.cloudformation.evidence import Evidence
from cfngen.cloudformation.schema_files import data_directory, schema_digest

OVERLAY = "data/resources.toml"
CUSTOM = "AWS::CloudFormation::CustomResource"
OPERATIONS = ("create", "read", "update", "delete")


@dataclass(frozen=True)
class Schema:
    """What a type's schema says, and the overlay beside it.

    Paths of properties are tuples of CloudFormation's names, `*` for the items of a list.
    """

    type: str
    body: dict[str, Any] = field(repr=False)
    overlay: dict[str, Any] = field(repr=False)

    @property
    def exists(self) -> bool:
        """Whether there is a schema at all."""
        return bool(self.body)

    @cached_property
    def create_only(self) -> tuple[tuple[str, ...], ...]:
        """The properties whose change makes a new resource (`createOnlyProperties`, overlay)."""
        return self._paths("createOnlyProperties") + self._added("create_only")

    @cached_property
    def conditional(self) -> tuple[tuple[str, ...], ...]:
        """Those whose change may do so (`conditionalCreateOnlyProperties`, overlay)."""
        return self._paths("conditionalCreateOnlyProperties") + self._added("conditional")

    @cached_property
    def refuses(self) -> tuple[tuple[str, ...], ...]:
        """Those whose change CloudFormation or the service refuses (overlay)."""
        return self._added("refuses")

    @cached_property
    def identifier(self) -> tuple[tuple[str, ...], ...]:
        """What a resource is found by (`primaryIdentifier`)."""
        return self._paths("primaryIdentifier")

    @cached_property
    def read_only(self) -> frozenset[tuple[str, ...]]:
        """What only the service sets (`readOnlyProperties`)."""
        return frozenset(self._paths("readOnlyProperties"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The properties that make a physical name, so that no second resource can have it.

        The overlay's `names`; else the whole identifier, if the template sets all of it; else the
        create-only property that is called as a name of this type would be.
        """
        if "names" in self.overlay:
            return tuple(self.overlay["names"])
        if self.identifier and not set(self.identifier) & self.read_only:
            return tuple(path[0] for path in self.identifier)
        own = self.type.rpartition("::")[2]
        # A rule that names the group it belongs to is not called so itself.
        group = ("GroupName",) if own.endswith("Group") else ()
        likely = ("Name", f"{own}Name", f"{own}Identifier", *group)
        return tuple(path[0] for path in self.create_only if path[0] in likely)[:1]

    @property
    def identified_by_name(self) -> bool:
        """Whether a second resource with the same `names` is certainly refused.

        A property that is only called as a name would be may be shared, as that of a query is.
        """
        return "names" in self.overlay or self.names == tuple(path[0] for path in self.identifier)

    @property
    def deletes_first(self) -> bool:
        """Whether a replacement deletes the old resource before it creates the new one."""
        return self.body.get("replacementStrategy") == "delete_then_create"

    @property
    def holds(self) -> str:
        """What is lost with a resource of this type, such as `objects`; nothing if nothing is."""
        kind: str = self.overlay.get("holds", "")
        return kind

    @property
    def refuses_while_full(self) -> str:
        """The page by which the service deletes none that holds something, if it is so (overlay).

        CloudFormation then leaves it behind, outside of the stack.
        """
        page: str = self.overlay.get("refuses_while_full", "")
        return page

    @property
    def emptied_by(self) -> str:
        """The property that, if it is true, has one emptied and deleted all the same (overlay)."""
        emptied: str = self.overlay.get("emptied_by", "")
        return emptied

    @property
    def revised(self) -> bool:
        """Whether a replacement is only a new revision of the same thing (overlay)."""
        return bool(self.overlay.get("revised"))

    @cached_property
    def shortens(self) -> tuple[tuple[str, ...], ...]:
        """The properties whose decrease deletes data, such as a retention (overlay)."""
        return self._added("shortens")

    @cached_property
    def delays(self) -> tuple[tuple[str, ...], ...]:
        """The properties whose decrease leaves less time to take a deletion back (overlay)."""
        return self._added("delays")

    @cached_property
    def protects(self) -> dict[tuple[str, ...], str]:
        """The properties that keep data from harm, each with the value that does so (overlay)."""
        value: dict[str, str] = self.overlay.get("protects", {})
        return {tuple(path.split("/")): value for path, value in value.items()}

    @cached_property
    def expires(self) -> tuple[tuple[str, ...], ...]:
        """The properties by which a service deletes data by itself (overlay)."""
        return self._added("expires")

    @property
    def page(self) -> str:
        """The page of AWS's that says what the overlay says."""
        page: str = self.overlay.get("source", "")
        return page

    def permissions(self, operation: str) -> tuple[str, ...]:
        """Return the IAM actions that CloudFormation needs for `create`, `update`, ….

        The overlay's `handlers` stand for those that the schema lacks.
        """
        handlers = self.body.get("handlers") or self.overlay.get("handlers") or {}
        value = handlers.get(operation, ())
        return tuple(value.get("permissions", ()) if isinstance(value, dict) else value)

    def default(self, path: tuple[str, ...]) -> Any:
        """Return what a property is if the template leaves it out, `None` if nobody says."""
        if "/".join(path) in self.overlay.get("defaults", {}):
            return self.overlay["defaults"]["/".join(path)]
        return (self.node(path) or {}).get("default")

    def node(self, path: tuple[str, ...]) -> dict[str, Any] | None:
        """Return the schema of a property, `None` where it says nothing."""
        value: Any = self.body
        for key in path:
            value = self._step(self.resolved(value), key)
            if value is None:
                return None
        return self.resolved(value)

    def decisive(self, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what speaks of a change of a property: the keyword, and the path it lists.

        The keyword is `refuses`, `createOnlyProperties`, `primaryIdentifier` (what the template
        sets of it) or `conditionalCreateOnlyProperties`, in this order. A path that is listed may
        lie within the property, or around it.
        """
        for keyword, paths in (
            ("refuses", self.refuses),
            ("createOnlyProperties", self.create_only),
            ("primaryIdentifier", tuple(p for p in self.identifier if p not in self.read_only)),
            ("conditionalCreateOnlyProperties", self.conditional),
        ):
            for keyword_path in paths:
                if _meet(keyword_path, path):
                    yield keyword, keyword_path

    def source(self, keyword: str, pointer: str) -> Evidence:
        """Return where a verdict comes from: a keyword of the schema, or the overlay's page."""
        own = {
            "createOnlyProperties": "create_only",
            "conditionalCreateOnlyProperties": "conditional",
        }
        listed = self.body.get(keyword, ())
        if pointer in listed:
            return Evidence(self.type, keyword, pointer)
        if pointer.removeprefix("/properties/") in self.overlay.get(own.get(keyword, keyword), ()):
            return Evidence(self.type, "", pointer, str(self.overlay["source"]))
        return Evidence(self.type, keyword, pointer)

    def _paths(self, keyword: str) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple(pointer.removeprefix("/properties/").split("/"))
            for pointer in self.body.get(keyword, ())
        )

    def _added(self, key: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(path.split("/")) for path in self.overlay.get(key, ()))

    def resolved(self, node: Any) -> dict[str, Any] | None:
        """Return a part of the schema with its references followed."""
        for _ in range(10):
            if not isinstance(node, dict):
                return None
            if "$ref" not in node:
                return node
            value: Any = self.body
            for key in str(node["$ref"]).removeprefix("#/").split("/"):
                value = value.get(key) if isinstance(value, dict) else None
            node = value
        return None

    def _step(self, node: dict[str, Any] | None, key: str) -> Any:
        if node is None:
            return None
        if key == "*":
            return node.get("items") or next(iter(node.get("patternProperties", {}).values()), None)
        value = node.get("properties", {}).get(key)
        if value is not None:
            return value
        for alternative in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
            meant = self.resolved(alternative)
            value = (meant or {}).get("properties", {}).get(key)
            if value is not None:
                return value
        return None


def _meet(other: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether one of two paths leads into the other."""
    return all(a == b for a, b in zip(other, path, strict=False))


def is_custom(type_: str) -> bool:
    """Whether a type is that of a custom resource, by either of its spellings.

    >>> is_custom("Custom::Image"), is_custom("AWS::CloudFormation::CustomResource")
    (True, True)
    """
    return type_ == CUSTOM or type_.startswith("Custom::")


@cache
def schema(type_: str) -> Schema:
    """Return what is known of a resource type; nothing is known of one that nobody has.

    Custom resources (`Custom::…`) are all of one type.
    """
    name = CUSTOM if is_custom(type_) else type_
    body: dict[str, Any] = {}
    if digest := schema_digest(name):
        text = (data_directory() / "schemas" / "resources" / f"{digest}.json").read_text("utf-8")
        body = json.loads(text)
    return Schema(type_, body, overlay().get(name, {}))


@cache
def overlay() -> dict[str, dict[str, Any]]:
    """Return what `data/resources.toml` adds to the schemas, by type."""
    return tomllib.loads(
        files("cfngen.cloudformation").joinpath(OVERLAY).read_text(encoding="utf-8")
    )


@cache
def iam_actions() -> dict[str, tuple[str, ...]]:
    """Return every IAM action that cfn-lint knows, in small letters, by service."""
    table = iam_services()
    return {service: tuple(sorted(about["Actions"])) for service, about in table.items()}


@cache
def iam_services() -> dict[str, dict[str, Any]]:
    """Return what cfn-lint knows of IAM's services: actions, what they act on, ARNs."""
    text = (data_directory() / "AdditionalSpecs" / "Policies.json").read_text("utf-8")
    value: dict[str, dict[str, Any]] = json.loads(text)
    return value
