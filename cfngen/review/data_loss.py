"""Data that a deployment may lose, or leave behind: stateful resources that go, or keep less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.values import literal
from cfngen.review.assumptions import assumed, usual
from cfngen.review.compare.differences import differences
from cfngen.review.compare.replacement import inner
from cfngen.review.compare.retention import (
    BEHIND,
    DEFAULTS,
    KEEPS,
    deletion_policy,
    refused_while_full,
    replacement_policy,
    successors,
    worst,
)
from cfngen.review.model import MISSING, Certainty, Concern, Detail, Finding, Kind, ResourceChange
from cfngen.review.protection import expiring, unprotected
from cfngen.review.stack import Resource, Stack

ATTRIBUTES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-{}.html"
)
DELETION = ATTRIBUTES.format("deletionpolicy")
# What a change of its type, which is refused, comes to once that is mended.
RETYPED = "leaves the stack as soon as the new resource has a logical ID of its own"
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
    places = successors(before, after, changes)
    loops = any(name.startswith("Fn::ForEach::") for name in after.names)
    for change in changes.values():
        old, new = before.resource(change.name), after.resource(change.name)
        if old is None:
            continue
        if new is None:
            # Of a removed template the stacks stay; a loop that is not unrolled may make it again.
            how = Certainty.MAY if kind is Kind.REMOVED or loops else Certainty.WILL
            place = places.get(old.name, ("", False))
            if kind is not Kind.REMOVED or deletion_policy(old) not in KEEPS:
                yield from _removed(old, how, place)
        elif change.type_before:  # refused; with a logical ID of its own, the old one leaves
            yield from _removed(old, Certainty.MAY, event=RETYPED)
        else:
            yield from _replaced(old, new, change)
            yield from _changed(old, new, change, after.resolver.told)
            yield from _settings(old, new, known)


def _removed(
    old: Resource, how: Certainty, place: tuple[str, bool] = ("", False), event: str = "is removed"
) -> Iterator[Finding]:
    # The policy of the template that is deployed decides.
    policy = deletion_policy(old)
    holds = old.schema.holds
    if not holds:
        return
    if "Condition" in old.attributes or _open(old, "DeletionPolicy"):
        how = Certainty.MAY
    keep = "to keep it, first deploy it with Retain"
    full = refused_while_full(old)
    if policy in KEEPS:
        stays = f", and stays behind, with {holds}, outside of the stack"
        if policy == "Snapshot":
            stays = f"; only a snapshot {BEHIND}"
        message = f"{event}{stays} (DeletionPolicy: {policy})"
    elif full is Certainty.WILL:
        message = (
            f"{event}: its deletion fails while it holds {holds}, so that it {BEHIND}, and whoever"
            f" empties it first loses them; {keep}"
        )
    else:
        how = Certainty.MAY if full is Certainty.MAY else how
        message = (
            f"{how} be deleted, losing {holds}: it {event}, and the deployed template's"
            f" DeletionPolicy is {policy}; {keep}"
        )
        yield _finding(old.name, how, message, DELETION)
        return
    # Nothing is deleted; certain is only that whoever used it meets an empty one.
    name, referred = place
    if name:
        message += (
            f"; what referred to it now refers to {name}, which begins empty"
            if referred
            else f"; {name}, which is new, begins empty"
        )
    how = how if name else Certainty.MAY
    page = DELETION if policy in KEEPS else old.schema.refuses_while_full
    yield _finding(old.name, how, message, page)


def _replaced(old: Resource, new: Resource, change: ResourceChange) -> Iterator[Finding]:
    policy, holds = replacement_policy(new), new.schema.holds
    how = change.replacement
    if how is Certainty.NO or not holds:
        return
    page = REPLACEMENT
    full = refused_while_full(old)
    if policy in KEEPS:
        stays = f"the old one stays behind, with {holds}, outside of the stack"
        if policy == "Snapshot":
            stays = f"a snapshot of the old one {BEHIND}"
        message = (
            f"{how} be replaced, and the new one begins empty; {stays}"
            f" (UpdateReplacePolicy: {policy})"
        )
    elif full is Certainty.WILL:
        page = new.schema.refuses_while_full
        message = (
            f"{how} be replaced, and the new one begins empty; CloudFormation cannot delete the old"
            f" one while it holds {holds}: it {BEHIND}"
        )
    else:
        if _open(new, "UpdateReplacePolicy") or full is Certainty.MAY:
            how = Certainty.MAY
        message = (
            f"{how} be replaced and the old one deleted, losing {holds}: UpdateReplacePolicy is"
            f" {policy}"
        )
    yield _finding(new.name, how, message, page)


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
            message = f"{attribute.path} becomes {after}: a {event} would {_loss(new)}"
            source = DELETION if attribute.path == "DeletionPolicy" else REPLACEMENT
            yield _finding(new.name, Certainty.MAY, message, source, attribute.path)
    condition = new.attributes.get("Condition")
    moved = condition != old.attributes.get("Condition") or condition in told
    if condition and moved:
        outcome = f"leave the stack and stay behind, with {new.schema.holds}"
        if deletion_policy(old) not in KEEPS:
            outcome = f"be deleted, losing {new.schema.holds}"
            if refused_while_full(old) is Certainty.WILL:
                outcome = f"leave the stack, and {BEHIND}, if it holds {new.schema.holds}"
        message = f"may {outcome}: it depends on {condition} now"
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


def _loss(resource: Resource) -> str:
    """Return what a deletion would do to what a resource holds."""
    holds = resource.schema.holds
    if refused_while_full(resource) is Certainty.WILL:
        return f"leave it behind, outside of the stack, if it holds {holds}, or else delete it"
    return f"lose {holds}"


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
