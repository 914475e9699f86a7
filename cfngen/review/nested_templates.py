"""Templates inside of templates: each is compared as one of its own, as `outer/Resource`.

They are the body of a stack set, a nested stack or application whose template is a file of the
tree, as `aws cloudformation package` takes it, and a nested stack of the CDK. What is inside and
cannot be unfolded is `Closed`, never nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.resolve import OUTER_CLOSE, OUTER_OPEN
from cfngen.cloudformation.source import Source
from cfngen.cloudformation.values import (
    CLOSE,
    OPEN,
    SPOOF,
    canonical,
    has_functions,
    literal,
    shown,
)
from cfngen.errors import RenderError
from cfngen.review.assets import asset
from cfngen.review.compare.retention import KEEPS, deletion_policy
from cfngen.review.model import Kind
from cfngen.review.nested_outputs import handed
from cfngen.review.nested_parameters import STACK_SET, passed
from cfngen.review.pairs import Closed, Pair, Part, hints, sections
from cfngen.review.permissions.alternatives import type_of
from cfngen.review.stack import Resource, Stack

# The properties that say which template, by the types that have one.
PROPERTIES = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    STACK_SET: "TemplateURL",
    "AWS::Serverless::Application": "Location",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "",
}
BODY = "TemplateBody"
DEEPEST, MOST, MOST_TEXT = 10, 1_000, 10_000_000  # templates; characters of all of them
REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")  # a scheme; one letter is a drive
NAME = re.compile(r"(?:outer )*[A-Za-z0-9:.]+")
MARKS = re.compile(f"[{OUTER_OPEN}{OUTER_CLOSE}]")
BESIDE, ALONE = "put it beside this template", "look at it by yourself"


@dataclass(frozen=True)
class Inner:
    """A template inside another, as text."""

    what: str
    source: Source
    lines: Callable[[int], int] | None = None


@dataclass
class _Lines:
    """Says which line of a file has a line of a template that is a text in it.

    Where that is not written line by line, it is the line of the property.
    """

    part: Part
    resource: str

    def __call__(self, number: int) -> int:
        first, fixed = self.places
        there = first + number - 1 if first else fixed
        return self.part.lines(there) if self.part.lines else there

    @cached_property
    def places(self) -> tuple[int, int]:
        place = "Resources", self.resource, ("Properties", BODY)
        return self.part.sections.block(*place), self.part.sections.line(*place)


def pairs(base: Mapping[str, Part], head: Mapping[str, Part]) -> list[Pair]:
    """Return the templates of two sides in pairs, each with those inside of it behind it."""
    return _Unfolding({*base, *head}).all(base, head)


class _Unfolding:
    """Unfolds the templates of one review; it keeps count of them."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.most, self.room = MOST, MOST_TEXT
        self.texts: set[str] = set()

    def all(self, base: Mapping[str, Part], head: Mapping[str, Part]) -> list[Pair]:
        found: list[Pair] = []
        for name in sorted({*base, *head}):
            old, new = base.get(name), head.get(name)
            kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.CHANGED
            found += self.unfolded(Pair(name, kind, old, new))
        return found

    def unfolded(self, pair: Pair) -> list[Pair]:
        """Return a pair, and all that are inside of it."""
        if not any(hints(part.sections.text) for part in (pair.old, pair.new) if part):
            return [pair]
        names = dict.fromkeys((*pair.stacks[1].names, *pair.stacks[0].names))
        nested = [n for n in names if any(type_of(side, n) in PROPERTIES for side in pair.stacks)]
        inside: dict[str, list[Pair]] = {}
        for name in _ordered(pair, nested):
            inner = self.inside(pair, name)
            if inner:
                inside[name] = self.unfolded(inner)
                pair.receive(handed(inner))
        return [pair, *(inner for name in nested for inner in inside.get(name, ()))]

    def inside(self, pair: Pair, name: str) -> Pair | None:
        """Return the template inside a resource, before and after."""
        before, after = pair.stacks
        old = self.look(pair.old, before, name, "before")
        new = self.look(pair.new, after, name, "after")
        if isinstance(old, Closed) or isinstance(new, Closed):
            pair.closed[name] = _if_closed(old), _if_closed(new)
        return self.pair(pair, name, old, new)

    def pair(
        self, outer: Pair, name: str, old: Part | Closed | None, new: Part | Closed | None
    ) -> Pair | None:
        """Return one template inside another, `None` if there is nothing to compare."""
        kind = _kind(outer, name, old, new)
        was, now = (side if isinstance(side, Part) else None for side in (old, new))
        if (was is None and now is None) or (was and isinstance(new, Closed)):
            return None
        before, after = (stack.resource(name) for stack in outer.stacks)
        given = passed(
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

    def look(self, part: Part | None, stack: Stack, name: str, side: str) -> Part | Closed | None:
        """Return the template inside a resource, on one side."""
        resource = stack.resource(name) if part else None
        if part is None or resource is None or resource.type not in PROPERTIES:
            return None
        found = _look(part, resource)
        return found if isinstance(found, Closed) else self.read(part, resource, found, side)

    def read(self, part: Part, resource: Resource, found: Inner, side: str) -> Part | Closed:
        """Return a template that is inside another, as far as there is room for it."""
        source, around = found.source, (part.source, *part.around)
        if any(source.text == other.text for other in around):
            return _closed(resource, f"{found.what}, which has itself in it,", ALONE, source.text)
        self.most -= 1
        if source.text not in self.texts:
            self.room -= len(source.text)
            self.texts.add(source.text)
        if len(around) > DEEPEST or self.most < 0 or self.room < 0:
            limits = f"{MOST:,} templates, {DEEPEST} levels or {MOST_TEXT:,} characters"
            what = f"{found.what}, which is behind more than {limits},"
            return Closed(what, side, ALONE)  # never equal to that of the other side
        try:
            return Part(source, sections(source), {}, around, found.lines)
        except RenderError:
            return _closed(resource, f"{found.what}, which cannot be read,", "mend it", source.text)


def _ordered(pair: Pair, names: list[str]) -> list[str]:
    """Return names in an order in which each comes after those that it refers to."""
    ordered: dict[str, None] = {}
    todo, seen, nested = [*reversed(names)], set[str](), set(names)
    while todo:
        name = todo[-1]
        others: set[str] = set()
        if name not in seen:
            resources = (stack.resource(name) for stack in pair.stacks)
            others = {other for found in resources if found for other, _ in found.references}
        seen.add(name)
        waiting = sorted((others & nested) - seen) if others else []
        if not waiting:
            ordered.setdefault(todo.pop())
        todo += waiting
    return list(ordered)


def _if_closed(side: Part | Closed | None) -> Closed | None:
    return side if isinstance(side, Closed) else None


def _kind(outer: Pair, name: str, old: object, new: object) -> Kind:
    """Return what becomes of the stacks of a template inside another."""
    if outer.kind is Kind.REMOVED:
        return Kind.REMOVED
    if not isinstance(old, Part):
        return Kind.ADDED
    if new is None:
        resource = outer.stacks[0].resource(name)
        kept = resource is not None and deletion_policy(resource) in KEEPS
        return Kind.REMOVED if kept else Kind.CHANGED  # all that is in it is deleted with it
    return Kind.CHANGED


def _look(part: Part, resource: Resource) -> Inner | Closed:
    """Return the template inside a resource, or why it cannot be looked into."""
    if resource.type == STACK_SET and BODY in resource.properties:
        return _body(part, resource)
    url = resource.properties.get(PROPERTIES[resource.type])
    if isinstance(url, str) and literal(url) and url and not REMOTE.match(url):
        return _file(resource, url, part.source.beside(url))
    if isinstance(url, str):
        sources = (part.source, *part.around)
        file = asset(sources, resource.attributes, url)
        if file:
            return _file(resource, file.file or shown(url), file)
    if url is None:
        return _closed(resource, f"what {resource.type} is made of", ALONE)
    return _closed(resource, f"the template at {_short(url)}", BESIDE)


def _body(part: Part, resource: Resource) -> Inner | Closed:
    """Return the template that a stack set has as a text."""
    body = resource.properties[BODY]
    if isinstance(body, dict) and not has_functions(body):
        body = json.dumps(body, ensure_ascii=False)
    text = _marked(body) if isinstance(body, str) else None
    if text is None:
        return _closed(resource, "the template, which only the deployment knows,", ALONE)
    source = replace(part.source, text=text)
    return Inner("the template in its TemplateBody", source, _Lines(part, resource.name))


def _file(resource: Resource, path: str, file: Source | None) -> Inner | Closed:
    """Return the template that a file is."""
    if file is None:
        return _closed(resource, f"the template {path}, which is no file here,", "put it there")
    return Inner(f"the template {path}", replace(file, text=MARKS.sub(SPOOF, file.text)))


def _closed(resource: Resource, what: str, advice: str, text: str = "") -> Closed:
    """Return a template that cannot be looked into: its address, its bytes, what it is given."""
    properties = resource.properties
    keys = {PROPERTIES[resource.type], BODY} & properties.keys()
    if keys:
        given = {"Parameters", "StackInstancesGroup", *keys}
        properties = {key: properties[key] for key in sorted(given & properties.keys())}
    return Closed(what, canonical([properties, text]), advice)


def _marked(text: str) -> str | None:
    """Return a resolved text as that of a template, `None` if nothing of it is known.

    What only the deployment knows stands in it as a name between two characters that nothing else
    has; see `OUTER`.
    """
    found: list[str] = []
    depth, start, end = 0, 0, 0
    text = MARKS.sub(SPOOF, text)
    for match in re.finditer(f"[{OPEN}{CLOSE}]", text):
        opens = match[0] == OPEN
        if opens and not depth:
            start = match.end()
            found.append(text[end : match.start()])
        depth += 1 if opens else -1
        if depth < 0:
            return None
        if not depth:
            end = match.end()
            found.append(f"{OUTER_OPEN}{_label(text[start : match.start()])}{OUTER_CLOSE}")
    if depth or not "".join([*found[::2], text[end:]]).strip():
        return None
    return "".join([*found, text[end:]])


def _label(inner: str) -> str:
    """Return a name for what a reference or function is, which no quote or break can be in."""
    if NAME.fullmatch(inner):
        return inner
    digest = hashlib.sha256(inner.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{inner.partition(' ')[0] if inner[:4] == 'Fn::' else 'value'}-{digest}"


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
