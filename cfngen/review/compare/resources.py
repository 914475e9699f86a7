"""Which resources differ between the two sides, and which others are affected by that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.evidence import Evidence
from cfngen.cloudformation.values import canonical
from cfngen.review.alternatives import type_of
from cfngen.review.compare.differences import Difference, differences
from cfngen.review.compare.replacement import (
    Verdict,
    following_note,
    most_certain,
    property_references,
    property_verdict,
)
from cfngen.review.compare.retention import DEFAULTS, removal_fate, removal_note
from cfngen.review.compare.sam import as_made, is_layer, is_made_of
from cfngen.review.constructs import METADATA, construct_path
from cfngen.review.model import (
    MISSING,
    Certainty,
    Detail,
    Kind,
    PayloadChange,
    ResourceChange,
)
from cfngen.review.payloads import payload_change
from cfngen.review.stack import Resource, Stack

SAM_LOGICAL_IDS = (
    "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/"
    "sam-specification-generated-resources.html"
)


@dataclass(frozen=True)
class FixedProperty:
    """A property that changes, and that no update may change; `reason` is what says so."""

    resource: str
    path: str
    certainty: Certainty
    reason: Evidence | None


@dataclass
class ComparedResources:
    """The resources of two templates, compared."""

    changes: dict[str, ResourceChange] = field(default_factory=dict)
    payloads: list[PayloadChange] = field(default_factory=list)
    fixed: list[FixedProperty] = field(default_factory=list)


def compare(before: Stack, after: Stack) -> ComparedResources:
    """Return which resources are added, removed, changed, or affected by a replacement.

    They are in head's order; what was removed comes after.

    >>> from cfngen.cloudformation.sections import Sections
    >>> text = "Resources: {Jobs: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: %s}}}"
    >>> changes = compare(Stack(Sections(text % 1)), Stack(Sections(text % 2))).changes
    >>> [(name, change.kind.value, change.replacement.value) for name, change in changes.items()]
    [('Jobs', 'changed', 'no')]
    """
    compared = ComparedResources()
    own = frozenset((*before.names, *after.names))
    for name in changed_names(before, after):
        old, new = before.resource(name), after.resource(name)
        if old and new:
            change = _changed(old, new, own, compared, _condition_details(before, after, old, new))
        else:
            there = new or old
            assert there is not None  # noqa: S101 - a name of one of the two
            change = ResourceChange(name, there.type, Kind.ADDED)
            if not new:
                note, fate = removal_note(there), removal_fate(there)
                change = replace(change, kind=Kind.REMOVED, note=note, fate=fate)
        if change:
            side = before if change.kind is Kind.REMOVED else after
            compared.changes[name] = replace(
                change,
                line=side.line("Resources", name),
                construct=construct_path(side.raw(name)),
            )
    _follow_replacements(before, after, compared)
    order = list(dict.fromkeys((*after.names, *before.names)))
    compared.changes = {name: compared.changes[name] for name in order if name in compared.changes}
    return compared


def changed_names(before: Stack, after: Stack) -> list[str]:
    """Return the logical IDs whose text, or anything that it depends on, differs."""
    names = {
        name: None
        for name in dict.fromkeys((*after.names, *before.names))
        if {type_of(side, name) for side in (before, after)} - {""} != {METADATA}
    }
    resolvers = before.resolver, after.resolver
    given = [(resolver.parameters, resolver.outer.marked) for resolver in resolvers]
    if after.resolver.changed or given[0] != given[1]:
        return [*names]  # a condition, a mapping, or what the outer template gives: any may
    return [name for name in names if before.text(name) != after.text(name)]


def _changed(
    old: Resource,
    new: Resource,
    own: frozenset[str],
    compared: ComparedResources,
    meanings: Iterator[Detail],
) -> ResourceChange | None:
    meant = as_made(old, new) if is_made_of(old.type, new.type) else (old, new)
    if meant[0].type != meant[1].type and not is_layer(old.type, new.type):
        return ResourceChange(new.name, new.type, Kind.CHANGED, type_before=old.type)
    details = [
        _detail(meant[1], difference, own, compared)
        for difference in differences(meant[0].properties, meant[1].properties, meant[1].schema)
    ]
    if is_layer(old.type, new.type):
        details = [
            Detail("Type", old.type, new.type, Certainty.WILL, Evidence(page=SAM_LOGICAL_IDS))
        ]
        retyped = []
    else:
        retyped = [Detail("Type", old.type, new.type)] if old.type != new.type else []
    attributes = (*retyped, *_attributes(old, new), *meanings)
    if not details and not attributes:
        return None
    replaced = most_certain([detail.replacement for detail in details])
    return ResourceChange(
        new.name, new.type, Kind.CHANGED, replaced, _reasons(details), tuple(details), attributes
    )


def _reasons(details: Iterable[Detail]) -> tuple[Evidence, ...]:
    """Return why a resource is replaced, each reason once."""
    replacing = (d.reason for d in details if d.replacement is not Certainty.NO)
    return tuple(dict.fromkeys(filter(None, replacing)))


def _detail(
    resource: Resource, difference: Difference, own: frozenset[str], compared: ComparedResources
) -> Detail:
    verdict = property_verdict(resource.schema, difference, own)
    if verdict.refused is not Certainty.NO:
        compared.fixed.append(
            FixedProperty(resource.name, difference.path, verdict.refused, verdict.reason)
        )
    payload = payload_change(resource, difference.path, difference.before, difference.after)
    if payload:
        compared.payloads.append(payload)
    return Detail(
        difference.path,
        difference.before,
        difference.after,
        verdict.replacement,
        verdict.reason,
        payload=payload.name if payload else "",
    )


def _attributes(old: Resource, new: Resource) -> Iterator[Detail]:
    """Yield the attributes beside the properties that differ, without foreign metadata."""
    for key in dict.fromkeys((*old.attributes, *new.attributes)):
        before, after = (_attribute(side.attributes, key) for side in (old, new))
        if canonical(before) != canonical(after):
            missing = [MISSING if value in (None, {}, []) else value for value in (before, after)]
            yield Detail(key, missing[0], missing[1])


def _condition_details(
    before: Stack, after: Stack, old: Resource, new: Resource
) -> Iterator[Detail]:
    """Yield a condition that kept its name but changed its meaning: the resource may come or go."""
    name = new.attributes.get("Condition")
    if isinstance(name, str) and name == old.attributes.get("Condition"):
        truths = [side.resolver.truth(name) for side in (before, after)]
        meanings = [side.resolver.condition(name) for side in (before, after)]
        if meanings[0] != meanings[1] and (None in truths or truths[0] != truths[1]):
            yield Detail("Condition", meanings[0], meanings[1])


def _attribute(attributes: dict[str, Any], key: str) -> Any:
    value = attributes.get(key, DEFAULTS.get(key))
    if key == "DependsOn":
        return sorted(map(str, value if isinstance(value, list) else [value] if value else []))
    if key == "Metadata" and isinstance(value, dict):
        return {k: v for k, v in value.items() if k.startswith("AWS::CloudFormation::")}
    return value


def _follow_replacements(before: Stack, after: Stack, compared: ComparedResources) -> None:
    """Follow the references from replaced resources to what refers to them, transitively."""
    done: set[str] = set()
    while True:
        waiting = {
            name: change.replacement
            for name, change in compared.changes.items()
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
                _follow(resource, hit, waiting, compared, done, after)


def _follow(
    resource: Resource,
    hit: frozenset[str],
    waiting: Mapping[str, Certainty],
    compared: ComparedResources,
    done: set[str],
    after: Stack,
) -> None:
    change = compared.changes.get(resource.name) or ResourceChange(
        resource.name,
        resource.type,
        Kind.AFFECTED,
        line=after.line("Resources", resource.name),
        construct=construct_path(after.raw(resource.name)),
    )
    details = list(change.properties)
    for place in property_references(resource.properties, hit):
        if any(_within(place.path, detail.path) for detail in details):
            continue  # reported already, as a change of its own
        cause = most_certain([waiting[name] for name in place.names])
        certainty = cause if place.certain else Certainty.MAY
        verdict = _reference_verdict(resource, place.pointer, certainty)
        follows = tuple(sorted(place.names))
        details.append(
            Detail(
                place.path,
                place.value,
                place.value,
                verdict.replacement,
                verdict.reason,
                following_note(follows, cause),
                follows=follows,
            )
        )
    if len(details) == len(change.properties):
        return
    replaced = most_certain([d.replacement for d in details])
    if change.replacement is not Certainty.WILL and replaced is Certainty.WILL:
        done.discard(resource.name)  # what refers to it has to be followed again
    compared.changes[resource.name] = replace(
        change,
        replacement=replaced,
        reasons=_reasons(details),
        properties=tuple(details),
        follows=tuple(dict.fromkeys(name for detail in details for name in detail.follows)),
    )


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith((f"{other}.", f"{other}["))


def _reference_verdict(resource: Resource, pointer: tuple[str, ...], cause: Certainty) -> Verdict:
    """Return what it does to a resource that something it refers to is replaced."""
    for keyword, path in resource.schema.decisive(pointer):
        reason = resource.schema.source(keyword, "/properties/" + "/".join(path))
        may = keyword == "conditionalCreateOnlyProperties"
        return Verdict(Certainty.MAY if may else cause, reason)
    return Verdict()
