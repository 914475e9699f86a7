"""Which resources are not the same on both sides, and what that does to those around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.values import canonical
from cfngen.review.compare.differences import Difference, differences
from cfngen.review.compare.replacement import Verdict, most_certain, referring, verdict
from cfngen.review.compare.retention import DEFAULTS, removed
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    Finding,
    Kind,
    PayloadChange,
    ResourceChange,
)
from cfngen.review.payloads import payload_change
from cfngen.review.stack import Resource, Stack

UPDATE_BEHAVIORS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "using-cfn-updating-stacks-update-behaviors.html"
)


@dataclass
class Compared:
    """The resources of two templates, compared."""

    changes: dict[str, ResourceChange] = field(default_factory=dict)
    payloads: list[PayloadChange] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)


def compare(before: Stack, after: Stack) -> Compared:
    """Return which resources are added, removed, changed, or affected by a replacement.

    They are in head's order; what was removed comes after.
    """
    found = Compared()
    own = frozenset((*before.names, *after.names))
    for name in different(before, after):
        old, new = before.resource(name), after.resource(name)
        if old and new:
            change = _changed(old, new, own, found, _meanings(before, after, old, new))
        else:
            there = new or old
            assert there is not None  # noqa: S101 - a name of one of the two
            kind = Kind.ADDED if new else Kind.REMOVED
            change = ResourceChange(name, there.type, kind, note="" if new else removed(there))
        if change:
            side = before if change.kind is Kind.REMOVED else after
            found.changes[name] = replace(change, line=side.line("Resources", name))
    _spread(before, after, found)
    order = list(dict.fromkeys((*after.names, *before.names)))
    found.changes = {name: found.changes[name] for name in order if name in found.changes}
    return found


def different(before: Stack, after: Stack) -> list[str]:
    """Return the names of resources whose text, or what it depends on, is not the same."""
    names = dict.fromkeys((*after.names, *before.names))
    if after.resolver.told or before.resolver.parameters != after.resolver.parameters:
        return list(names)  # a condition, a mapping, or what the outer template passes: any may
    return [name for name in names if before.text(name) != after.text(name)]


def _changed(
    old: Resource,
    new: Resource,
    own: frozenset[str],
    found: Compared,
    meanings: Iterator[Detail],
) -> ResourceChange | None:
    if old.type != new.type:
        message = (
            f"changes its type from {old.type} to {new.type}; give the new resource a logical ID"
            " of its own"
        )
        finding = Finding(Concern.REFUSED, Certainty.WILL, new.name, message, UPDATE_BEHAVIORS)
        found.refused.append(finding)
        return ResourceChange(new.name, new.type, Kind.CHANGED, type_before=old.type)
    details = [
        _detail(new, difference, own, found)
        for difference in differences(old.properties, new.properties, new.schema)
    ]
    attributes = (*_attributes(old, new), *meanings)
    if not details and not attributes:
        return None
    replaced = most_certain([detail.replacement for detail in details])
    because = tuple(dict.fromkeys(d.because for d in details if d.replacement is not Certainty.NO))
    return ResourceChange(
        new.name, new.type, Kind.CHANGED, replaced, because, tuple(details), attributes
    )


def _detail(
    resource: Resource, difference: Difference, own: frozenset[str], found: Compared
) -> Detail:
    judged = verdict(resource.schema, difference, own)
    if judged.refused is not Certainty.NO:
        message = f"{difference.path} cannot be changed once the resource exists"
        found.refused.append(
            Finding(
                Concern.REFUSED,
                judged.refused,
                resource.name,
                message,
                judged.because,
                path=difference.path,
            )
        )
    payload = payload_change(resource, difference.path, difference.before, difference.after)
    if payload:
        found.payloads.append(payload)
    return Detail(
        difference.path,
        difference.before,
        difference.after,
        judged.replacement,
        judged.because,
        payload=payload.name if payload else "",
    )


def _attributes(old: Resource, new: Resource) -> Iterator[Detail]:
    """Yield what differs beside the properties; comments for other tools are none of ours."""
    for key in dict.fromkeys((*old.attributes, *new.attributes)):
        before, after = (_attribute(side.attributes, key) for side in (old, new))
        if canonical(before) != canonical(after):
            missing = [MISSING if value in (None, {}, []) else value for value in (before, after)]
            yield Detail(key, missing[0], missing[1])


def _meanings(before: Stack, after: Stack, old: Resource, new: Resource) -> Iterator[Detail]:
    """Yield a condition that has kept its name and not its meaning: a resource may come or go."""
    name = new.attributes.get("Condition")
    if isinstance(name, str) and name == old.attributes.get("Condition"):
        known = [side.resolver.known(name) for side in (before, after)]
        said = [side.resolver.condition(name) for side in (before, after)]
        if said[0] != said[1] and (None in known or known[0] != known[1]):
            yield Detail("Condition", said[0], said[1])


def _attribute(attributes: dict[str, Any], key: str) -> Any:
    value = attributes.get(key, DEFAULTS.get(key))
    if key == "DependsOn":
        return sorted(map(str, value if isinstance(value, list) else [value] if value else []))
    if key == "Metadata" and isinstance(value, dict):
        return {k: v for k, v in value.items() if k.startswith("AWS::CloudFormation::")}
    return value


def _spread(before: Stack, after: Stack, found: Compared) -> None:
    """Follow the references from what is replaced to what refers to it, and on."""
    done: set[str] = set()
    while True:
        waiting = {
            name: change.replacement
            for name, change in found.changes.items()
            if change.replacement is not Certainty.NO and name not in done
        }
        if not waiting:
            return
        done |= set(waiting)
        for name in after.names:
            if name not in before.names:
                continue
            hit = frozenset(other for other in waiting if after.mentions(name, other))
            resource = after.resource(name) if hit else None
            if resource:
                _affect(resource, hit, waiting, found, done, after)


def _affect(
    resource: Resource,
    hit: frozenset[str],
    waiting: Mapping[str, Certainty],
    found: Compared,
    done: set[str],
    after: Stack,
) -> None:
    known = found.changes.get(resource.name) or ResourceChange(
        resource.name,
        resource.type,
        Kind.AFFECTED,
        line=after.line("Resources", resource.name),
    )
    details = list(known.properties)
    for place in referring(resource.properties, hit):
        if any(_within(place.path, detail.path) for detail in details):
            continue  # told already, as what it is
        cause = most_certain([waiting[name] for name in place.names])
        how = cause if place.sure else Certainty.MAY
        judged = _moved(resource, place.pointer, how)
        note = f"refers to {', '.join(sorted(place.names))}, which {cause} be replaced"
        details.append(
            Detail(place.path, place.value, place.value, judged.replacement, judged.because, note)
        )
    if len(details) == len(known.properties):
        return
    replaced = most_certain([d.replacement for d in details])
    if known.replacement is not Certainty.WILL and replaced is Certainty.WILL:
        done.discard(resource.name)  # what refers to it has to be told again
    found.changes[resource.name] = replace(
        known,
        replacement=replaced,
        because=tuple(
            dict.fromkeys(d.because for d in details if d.replacement is not Certainty.NO)
        ),
        properties=tuple(details),
    )


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith((f"{other}.", f"{other}["))


def _moved(resource: Resource, pointer: tuple[str, ...], cause: Certainty) -> Verdict:
    """Return what it does to a resource that a reference of it leads elsewhere."""
    for keyword, known in resource.schema.decisive(pointer):
        because = resource.schema.source(keyword, "/properties/" + "/".join(known))
        may = keyword == "conditionalCreateOnlyProperties"
        return Verdict(Certainty.MAY if may else cause, because)
    return Verdict()
