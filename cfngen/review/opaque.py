"""Parts of a template that nobody can look into, and whether a change could hide in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.capabilities import macros
from cfngen.cloudformation.resolve import OUTER_CLOSE, OUTER_OPEN
from cfngen.cloudformation.values import CLOSE, OPEN, canonical, shown
from cfngen.review.compare.retention import KEEPS, deletion_policy
from cfngen.review.includes import INCLUDE, TRANSFORM, listed, location
from cfngen.review.model import Certainty, Concern, Finding, Kind, ResourceChange
from cfngen.review.pairs import Closed, Pair, Part, hints
from cfngen.review.stack import Stack

LOOP, MODULE, OWN = "Fn::ForEach::", "::MODULE", "AWS::"
MORE = " (and more in the same place)"
# Transforms of AWS's own that change nothing which stands there already.
HARMLESS = frozenset(("AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23", INCLUDE))
# Where a template has no names, or nothing that is deployed.
SKIPPED = frozenset(("AWSTemplateFormatVersion", "Description", "Transform", "Resources"))


@dataclass(frozen=True)
class Opaque:
    """One part; `reference` is equal on both sides if nothing can hide in it."""

    subject: str
    section: str
    what: str
    reference: str = field(repr=False)
    advice: str = ""

    def with_(self, other: Opaque) -> Opaque:
        """Return two parts in one place as one."""
        what = self.what
        if other.what != what and not what.endswith(MORE):
            what += MORE
        return replace(self, what=what, reference=_digest(self.reference + other.reference))

    @property
    def key(self) -> str:
        """What it is called within its template."""
        where = "" if self.section == "Resources" else f"{self.section}/"
        return f"{where}{self.subject}"


@dataclass(frozen=True)
class Judged:
    """What is to be said of the opaque parts of one pair of templates."""

    findings: tuple[Finding, ...] = ()
    same: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str], ...] = ()


def judged(pair: Pair, accepted: Mapping[str, str]) -> Judged:
    """Return which opaque parts of a pair are not the same, which are, and which are accepted."""
    if pair.kind is Kind.REMOVED:  # its stacks stay as they are
        return Judged()
    before, after = pair.stacks
    findings: list[Finding] = list(_strange(pair))
    old = _parts(before, pair.old, {n: sides[0] for n, sides in pair.closed.items()})
    new = _parts(after, pair.new, {n: sides[1] for n, sides in pair.closed.items()})
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
            findings.append(_finding(name, was, now))
    return Judged(tuple(findings), tuple(same), tuple(allowed))


def _strange(pair: Pair) -> Iterator[Finding]:
    """Yield characters that are new in a text, and that not every reader of it takes for the same.

    YAML 1.1 ends a line where YAML 1.2, and most editors, see a character of a comment.
    """
    old, new = (side.text.replace("\r\n", "\n") if side else "" for side in (pair.old, pair.new))
    breaks = "" if new.lstrip()[:1] == "{" else "\r\x85\u2028\u2029"
    for character in (*breaks, OPEN, CLOSE, OUTER_OPEN, OUTER_CLOSE):
        if new.count(character) > old.count(character):
            message = (
                f"the text has U+{ord(character):04X}, which not everybody reads as the same:"
                " write it as an escape, in quotes"
            )
            yield Finding(Concern.UNKNOWN, Certainty.MAY, pair.name, message, section="")


def notes(after: Stack, changes: Mapping[str, ResourceChange]) -> Iterator[str]:
    """Yield what is not looked into, and is not of this template, or is made by AWS itself."""
    for name, change in changes.items():
        if change.type == "AWS::CloudFormation::Macro":
            yield f"{name}: what this macro makes of templates is not looked into"
    if changes and after.sections and hints(after.sections.text):
        for macro in macros(after.sections.body):
            if macro.startswith(OWN) and macro not in HARMLESS:
                yield f"the transform {macro}: what it makes of the template is not looked into"


def _reported(was: Opaque, before: Stack, after: Stack) -> bool:
    """Whether a resource that is gone is kept, or is reported as a loss."""
    resource = before.resource(was.subject) if was.section == "Resources" else None
    if resource is None or was.subject in after.names:
        return False
    return bool(resource.schema.holds) or deletion_policy(resource) in KEEPS


def _finding(name: str, was: Opaque | None, now: Opaque | None) -> Finding:
    part = now or was
    assert part is not None  # noqa: S101 - it is there on one side
    how = "is new here" if was is None else "is gone" if now is None else "is not as it was"
    advice = f"{part.advice}, or " if part.advice and now else ""
    message = (
        f"{part.what} {how}, and is not looked into: {advice}accept {name} under [review] in the"
        " manifest, with a reason"
    )
    return Finding(Concern.UNKNOWN, Certainty.MAY, part.subject, message, section=part.section)


def _parts(
    stack: Stack, part: Part | None, closed: Mapping[str, Closed | None]
) -> dict[str, Opaque]:
    """Return the opaque parts of one side, by what they are called."""
    found: dict[str, Opaque] = {}
    if part is None or stack.sections is None or not hints(part.sections.text):
        return found
    for one in _Parts(stack, part, closed).all():
        other = found.get(one.key)
        found[one.key] = other.with_(one) if other else one
    return found


class _Parts:
    """Looks for the opaque parts of one template."""

    def __init__(self, stack: Stack, part: Part, closed: Mapping[str, Closed | None]) -> None:
        self.stack = stack
        self.part = part
        self.closed = closed

    def all(self) -> Iterator[Opaque]:
        yield from self.of_template()
        for name in self.stack.names:
            yield from self.of_resource(name)
        body = self.stack.sections.body if self.stack.sections else {}
        for section, entries in body.items():
            if section in SKIPPED or not isinstance(entries, dict):
                continue
            for name, entry in entries.items():
                yield from self.within(section, str(name), {name: entry}, entries)

    def of_template(self) -> Iterator[Opaque]:
        """Yield the macros that a template goes through: each sees all of it."""
        body = self.stack.sections.body if self.stack.sections else {}
        transforms = [(_name(transform), transform) for transform in listed(body.get("Transform"))]
        others = [name for name, _ in transforms if not name.startswith(OWN)]
        if others:
            # What a loop is written with is seen by a macro, whatever it makes.
            loops = self.part.text if LOOP[:-2] in self.part.text else ""
            whole = _digest(exact([body, loops, dict(self.part.parameters)]))
            for name in dict.fromkeys(others):
                what = f"what the macro {name} makes of the template"
                yield Opaque(name, "Transform", what, whole)
        for _, transform in transforms:
            if location(transform) is not None:
                yield self.include("Transform", INCLUDE, transform)

    def of_resource(self, name: str) -> Iterator[Opaque]:
        sections = self.stack.sections
        body = sections.resources[name].body if sections else None
        closed = self.closed.get(name)
        if closed:
            yield Opaque(name, "Resources", closed.what, closed.reference, closed.advice)
        type_ = body.get("Type") if isinstance(body, dict) else None
        if isinstance(type_, str) and type_.endswith(MODULE):
            what = f"what the module {type_} consists of"
            yield Opaque(name, "Resources", what, self.reference(body))
        around = sections.body["Resources"] if sections and name == TRANSFORM else {}
        yield from self.within("Resources", name, {name: body}, around)

    def within(self, section: str, subject: str, value: Any, around: Any) -> Iterator[Opaque]:
        """Yield the macros and loops in a value, which `around` is around of."""
        if isinstance(value, list):
            for item in value:
                yield from self.within(section, subject, item, item)
        if not isinstance(value, dict):
            return
        for key, item in value.items():
            if key == TRANSFORM:
                siblings = around if TRANSFORM in around else value
                yield from self.transformed(section, subject, item, siblings)
            elif isinstance(key, str) and key.startswith(LOOP):
                what = f"what the loop {key} makes"
                yield Opaque(subject, section, what, self.reference(item))
            else:
                yield from self.within(section, subject, item, item)

    def transformed(
        self, section: str, subject: str, value: Any, siblings: Any
    ) -> Iterator[Opaque]:
        """Yield what the transforms of one place make of it; a macro sees what is around it."""
        transforms = listed(value)
        if all(location(transform) is not None for transform in transforms):
            for transform in transforms:
                yield self.include(section, subject, transform)
        else:
            what = f"what the macro {_name(transforms[0])} makes here"
            what += MORE if len(transforms) > 1 else ""
            yield Opaque(subject, section, what, self.reference(siblings))

    def include(self, section: str, subject: str, transform: Any) -> Opaque:
        path = location(transform)
        file = self.part.source.beside(path) if isinstance(path, str) and path else None
        reference = _digest(self.reference(transform) + (file.text if file else ""))
        what = f"what {INCLUDE} fetches from {shown(self.stack.resolver.resolve(path))}"
        return Opaque(subject, section, what, reference, "put that file beside this template")

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
