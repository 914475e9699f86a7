"""Resources that share something with other accounts or principals, without a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import existence, if_alternatives
from cfngen.review.assumptions import with_parameters
from cfngen.review.facts import Facts
from cfngen.review.model import Kind
from cfngen.review.rule import Hit, Rule
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
DEFAULTS = {"AllowExternalPrincipals": True}
MAX_NAMED = 4  # that a finding names

Leaf = tuple[str, str]  # a property, and a value that it has


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that grant access which they did not grant before."""
    concerned = [
        change
        for change in facts.changes.values()
        if change.type in GIVING and change.kind in (Kind.ADDED, Kind.CHANGED)
    ]
    parameters = facts.default_parameters if concerned else {}
    for change in concerned:
        was, now = (
            _given(side, side.resource(change.name), parameters)
            for side in (facts.before, facts.after)
        )
        gained = [leaf for leaf in now if leaf not in was]
        if gained:
            listed = ", ".join(f"{path} {text}" for path, text in gained[:MAX_NAMED])
            more = f" and {len(gained) - MAX_NAMED} more" if len(gained) > MAX_NAMED else ""
            message = f"grants access that it did not grant before: {listed}{more}"
            yield Hit(change.name, message)


def _given(stack: Stack, resource: Resource | None, parameters: Mapping[str, str]) -> list[Leaf]:
    """Return who is granted what; nothing if nobody is, or the resource never exists."""
    if resource is None or resource.type not in GIVING or existence(stack, resource) is None:
        return []
    properties = with_parameters(resource.properties, parameters)
    leaves_by_key = {
        key: list(_leaves(key, properties.get(key, DEFAULTS.get(key))))
        for key in GIVING[resource.type]
    }
    principals = next(iter(leaves_by_key.values()))
    return [leaf for leaves in leaves_by_key.values() for leaf in leaves] if principals else []


def _leaves(path: str, value: Any) -> Iterator[Leaf]:
    for _, alternative in if_alternatives(value):
        if isinstance(alternative, dict) and alternative:
            for key, inner in alternative.items():
                yield from _leaves(f"{path}.{key}", inner)
        elif isinstance(alternative, list):
            for item in alternative:
                yield from _leaves(path, item)
        elif alternative is not None and scalar(alternative) != "false":
            yield path, shown(alternative if isinstance(alternative, dict) else scalar(alternative))


RULE = Rule(
    title="A resource gives somebody else access that it did not give before",
    help=(
        "A property other than a policy names an account, an organization or a principal that now "
        "gets access. Check who that is."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html",
)
