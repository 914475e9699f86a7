"""Nested templates: each is compared as a template of its own, as `outer/Resource`.

They are the body of a stack set, a nested stack or application whose template is a file of the
tree, as `aws cloudformation package` takes it, and a nested stack of the CDK. One that cannot be
read is an `UnreadableTemplate`, never nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.placeholders import NOTHING_MASKED, Masked, masked
from cfngen.cloudformation.source import Source
from cfngen.cloudformation.text import AnyText, Part, Text, Unknown, digest, readable_text
from cfngen.cloudformation.values import canonical, flat, has_functions, shown
from cfngen.errors import RenderError
from cfngen.review.alternatives import type_of
from cfngen.review.assets import asset
from cfngen.review.compare.retention import KEEPING_POLICIES, deletion_policy
from cfngen.review.model import Kind
from cfngen.review.nested_outputs import changed_outputs
from cfngen.review.nested_parameters import STACK_SET, passed_parameters
from cfngen.review.pairs import Pair, TemplateSide, UnreadableTemplate, may_nest, sections
from cfngen.review.stack import Resource, Stack

# The properties that say which template, by the types that have one.
PROPERTIES = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    STACK_SET: "TemplateURL",
    "AWS::Serverless::Application": "Location",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "",
}
BODY = "TemplateBody"
MAX_DEPTH, MAX_TEMPLATES, MAX_TEXT = 10, 1_000, 10_000_000  # templates; characters of all of them
REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")  # a scheme; one letter is a drive
NAME = re.compile(r"(?:outer )*[A-Za-z0-9:.]+")
BESIDE, ALONE = "put it beside this template", "review it yourself"


@dataclass(frozen=True)
class InnerTemplate:
    """A nested template, as text."""

    description: str
    source: Source
    lines: Callable[[int], int] | None = None
    outer: Masked = NOTHING_MASKED


@dataclass
class _Lines:
    """Maps a line of a template that is a text in another file to the line of that file.

    Where it is not written line by line, it is the line of the property.
    """

    part: TemplateSide
    resource: str

    def __call__(self, number: int) -> int:
        first, fixed = self.places
        there = first + number - 1 if first else fixed
        return self.part.lines(there) if self.part.lines else there

    @cached_property
    def places(self) -> tuple[int, int]:
        place = "Resources", self.resource, ("Properties", BODY)
        return self.part.sections.block(*place), self.part.sections.line(*place)


def template_pairs(
    base: Mapping[str, TemplateSide],
    head: Mapping[str, TemplateSide],
    names: Collection[str] = (),
) -> list[Pair]:
    """Return the templates of two sides in pairs, each followed by its nested templates.

    None of these is called as one of `names`.
    """
    return _Unfolding({*base, *head, *names}).all(base, head)


class _Unfolding:
    """Unfolds the nested templates of one review, and counts them."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.templates_left, self.text_left = MAX_TEMPLATES, MAX_TEXT
        self.texts: set[str] = set()

    def all(self, base: Mapping[str, TemplateSide], head: Mapping[str, TemplateSide]) -> list[Pair]:
        pairs: list[Pair] = []
        for name in sorted({*base, *head}):
            old, new = base.get(name), head.get(name)
            kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.CHANGED
            pairs += self.unfolded(Pair(name, kind, old, new))
        return pairs

    def unfolded(self, pair: Pair) -> list[Pair]:
        """Return a pair, and all that are inside of it."""
        if not any(may_nest(part.sections.text) for part in (pair.old, pair.new) if part):
            return [pair]
        names = dict.fromkeys((*pair.stacks[1].names, *pair.stacks[0].names))
        nested = [n for n in names if any(type_of(side, n) in PROPERTIES for side in pair.stacks)]
        inside: dict[str, list[Pair]] = {}
        for name in _ordered(pair, nested):
            inner = self.inside(pair, name)
            if inner:
                inside[name] = self.unfolded(inner)
                pair.add_outputs(changed_outputs(inner))
        return [pair, *(inner for name in nested for inner in inside.get(name, ()))]

    def inside(self, pair: Pair, name: str) -> Pair | None:
        """Return the template inside a resource, before and after."""
        before, after = pair.stacks
        old = self.inner_template(pair.old, before, name, "before")
        new = self.inner_template(pair.new, after, name, "after")
        if isinstance(old, UnreadableTemplate) or isinstance(new, UnreadableTemplate):
            pair.unreadable[name] = _if_unreadable(old), _if_unreadable(new)
        return self.pair(pair, name, old, new)

    def pair(
        self,
        outer: Pair,
        name: str,
        old: TemplateSide | UnreadableTemplate | None,
        new: TemplateSide | UnreadableTemplate | None,
    ) -> Pair | None:
        """Return one template inside another, `None` if there is nothing to compare."""
        kind = _kind(outer, name, old, new)
        was, now = (side if isinstance(side, TemplateSide) else None for side in (old, new))
        if (was is None and now is None) or (was and isinstance(new, UnreadableTemplate)):
            return None
        before, after = (stack.resource(name) for stack in outer.stacks)
        given = passed_parameters(
            (before if was else None, after if now else None),
            (was.sections if was else None, now.sections if now else None),
            outer.replaced if was and now else (),
        )
        was, now = (
            replace(side, parameters=values) if side else None
            for side, values in zip((was, now), given, strict=True)
        )
        return Pair(self.name(f"{outer.name}/{name}"), kind, was, now, outer, name)

    def name(self, name: str) -> str:
        """Return a name that no other template has."""
        while name in self.names:
            name += " (inside)"
        self.names.add(name)
        return name

    def inner_template(
        self, part: TemplateSide | None, stack: Stack, name: str, side: str
    ) -> TemplateSide | UnreadableTemplate | None:
        """Return the template inside a resource, on one side."""
        resource = stack.resource(name) if part else None
        if part is None or resource is None or resource.type not in PROPERTIES:
            return None
        inner = _inner_template(part, resource)
        return (
            inner
            if isinstance(inner, UnreadableTemplate)
            else self.read(part, resource, inner, side)
        )

    def read(
        self, part: TemplateSide, resource: Resource, inner: InnerTemplate, side: str
    ) -> TemplateSide | UnreadableTemplate:
        """Return a template that is inside another, as far as there is room for it."""
        source, around = inner.source, (part.source, *part.around)
        if any(source.text == other.text for other in around):
            return _unreadable(
                resource, f"{inner.description}, which includes itself,", ALONE, source.text
            )
        self.templates_left -= 1
        if source.text not in self.texts:
            self.text_left -= len(source.text)
            self.texts.add(source.text)
        if len(around) > MAX_DEPTH or self.templates_left < 0 or self.text_left < 0:
            limits = f"{MAX_TEMPLATES:,} templates, {MAX_DEPTH} levels or {MAX_TEXT:,} characters"
            what = f"{inner.description}, which exceeds the limit of {limits},"
            return UnreadableTemplate(what, side, ALONE)  # never equal to that of the other side
        try:
            return TemplateSide(source, sections(source), {}, around, inner.lines, inner.outer)
        except RenderError:
            return _unreadable(
                resource, f"{inner.description}, which cannot be read,", "fix it", source.text
            )


def _ordered(pair: Pair, names: list[str]) -> list[str]:
    """Return names in an order in which each comes after those that it refers to."""
    ordered: dict[str, None] = {}
    todo, seen, nested = [*reversed(names)], set[str](), set(names)
    while todo:
        name = todo[-1]
        others: set[str] = set()
        if name not in seen:
            resources = (stack.resource(name) for stack in pair.stacks)
            others = {
                other for resource in resources if resource for other, _ in resource.references
            }
        seen.add(name)
        waiting = sorted((others & nested) - seen) if others else []
        if not waiting:
            ordered.setdefault(todo.pop())
        todo += waiting
    return list(ordered)


def _if_unreadable(side: TemplateSide | UnreadableTemplate | None) -> UnreadableTemplate | None:
    return side if isinstance(side, UnreadableTemplate) else None


def _kind(outer: Pair, name: str, old: object, new: object) -> Kind:
    """Return what becomes of the stacks of a template inside another."""
    if outer.kind is Kind.REMOVED:
        return Kind.REMOVED
    if not isinstance(old, TemplateSide):
        return Kind.ADDED
    if new is None:
        resource = outer.stacks[0].resource(name)
        kept = resource is not None and deletion_policy(resource) in KEEPING_POLICIES
        return Kind.REMOVED if kept else Kind.CHANGED  # all that is in it is deleted with it
    return Kind.CHANGED


def _inner_template(part: TemplateSide, resource: Resource) -> InnerTemplate | UnreadableTemplate:
    """Return the nested template of a resource, or why it cannot be read."""
    if resource.type == STACK_SET and BODY in resource.properties:
        return _body(part, resource)
    url = resource.properties.get(PROPERTIES[resource.type])
    if isinstance(url, str) and url and not REMOTE.match(url):
        return _file(resource, url, part.source.beside(url))
    if isinstance(url, str | Text):
        sources = (part.source, *part.around)
        file = asset(sources, resource.attributes, readable_text(url))
        if file:
            return _file(resource, file.file or shown(url), file)
    if url is None:
        return _unreadable(resource, f"the template of {resource.type}", ALONE)
    return _unreadable(resource, f"the template at {_short(url)}", BESIDE)


def _body(part: TemplateSide, resource: Resource) -> InnerTemplate | UnreadableTemplate:
    """Return the template that a stack set has as a text."""
    body = resource.properties[BODY]
    if isinstance(body, dict) and not has_functions(body):
        body = flat(body)
    if not isinstance(body, str | Text) or not _has_known(body):
        return _unreadable(resource, "the template, which is known only at deploy time,", ALONE)
    outer = masked(body, _label, lambda reference: Unknown("outer", (_label(reference),)))
    source = replace(part.source, text=outer.text)
    lines = _Lines(part, resource.name)
    return InnerTemplate("the template in its TemplateBody", source, lines, outer)


def _file(resource: Resource, path: str, file: Source | None) -> InnerTemplate | UnreadableTemplate:
    """Return the template that a file is."""
    if file is None:
        return _unreadable(
            resource, f"the template {path}, which does not exist here,", "put it there"
        )
    return InnerTemplate(f"the template {path}", file)


def _unreadable(resource: Resource, what: str, advice: str, text: str = "") -> UnreadableTemplate:
    """Return a nested template that cannot be read: its address, its bytes, its parameters."""
    properties = resource.properties
    keys = {PROPERTIES[resource.type], BODY} & properties.keys()
    if keys:
        given = {"Parameters", "StackInstancesGroup", *keys}
        properties = {key: properties[key] for key in sorted(given & properties.keys())}
    return UnreadableTemplate(what, canonical([properties, text]), advice)


def _has_known(text: AnyText) -> bool:
    return isinstance(text, str) or bool("".join(text.literals).strip())


def _label(part: Part) -> str:
    """Return a name for what a reference or function is, which no quote or break can be in."""
    if isinstance(part, str):
        return part
    if NAME.fullmatch(part.written):
        return part.written
    function = part.function if isinstance(part, Unknown) else ""
    return f"{function if function[:4] == 'Fn::' else 'value'}-{digest(part.key)}"


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
