"""What becomes of a resource that leaves its template, or is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import references, scalar, shown
from cfngen.review.model import Certainty, Detail, Kind, ResourceChange
from cfngen.review.permissions.alternatives import branches
from cfngen.review.stack import Resource, Stack

# Without these a resource is deleted (AWS pages "DeletionPolicy attribute" and
# "UpdateReplacePolicy attribute").
DEFAULTS = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
KEEPS = frozenset(("Retain", "RetainExceptOnCreate", "Snapshot"))
BEHIND = "stays behind, outside of the stack"


def deletion_policy(resource: Resource) -> str:
    """Return what happens to a resource that leaves the template it was deployed with.

    Databases of their own are snapshotted where nothing is said.
    """
    overlay = resource.schema.overlay
    default = DEFAULTS["DeletionPolicy"]
    if overlay.get("unless", "") not in resource.properties:
        default = str(overlay.get("deleted", default))
    return worst(resource.attributes.get("DeletionPolicy"), default)


def replacement_policy(resource: Resource) -> str:
    """Return what happens to the old resource when there is a new one in its place."""
    default = DEFAULTS["UpdateReplacePolicy"]
    return worst(resource.attributes.get("UpdateReplacePolicy"), default)


def worst(policy: Any, default: str) -> str:
    """Return a policy; of one that depends on a condition, what keeps nothing, if there is such."""
    found = [default if one is None else shown(one) for _, one in branches(policy)]
    return next((one for one in found if one not in KEEPS), found[0])


def refused_while_full(old: Resource) -> Certainty:
    """Return whether a deletion fails while a resource, as it is deployed, holds something."""
    schema = old.schema
    if not schema.refuses_while_full:
        return Certainty.NO
    values = {
        scalar(value).lower() if value is not None else "false"
        for _, value in branches(old.properties.get(schema.emptied_by))
    }
    if values == {"true"}:
        return Certainty.NO
    return Certainty.WILL if values == {"false"} else Certainty.MAY


def removed(old: Resource) -> str:
    """Return what stays of a resource that is removed, nothing if it is deleted."""
    policy = deletion_policy(old)
    if policy == "Snapshot":
        return "a snapshot stays in the account (DeletionPolicy: Snapshot)"
    if policy in KEEPS:
        return f"leaves the stack and stays in the account (DeletionPolicy: {policy})"
    if refused_while_full(old) is Certainty.WILL:
        return f"{BEHIND}, if it holds {old.schema.holds}"
    return ""


def successors(
    before: Stack, after: Stack, changes: dict[str, ResourceChange]
) -> dict[str, tuple[str, bool]]:
    """Return the new resources in the place of ones that are removed, and if they are referred to.

    It is the one to which a reference has moved, or else the only new one of the same type.
    """
    added = {name for name, change in changes.items() if change.kind is Kind.ADDED}
    removed = [name for name, change in changes.items() if change.kind is Kind.REMOVED]
    found: dict[str, tuple[str, bool]] = {}
    if not (added and removed):
        return found
    for was, now in _moved(before, after, changes):
        names = [{name for name, _ in references(value)} for value in (was, now)]
        if moved := sorted(names[1] & added):
            found |= {name: (moved[0], True) for name in names[0] - names[1] if name not in found}
    of_type: dict[str, list[str]] = {}
    for name in changes:
        if name in added:
            of_type.setdefault(changes[name].type, []).append(name)
    for name in removed:
        alike = of_type.get(changes[name].type, [])
        if len(alike) == 1:
            found.setdefault(name, (alike[0], False))
    return found


def _moved(
    before: Stack, after: Stack, changes: dict[str, ResourceChange]
) -> Iterator[tuple[Any, Any]]:
    """Yield values that are not the same on both sides: of properties, and of outputs."""
    for change in changes.values():
        details: tuple[Detail, ...] = change.properties if change.kind is Kind.CHANGED else ()
        yield from ((detail.before, detail.after) for detail in details)
    outputs = [
        {name: side.resolver.resolve(value) for name, value in side.section("Outputs").items()}
        for side in (before, after)
    ]
    yield from ((outputs[0][name], outputs[1][name]) for name in outputs[0].keys() & outputs[1])
