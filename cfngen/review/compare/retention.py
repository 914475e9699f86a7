"""What happens to a resource that is removed from its template, or is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfngen.cloudformation.values import is_known, references, scalar, shown
from cfngen.review.alternatives import if_alternatives
from cfngen.review.model import Certainty, Detail, Fate, Kind, ResourceChange
from cfngen.review.stack import Resource, Stack

# Without these a resource is deleted (AWS pages "DeletionPolicy attribute" and
# "UpdateReplacePolicy attribute").
DEFAULTS = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
KEEPING_POLICIES = frozenset(("Retain", "RetainExceptOnCreate", "Snapshot"))
LEFT_BEHIND = "is left behind, outside the stack"


def deletion_policy(resource: Resource) -> str:
    """Return the `DeletionPolicy` that counts when a resource is removed from its template.

    The default is `Delete`; databases with a default of their own (`Snapshot`) have that.

    >>> deletion_policy(Resource("Jobs", "AWS::SQS::Queue", {}, {"DeletionPolicy": "Retain"}))
    'Retain'
    >>> deletion_policy(Resource("Jobs", "AWS::SQS::Queue", {}, {}))
    'Delete'
    """
    overlay = resource.schema.overlay
    default = DEFAULTS["DeletionPolicy"]
    if overlay.get("unless", "") not in resource.properties:
        default = str(overlay.get("deleted", default))
    return weakest_policy(resource.attributes.get("DeletionPolicy"), default)


def replacement_policy(resource: Resource) -> str:
    """Return the `UpdateReplacePolicy` that counts for the old resource when it is replaced."""
    default = DEFAULTS["UpdateReplacePolicy"]
    return weakest_policy(resource.attributes.get("UpdateReplacePolicy"), default)


def weakest_policy(policy: Any, default: str) -> str:
    """Return a policy; of several alternatives, the first one that does not keep the resource.

    >>> weakest_policy({"Fn::If": ["Prod", "Retain", "Delete"]}, "Delete")
    'Delete'
    >>> weakest_policy(None, "Snapshot")
    'Snapshot'
    """
    policies = [
        default if alternative is None else shown(alternative)
        for _, alternative in if_alternatives(policy)
    ]
    return next(
        (alternative for alternative in policies if alternative not in KEEPING_POLICIES),
        policies[0],
    )


def is_undecided(resource: Resource, policy: str) -> bool:
    """Whether a policy of a resource is known only at deploy time."""
    return not is_known(resource.attributes.get(policy, ""))


def deletion_fails_while_full(old: Resource) -> Certainty:
    """Return whether deleting a resource fails while it holds data, as buckets do.

    >>> deletion_fails_while_full(Resource("Files", "AWS::S3::Bucket", {}, {})).value
    'will'
    >>> deletion_fails_while_full(Resource("Jobs", "AWS::SQS::Queue", {}, {})).value
    'no'
    """
    schema = old.schema
    if not schema.refuses_while_full:
        return Certainty.NO
    values = {
        scalar(value).lower() if value is not None else "false"
        for _, value in if_alternatives(old.properties.get(schema.emptied_by))
    }
    if values == {"true"}:
        return Certainty.NO
    return Certainty.WILL if values == {"false"} else Certainty.MAY


def removal_fate(old: Resource) -> Fate:
    """Return what becomes of a resource that is removed from its template.

    >>> removal_fate(Resource("Jobs", "AWS::SQS::Queue", {}, {"DeletionPolicy": "Retain"})).value
    'retained'
    >>> removal_fate(Resource("Jobs", "AWS::SQS::Queue", {}, {})).value
    'deleted'
    """
    policy = deletion_policy(old)
    if policy in KEEPING_POLICIES:
        return Fate.SNAPSHOT if policy == "Snapshot" else Fate.RETAINED
    if deletion_fails_while_full(old) is Certainty.WILL:
        return Fate.LEFT_BEHIND
    return Fate.DELETED if is_known(old.attributes.get("DeletionPolicy", "")) else Fate.UNKNOWN


def removal_note(old: Resource) -> str:
    """Return what is kept when a resource is removed; empty if it is deleted.

    >>> removal_note(Resource("Jobs", "AWS::SQS::Queue", {}, {"DeletionPolicy": "Retain"}))
    'leaves the stack and stays in the account (DeletionPolicy: Retain)'
    >>> removal_note(Resource("Jobs", "AWS::SQS::Queue", {}, {}))
    ''
    """
    policy = deletion_policy(old)
    notes = {
        Fate.SNAPSHOT: "a snapshot stays in the account (DeletionPolicy: Snapshot)",
        Fate.RETAINED: f"leaves the stack and stays in the account (DeletionPolicy: {policy})",
        Fate.LEFT_BEHIND: f"{LEFT_BEHIND}, if it holds {old.schema.holds}",
    }
    return notes.get(removal_fate(old), "")


def successors(
    before: Stack, after: Stack, changes: Mapping[str, ResourceChange]
) -> dict[str, tuple[str, bool]]:
    """Return which new resource takes the place of a removed one, and whether references moved.

    The successor is the one to which a reference has moved, or else the only new one of the same
    type.
    """
    added = {name for name, change in changes.items() if change.kind is Kind.ADDED}
    removed = [name for name, change in changes.items() if change.kind is Kind.REMOVED]
    successor_of: dict[str, tuple[str, bool]] = {}
    if not (added and removed):
        return successor_of
    for was, now in _changed_values(before, after, changes):
        names = [{name for name, _ in references(value)} for value in (was, now)]
        if moved := sorted(names[1] & added):
            successor_of |= {
                name: (moved[0], True) for name in names[0] - names[1] if name not in successor_of
            }
    of_type: dict[str, list[str]] = {}
    for name in changes:
        if name in added:
            of_type.setdefault(changes[name].type, []).append(name)
    for name in removed:
        alike = of_type.get(changes[name].type, [])
        if len(alike) == 1:
            successor_of.setdefault(name, (alike[0], False))
    return successor_of


def _changed_values(
    before: Stack, after: Stack, changes: Mapping[str, ResourceChange]
) -> Iterator[tuple[Any, Any]]:
    """Yield the property and output values that differ, as pairs of before and after."""
    for change in changes.values():
        details: tuple[Detail, ...] = change.properties if change.kind is Kind.CHANGED else ()
        yield from ((detail.before, detail.after) for detail in details)
    outputs = [
        {name: side.resolver.resolve(value) for name, value in side.section("Outputs").items()}
        for side in (before, after)
    ]
    yield from ((outputs[0][name], outputs[1][name]) for name in outputs[0].keys() & outputs[1])
