"""Parts of a template that cannot be inspected, and whether a change could hide in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.capabilities import macros
from cfngen.cloudformation.text import Text
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.compare.retention import KEEPING_POLICIES, deletion_policy
from cfngen.review.includes import INCLUDE, TRANSFORM, as_list, include_location
from cfngen.review.model import Kind, ResourceChange
from cfngen.review.pairs import Pair, TemplateSide, UnreadableTemplate, may_nest
from cfngen.review.stack import Stack

LOOP, MODULE, AWS_PREFIX = "Fn::ForEach::", "::MODULE", "AWS::"
MORE = " (and more in the same place)"
# Transforms of AWS's own that change nothing which stands there already.
HARMLESS = frozenset(("AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23", INCLUDE))
# Where a template has no names, or nothing that is deployed.
SKIPPED = frozenset(("AWSTemplateFormatVersion", "Description", "Transform", "Resources"))


@dataclass(frozen=True)
class OpaquePart:
    """One part that cannot be inspected; nothing can hide in it if both `reference`s are equal."""

    subject: str
    section: str
    description: str
    reference: str = field(repr=False)
    advice: str = ""

    def merged(self, other: OpaquePart) -> OpaquePart:
        """Return two parts in one place as one."""
        what = self.description
        if other.description != what and not what.endswith(MORE):
            what += MORE
        return replace(self, description=what, reference=_digest(self.reference + other.reference))

    @property
    def key(self) -> str:
        """What it is called within its template."""
        where = "" if self.section == "Resources" else f"{self.section}/"
        return f"{where}{self.subject}"


@dataclass(frozen=True)
class OpaqueChange:
    """A part that is not the same on both sides; `name` is what the project would accept it by."""

    name: str
    before: OpaquePart | None
    after: OpaquePart | None

    @property
    def either(self) -> OpaquePart:
        """Head's part, or base's for one that was removed."""
        part = self.after or self.before
        assert part is not None  # noqa: S101 - it is there on one side
        return part


@dataclass(frozen=True)
class OpaqueParts:
    """The opaque parts of one pair of templates: those that differ, and the names of the others."""

    changes: tuple[OpaqueChange, ...] = ()
    same: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str], ...] = ()


def compare_opaque(pair: Pair, accepted: Mapping[str, str]) -> OpaqueParts:
    """Return which opaque parts of a pair differ, which are the same, and which are accepted."""
    if pair.kind is Kind.REMOVED:  # its stacks stay as they are
        return OpaqueParts()
    before, after = pair.stacks
    old = _parts(before, pair.old, {n: sides[0] for n, sides in pair.unreadable.items()})
    new = _parts(after, pair.new, {n: sides[1] for n, sides in pair.unreadable.items()})
    changes: list[OpaqueChange] = []
    same: list[str] = []
    allowed: list[tuple[str, str]] = []
    for key in dict.fromkeys((*new, *old)):
        name = f"{pair.name}/{key}"
        was, now = old.get(key), new.get(key)
        if was and now and was.reference == now.reference:
            same.append(name)
        elif now is None and was and _reported(was, before, after):
            continue
        elif name in accepted:
            allowed.append((name, accepted[name]))
        else:
            changes.append(OpaqueChange(name, was, now))
    return OpaqueParts(tuple(changes), tuple(same), tuple(allowed))


def notes(after: Stack, changes: Mapping[str, ResourceChange]) -> Iterator[str]:
    """Yield notes on what is not inspected since AWS or another template makes it."""
    for name, change in changes.items():
        if change.type == "AWS::CloudFormation::Macro":
            yield f"{name}: the output of this macro is not inspected"
    retyped = [n for n, c in changes.items() if any(d.path == "Type" for d in c.attributes)]
    if retyped:
        yield (
            f"{', '.join(retyped)}: in SAM on one side only; what SAM makes of code, events,"
            " policies and tags is not compared"
        )
    if changes and after.sections and may_nest(after.sections.text):
        for macro in macros(after.sections.body):
            if macro.startswith(AWS_PREFIX) and macro not in HARMLESS:
                yield f"the transform {macro}: its output is not inspected"


def _reported(was: OpaquePart, before: Stack, after: Stack) -> bool:
    """Whether a resource that is gone is kept, or is reported as a loss."""
    resource = before.resource(was.subject) if was.section == "Resources" else None
    if resource is None or was.subject in after.names:
        return False
    return bool(resource.schema.holds) or deletion_policy(resource) in KEEPING_POLICIES


def _parts(
    stack: Stack, part: TemplateSide | None, closed: Mapping[str, UnreadableTemplate | None]
) -> dict[str, OpaquePart]:
    """Return the opaque parts of one side, by what they are called."""
    parts: dict[str, OpaquePart] = {}
    if part is None or stack.sections is None:
        return parts
    if not any(closed.values()) and not may_nest(part.sections.text):
        return parts
    for opaque_part in _Parts(stack, part, closed).all():
        other = parts.get(opaque_part.key)
        parts[opaque_part.key] = other.merged(opaque_part) if other else opaque_part
    return parts


class _Parts:
    """Looks for the opaque parts of one template."""

    def __init__(
        self, stack: Stack, part: TemplateSide, closed: Mapping[str, UnreadableTemplate | None]
    ) -> None:
        self.stack = stack
        self.part = part
        self.unreadable = closed

    def all(self) -> Iterator[OpaquePart]:
        yield from self.of_template()
        for name in self.stack.names:
            yield from self.of_resource(name)
        body = self.stack.sections.body if self.stack.sections else {}
        for section, entries in body.items():
            if section in SKIPPED or not isinstance(entries, dict):
                continue
            for name, entry in entries.items():
                yield from self.within(section, str(name), {name: entry}, entries)

    def of_template(self) -> Iterator[OpaquePart]:
        """Yield the macros that a template goes through: each sees all of it."""
        body = self.stack.sections.body if self.stack.sections else {}
        transforms = [(_name(transform), transform) for transform in as_list(body.get("Transform"))]
        others = [name for name, _ in transforms if not name.startswith(AWS_PREFIX)]
        if others:
            # What a loop is written with is seen by a macro, whatever it makes.
            loops = self.part.text if LOOP[:-2] in self.part.text else ""
            outer = [Text((part,)) for part in self.part.outer.parts.values()]
            given = canonical([dict(self.part.parameters), outer])
            whole = _digest(exact([body, loops]) + given)
            for name in dict.fromkeys(others):
                what = f"the output of the macro {name}"
                yield OpaquePart(name, "Transform", what, whole)
        for _, transform in transforms:
            if include_location(transform) is not None:
                yield self.include("Transform", INCLUDE, transform)

    def of_resource(self, name: str) -> Iterator[OpaquePart]:
        sections = self.stack.sections
        body = sections.resources[name].body if sections else None
        closed = self.unreadable.get(name)
        if closed:
            yield OpaquePart(name, "Resources", closed.description, closed.reference, closed.advice)
        type_ = body.get("Type") if isinstance(body, dict) else None
        if isinstance(type_, str) and type_.endswith(MODULE):
            what = f"the contents of the module {type_}"
            yield OpaquePart(name, "Resources", what, self.reference(body))
        around = sections.body["Resources"] if sections and name == TRANSFORM else {}
        yield from self.within("Resources", name, {name: body}, around)

    def within(self, section: str, subject: str, value: Any, around: Any) -> Iterator[OpaquePart]:
        """Yield the macros and loops in a value, which `around` is around of."""
        if isinstance(value, list):
            for item in value:
                yield from self.within(section, subject, item, item)
        if not isinstance(value, dict):
            return
        # The order of keys says nothing, and several parts in one place are one in this order.
        for key, item in sorted(value.items(), key=lambda pair: str(pair[0])):
            if key == TRANSFORM:
                siblings = around if TRANSFORM in around else value
                yield from self.transformed(section, subject, item, siblings)
            elif isinstance(key, str) and key.startswith(LOOP):
                what = f"the output of the loop {key}"
                yield OpaquePart(subject, section, what, self.reference(item))
            else:
                yield from self.within(section, subject, item, item)

    def transformed(
        self, section: str, subject: str, value: Any, siblings: Any
    ) -> Iterator[OpaquePart]:
        """Yield what the transforms of one place make of it; a macro sees what is around it."""
        transforms = as_list(value)
        if all(include_location(transform) is not None for transform in transforms):
            for transform in transforms:
                yield self.include(section, subject, transform)
        else:
            what = f"the output of the macro {_name(transforms[0])} here"
            what += MORE if len(transforms) > 1 else ""
            yield OpaquePart(subject, section, what, self.reference(siblings))

    def include(self, section: str, subject: str, transform: Any) -> OpaquePart:
        path = include_location(transform)
        file = self.part.source.beside(path) if isinstance(path, str) and path else None
        reference = _digest(self.reference(transform) + (file.text if file else ""))
        what = f"what {INCLUDE} fetches from {shown(self.stack.resolver.resolve(path))}"
        return OpaquePart(subject, section, what, reference, "put that file beside this template")

    def reference(self, value: Any) -> str:
        """Return a text that is equal for what is written the same and means the same."""
        return _digest(exact(value) + canonical(self.stack.resolver.resolve(value)))


def exact(value: Any) -> str:
    """Return a text that is equal for data which is the same, but for the order of keys."""

    def keyed(node: Any) -> Any:
        if isinstance(node, dict):
            return {str(key): keyed(item) for key, item in node.items()}
        return [keyed(item) for item in node] if isinstance(node, list) else node

    return json.dumps(keyed(value), sort_keys=True, default=str)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _name(transform: Any) -> str:
    name = transform.get("Name") if isinstance(transform, dict) else transform
    return name if isinstance(name, str) else shown(name)
