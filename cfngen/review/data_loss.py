"""Data that a deployment may lose or leave behind: stateful resources that go, or keep less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.values import is_known, shown
from cfngen.review.assumptions import default_parameters, with_parameters
from cfngen.review.compare.differences import differences
from cfngen.review.compare.replacement import touched_values
from cfngen.review.compare.retention import (
    DEFAULTS,
    KEEPING_POLICIES,
    LEFT_BEHIND,
    deletion_fails_while_full,
    deletion_policy,
    replacement_policy,
    successors,
    weakest_policy,
)
from cfngen.review.model import MISSING, Certainty, Concern, Detail, Finding, Kind, ResourceChange
from cfngen.review.protection import lost_protections, new_expirations
from cfngen.review.stack import Resource, Stack

ATTRIBUTES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-{}.html"
)
DELETION = ATTRIBUTES.format("deletionpolicy")
# What a change of its type, which is refused, comes to once that is mended.
RETYPED = "leaves the stack as soon as the new resource has a logical ID of its own"
REPLACEMENT = ATTRIBUTES.format("updatereplacepolicy")


def data_losses(
    before: Stack, after: Stack, changes: dict[str, ResourceChange], kind: Kind
) -> Iterator[Finding]:
    """Yield what data is at risk.

    Args:
        before: base's template.
        after: head's template.
        changes: the resources that are not the same.
        kind: what became of the template: the stacks of one that was removed are still there.
    """
    parameters = default_parameters(before, after)
    successor_of = successors(before, after, changes)
    loops = any(name.startswith("Fn::ForEach::") for name in after.names)
    for change in changes.values():
        old, new = before.resource(change.name), after.resource(change.name)
        if old is None:
            continue
        if new is None:
            # Of a removed template the stacks stay; a loop that is not unrolled may make it again.
            certainty = Certainty.MAY if kind is Kind.REMOVED or loops else Certainty.WILL
            successor = successor_of.get(old.name, ("", False))
            if kind is not Kind.REMOVED or deletion_policy(old) not in KEEPING_POLICIES:
                yield from _removed(before, old, certainty, successor)
        elif change.type_before:  # refused; with a logical ID of its own, the old one leaves
            yield from _removed(before, old, Certainty.MAY, event=RETYPED)
        else:
            yield from _replaced(old, new, change)
            yield from _changed(old, new, change, after.resolver.changed)
            yield from _settings(old, new, parameters)


def _removed(
    before: Stack,
    old: Resource,
    certainty: Certainty,
    successor: tuple[str, bool] = ("", False),
    event: str = "is removed",
) -> Iterator[Finding]:
    # The policy of the template that is deployed decides.
    policy = deletion_policy(old)
    holds = old.schema.holds
    if not holds:
        return
    condition = before.raw(old.name).get("Condition")
    exists = condition is None or before.resolver.truth(condition) is True
    if not exists or _is_undecided(old, "DeletionPolicy"):
        certainty = Certainty.MAY
    keep = "to keep it, first deploy it with Retain"
    full = deletion_fails_while_full(old)
    if policy in KEEPING_POLICIES:
        stays = f", and is left behind, with {holds}, outside the stack"
        if policy == "Snapshot":
            stays = f"; only a snapshot {LEFT_BEHIND}"
        message = f"{event}{stays} (DeletionPolicy: {policy})"
    elif full is Certainty.WILL:
        message = (
            f"{event}: its deletion fails while it holds {holds}, so it {LEFT_BEHIND}, and whoever"
            f" empties it first loses them; {keep}"
        )
    else:
        certainty = Certainty.MAY if full is Certainty.MAY else certainty
        message = (
            f"{certainty} be deleted, losing {holds}: it {event}, and the deployed template's"
            f" DeletionPolicy is {policy}; {keep}"
        )
        yield _finding("D101", old.name, certainty, message, DELETION)
        return
    # Nothing is deleted; certain is only that whoever used it meets an empty one.
    name, referred = successor
    if name:
        message += (
            f"; what referred to it now refers to {name}, which starts empty"
            if referred
            else f"; {name}, which is new, starts empty"
        )
    certainty = certainty if name else Certainty.MAY
    page = DELETION if policy in KEEPING_POLICIES else old.schema.refuses_while_full
    yield _finding("D101", old.name, certainty, message, page)


def _replaced(old: Resource, new: Resource, change: ResourceChange) -> Iterator[Finding]:
    policy, holds = replacement_policy(new), new.schema.holds
    certainty = change.replacement
    if certainty is Certainty.NO or not holds:
        return
    page = REPLACEMENT
    full = deletion_fails_while_full(old)
    if policy in KEEPING_POLICIES:
        stays = f"the old one is left behind, with {holds}, outside the stack"
        if policy == "Snapshot":
            stays = f"a snapshot of the old one {LEFT_BEHIND}"
        message = (
            f"{certainty} be replaced, and the new one starts empty; {stays}"
            f" (UpdateReplacePolicy: {policy})"
        )
    elif full is Certainty.WILL:
        page = new.schema.refuses_while_full
        message = (
            f"{certainty} be replaced, and the new one starts empty; CloudFormation cannot delete"
            f" the old one while it holds {holds}: it {LEFT_BEHIND}"
        )
    else:
        if _is_undecided(new, "UpdateReplacePolicy") or full is Certainty.MAY:
            certainty = Certainty.MAY
        message = (
            f"{certainty} be replaced and the old one deleted, losing {holds}: UpdateReplacePolicy"
            f" is {policy}"
        )
    yield _finding("D102", new.name, certainty, message, page)


def _changed(
    old: Resource, new: Resource, change: ResourceChange, changed_conditions: frozenset[str]
) -> Iterator[Finding]:
    if not new.schema.holds:
        return
    for attribute in change.attributes:
        lost = attribute.path == "UpdateReplacePolicy" and change.replacement is Certainty.WILL
        if (
            attribute.path in DEFAULTS and _is_weaker(attribute) and not lost
        ):  # or it is reported already
            after = DEFAULTS[attribute.path] if attribute.after is MISSING else attribute.after
            event = "removal" if attribute.path == "DeletionPolicy" else "replacement"
            message = f"{attribute.path} becomes {shown(after)}: a {event} would {_loss(new)}"
            source = DELETION if attribute.path == "DeletionPolicy" else REPLACEMENT
            yield _finding("D104", new.name, Certainty.MAY, message, source, attribute.path)
    condition = new.attributes.get("Condition")
    moved = condition != old.attributes.get("Condition") or condition in changed_conditions
    if condition and moved:
        outcome = f"leave the stack and be left behind, with {new.schema.holds}"
        if deletion_policy(old) not in KEEPING_POLICIES:
            outcome = f"be deleted, losing {new.schema.holds}"
            if deletion_fails_while_full(old) is Certainty.WILL:
                outcome = f"leave the stack and be left behind if it holds {new.schema.holds}"
        message = f"may {outcome}: it depends on {condition} now"
        yield _finding("D105", new.name, Certainty.MAY, message, DELETION, "Condition")


def _settings(old: Resource, new: Resource, parameters: dict[str, str]) -> Iterator[Finding]:
    """Yield properties that keep data for a shorter time, or no longer protect it.

    `parameters` are the assumed values of parameters; what depends on them is only possible.
    """
    schema = new.schema
    if not schema.holds or not schema.guards:
        return
    source = str(schema.overlay["source"])
    was, now = (
        replace(side, properties=with_parameters(side.properties, parameters))
        for side in (old, new)
    )
    surely, likely = _shortened(old, new, schema.shortens), _shortened(was, now, schema.shortens)
    for path in sorted({*surely, *likely}):
        certainty = Certainty.WILL if path in surely else Certainty.MAY
        message = f"{path} is less than before, losing older {schema.holds}"
        yield _finding("D103", new.name, certainty, message, source, path)
    for path in sorted(_shortened(was, now, schema.delays)):
        message = f"{path} is less than before: less time to undo a deletion"
        yield _finding("D106", new.name, Certainty.MAY, message, source, path)
    for path in lost_protections(was, now):
        message = f"{path} no longer protects {schema.holds}"
        yield _finding("D107", new.name, Certainty.MAY, message, source, path)
    for path in new_expirations(was, now):
        message = f"{path} was added or changed: it may delete {schema.holds}"
        yield _finding("D108", new.name, Certainty.MAY, message, source, path)


def _loss(resource: Resource) -> str:
    """Return what a deletion would do to what a resource holds."""
    holds = resource.schema.holds
    if deletion_fails_while_full(resource) is Certainty.WILL:
        return f"leave it behind, outside the stack, if it holds {holds}, or else delete it"
    return f"lose {holds}"


def _is_undecided(resource: Resource, policy: str) -> bool:
    """Whether a policy is known only at deploy time."""
    return not is_known(resource.attributes.get(policy, ""))


def _is_weaker(attribute: Detail) -> bool:
    default = DEFAULTS[attribute.path]
    before, after = (
        weakest_policy(None if value is MISSING else value, default)
        for value in (attribute.before, attribute.after)
    )
    return before in KEEPING_POLICIES and after not in KEEPING_POLICIES


def _shortened(old: Resource, new: Resource, paths: tuple[tuple[str, ...], ...]) -> set[str]:
    """Return the paths where a number became smaller; no number means for ever."""
    schema = new.schema
    shortened: set[str] = set()
    if not paths:
        return shortened
    for difference in differences(old.properties, new.properties, schema):
        for path, before, after in touched_values(difference, paths):
            default = schema.default(path)
            unstated = float("inf") if default is None else default
            sides = [_smallest(unstated if side is MISSING else side) for side in (before, after)]
            if sides[0] is not None and sides[1] is not None and sides[1] < sides[0]:
                shortened.add(difference.path)
    return shortened


def _smallest(value: Any) -> float | None:
    numbers = [_number(item) for item in (value if isinstance(value, list) else [value])]
    return None if None in numbers else min(filter(None, numbers), default=None)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _finding(
    code: str, name: str, certainty: Certainty, message: str, reason: str, path: str = ""
) -> Finding:
    return Finding(Concern.DATA, certainty, name, message, reason, path=path, code=code)
