"""Data that a deployment may lose: stateful resources that go, or keep less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cfngen.review.assumptions import assumed, usual
from cfngen.review.differences import differences
from cfngen.review.keeping import DEFAULTS, KEEPS, deletion_policy, replacement_policy, worst
from cfngen.review.model import MISSING, Certainty, Concern, Detail, Finding, Kind, ResourceChange
from cfngen.review.protection import expiring, unprotected
from cfngen.review.replacement import inner
from cfngen.review.stack import Resource, Stack
from cfngen.values import literal

ATTRIBUTES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-{}.html"
)
DELETION = ATTRIBUTES.format("deletionpolicy")
REPLACEMENT = ATTRIBUTES.format("updatereplacepolicy")


def losses(
    before: Stack, after: Stack, changes: dict[str, ResourceChange], kind: Kind
) -> Iterator[Finding]:
    """Yield what data is at risk.

    Args:
        before: base's template.
        after: head's template.
        changes: the resources that are not the same.
        kind: what became of the template: the stacks of one that was removed are still there.
    """
    known = usual(before, after)
    loops = any(name.startswith("Fn::ForEach::") for name in after.names)
    for change in changes.values():
        old, new = before.resource(change.name), after.resource(change.name)
        if old is None or change.type_before:
            continue
        if new is None:
            # Of a removed template the stacks stay; a loop that is not unrolled may make it again.
            how = Certainty.MAY if kind is Kind.REMOVED or loops else Certainty.WILL
            yield from _removed(old, how)
            continue
        yield from _replaced(new, change)
        yield from _changed(old, new, change, after.resolver.told)
        yield from _settings(old, new, known)


def _removed(old: Resource, how: Certainty) -> Iterator[Finding]:
    # The policy of the template that is deployed decides.
    policy = deletion_policy(old)
    if old.schema.holds and policy not in KEEPS:
        if "Condition" in old.attributes or _open(old, "DeletionPolicy"):
            how = Certainty.MAY
        message = (
            f"{how} be deleted, losing {old.schema.holds}: it is removed, and the deployed"
            f" template's DeletionPolicy is {policy}; to keep it, first deploy it with Retain"
        )
        yield _finding(old.name, how, message, DELETION)


def _replaced(new: Resource, change: ResourceChange) -> Iterator[Finding]:
    policy = replacement_policy(new)
    how = change.replacement
    if how is Certainty.WILL and _open(new, "UpdateReplacePolicy"):
        how = Certainty.MAY
    if how is not Certainty.NO and new.schema.holds and policy not in KEEPS:
        message = (
            f"{how} be replaced and the old one deleted, losing {new.schema.holds}:"
            f" UpdateReplacePolicy is {policy}"
        )
        yield _finding(new.name, how, message, REPLACEMENT)


def _changed(
    old: Resource, new: Resource, change: ResourceChange, told: frozenset[str]
) -> Iterator[Finding]:
    if not new.schema.holds:
        return
    for attribute in change.attributes:
        lost = attribute.path == "UpdateReplacePolicy" and change.replacement is Certainty.WILL
        if attribute.path in DEFAULTS and _weaker(attribute) and not lost:  # or it is told already
            after = DEFAULTS[attribute.path] if attribute.after is MISSING else attribute.after
            event = "removal" if attribute.path == "DeletionPolicy" else "replacement"
            message = f"{attribute.path} becomes {after}: a {event} would lose {new.schema.holds}"
            source = DELETION if attribute.path == "DeletionPolicy" else REPLACEMENT
            yield _finding(new.name, Certainty.MAY, message, source, attribute.path)
    condition = new.attributes.get("Condition")
    moved = condition != old.attributes.get("Condition") or condition in told
    if condition and moved and deletion_policy(old) not in KEEPS:
        message = f"may be deleted, losing {new.schema.holds}: it depends on {condition} now"
        yield _finding(new.name, Certainty.MAY, message, DELETION, "Condition")


def _settings(old: Resource, new: Resource, known: dict[str, str]) -> Iterator[Finding]:
    """Yield what properties keep data for less long, or protect it no longer.

    `known` is what parameters usually are: with what rests on that, things only may be so.
    """
    schema = new.schema
    if not schema.holds or not schema.guards:
        return
    source = str(schema.overlay["source"])
    was, now = (replace(side, properties=assumed(side.properties, known)) for side in (old, new))
    surely, likely = _less(old, new, schema.shortens), _less(was, now, schema.shortens)
    for path in sorted({*surely, *likely}):
        how = Certainty.WILL if path in surely else Certainty.MAY
        message = f"{path} is less than before, losing older {schema.holds}"
        yield _finding(new.name, how, message, source, path)
    for path in sorted(_less(was, now, schema.delays)):
        message = f"{path} is less than before: less time to take back a deletion"
        yield _finding(new.name, Certainty.MAY, message, source, path)
    for path in unprotected(was, now):
        message = f"{path} no longer protects {schema.holds}"
        yield _finding(new.name, Certainty.MAY, message, source, path)
    for path in expiring(was, now):
        message = f"{path} is new or another: it may delete {schema.holds}"
        yield _finding(new.name, Certainty.MAY, message, source, path)


def _open(resource: Resource, policy: str) -> bool:
    """Whether only the deployment decides what a policy is."""
    return not literal(resource.attributes.get(policy, ""))


def _weaker(attribute: Detail) -> bool:
    default = DEFAULTS[attribute.path]
    before, after = (
        worst(None if value is MISSING else value, default)
        for value in (attribute.before, attribute.after)
    )
    return before in KEEPS and after not in KEEPS


def _less(old: Resource, new: Resource, paths: tuple[tuple[str, ...], ...]) -> set[str]:
    """Return where a number became smaller for certain; without one, things are kept for ever."""
    schema = new.schema
    found: set[str] = set()
    if not paths:
        return found
    for difference in differences(old.properties, new.properties, schema):
        for known, before, after in inner(difference, paths):
            default = schema.default(known)
            unsaid = float("inf") if default is None else default
            sides = [_least(unsaid if side is MISSING else side) for side in (before, after)]
            if sides[0] is not None and sides[1] is not None and sides[1] < sides[0]:
                found.add(difference.path)
    return found


def _least(value: Any) -> float | None:
    numbers = [_number(item) for item in (value if isinstance(value, list) else [value])]
    return None if None in numbers else min(filter(None, numbers), default=None)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _finding(name: str, how: Certainty, message: str, because: str, path: str = "") -> Finding:
    return Finding(Concern.DATA, how, name, message, because, path=path)
