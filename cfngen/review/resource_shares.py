"""Resources that let somebody in by themselves, without a policy that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.assumptions import assumed, usual
from cfngen.review.model import Certainty, Concern, Finding, Kind, ResourceChange
from cfngen.review.permissions.alternatives import branches, existence
from cfngen.review.stack import Resource, Stack

# The properties that say who gets what: first who, then what.
GIVING = {
    "AWS::IdentityStore::GroupMembership": ("MemberId", "GroupId"),
    "AWS::LakeFormation::Permissions": (
        "DataLakePrincipal", "Permissions", "PermissionsWithGrantOption", "Resource",
    ),
    "AWS::LakeFormation::PrincipalPermissions": (
        "Principal", "Permissions", "PermissionsWithGrantOption", "Resource",
    ),
    "AWS::RAM::ResourceShare": (
        "Principals", "ResourceArns", "PermissionArns", "AllowExternalPrincipals",
    ),
    "AWS::SSO::Assignment": ("PrincipalId", "PermissionSetArn", "TargetId"),
}  # fmt: skip
# What is so where nothing is said (AWS page "AWS::RAM::ResourceShare").
UNSAID = {"AllowExternalPrincipals": True}
MOST = 4  # that a finding names

Leaf = tuple[str, str]  # a property, and a value that it has


def sharing(
    before: Stack, after: Stack, changes: Mapping[str, ResourceChange]
) -> Iterator[Finding]:
    """Yield the resources that give somebody something which they did not give before."""
    concerned = [
        change
        for change in changes.values()
        if change.type in GIVING and change.kind in (Kind.ADDED, Kind.CHANGED)
    ]
    known = usual(before, after) if concerned else {}
    for change in concerned:
        was, now = (_given(side, side.resource(change.name), known) for side in (before, after))
        gained = [leaf for leaf in now if leaf not in was]
        if gained:
            told = ", ".join(f"{path} {text}" for path, text in gained[:MOST])
            more = f" and {len(gained) - MOST} more" if len(gained) > MOST else ""
            message = f"gives access that it did not give before: {told}{more}"
            yield Finding(Concern.BROADEN, Certainty.MAY, change.name, message)


def _given(stack: Stack, resource: Resource | None, known: dict[str, str]) -> list[Leaf]:
    """Return who is given what; nothing if nobody is, or the resource is never there."""
    if resource is None or resource.type not in GIVING or existence(stack, resource) is None:
        return []
    properties = assumed(resource.properties, known)
    found = {
        key: list(_leaves(key, properties.get(key, UNSAID.get(key))))
        for key in GIVING[resource.type]
    }
    who = next(iter(found.values()))
    return [leaf for leaves in found.values() for leaf in leaves] if who else []


def _leaves(path: str, value: Any) -> Iterator[Leaf]:
    for _, one in branches(value):
        if isinstance(one, dict) and one:
            for key, inner in one.items():
                yield from _leaves(f"{path}.{key}", inner)
        elif isinstance(one, list):
            for item in one:
                yield from _leaves(path, item)
        elif one is not None and scalar(one) != "false":
            yield path, shown(one if isinstance(one, dict) else scalar(one))
