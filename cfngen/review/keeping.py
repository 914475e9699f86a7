"""What becomes of a resource that leaves its template, or is replaced."""

from __future__ import annotations

from typing import Any

from cfngen.review.powers.branches import branches
from cfngen.review.stack import Resource
from cfngen.values import shown

# Without these a resource is deleted (AWS pages "DeletionPolicy attribute" and
# "UpdateReplacePolicy attribute").
DEFAULTS = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
KEEPS = frozenset(("Retain", "RetainExceptOnCreate", "Snapshot"))


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


def removed(old: Resource) -> str:
    """Return what stays of a resource that is removed, nothing if it is deleted."""
    policy = deletion_policy(old)
    if policy not in KEEPS:
        return ""
    if policy == "Snapshot":
        return "a snapshot stays in the account (DeletionPolicy: Snapshot)"
    return f"leaves the stack and stays in the account (DeletionPolicy: {policy})"


def replaced(new: Resource) -> str:
    """Return what stays of data when a resource is replaced, nothing if there is none or none."""
    held, policy = new.schema.holds, replacement_policy(new)
    if not held or policy not in KEEPS:
        return ""
    stays = "a snapshot of the old one stays" if policy == "Snapshot" else "the old one stays"
    return f"{stays} in the account, with {held}, and the new one begins empty"
