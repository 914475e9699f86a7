"""Which permissions a change adds and which it takes away."""

from __future__ import annotations

from collections.abc import Collection
from operator import le

from cfngen.review.alternatives import template_order
from cfngen.review.model import Extent, PermissionChange, PolicyKind
from cfngen.review.permissions.actions import wild_service
from cfngen.review.permissions.attachments import touched_policies
from cfngen.review.permissions.comparison import NewStatements, grants, new_statements, spelling
from cfngen.review.permissions.policies import Key, Policy, Sides
from cfngen.review.permissions.statements import Statement, described_statement
from cfngen.review.stack import Stack

# Of what one role may have (AWS page "IAM and AWS STS quotas"), none of these is reached.
MAX_STATEMENTS, MAX_SERVICE_WILDCARDS, MAX_TEXT = 1_500, 100, 200_000
KINDS = ("trust", "permissions", "boundary", "resource")


def permission_changes(
    before: Stack, after: Stack, changed: Collection[str]
) -> tuple[PermissionChange, ...]:
    """Return how the permissions that the changed resources affect are different.

    `changed` are the logical IDs of resources that differ. Policies are compared by meaning, each
    with all other policies of its principal: a statement is gained if no statement of `before`
    covers it. A new `Allow` and a removed `Deny` are gained, a removed `Allow` and a new `Deny`
    are lost. A policy that is only written differently is returned as `SAME`.

    >>> from cfngen.cloudformation.sections import Sections
    >>> text = '''Resources:
    ...   Read:
    ...     Type: AWS::IAM::ManagedPolicy
    ...     Properties:
    ...       PolicyDocument: {Statement: {Effect: Allow, Action: 's3:%s', Resource: '*'}}
    ... '''
    >>> old, new = (Stack(Sections(text % action)) for action in ("GetObject", "PutObject"))
    >>> (change,) = permission_changes(old, new, ["Read"])
    >>> change.extent.value, change.gained[0].actions, change.lost[0].actions
    ('broadened and narrowed', ('s3:PutObject',), ('s3:GetObject',))
    """
    place = template_order(before, after)
    policies = touched_policies(before, after, set(changed))
    keys = sorted(policies, key=lambda key: (place.get(key[0], 0), KINDS.index(key[1]), key[0]))
    changes = (_change(key, policies[key], before, after) for key in keys)
    return tuple(change for change in changes if change)


def exceeds(attached_to: str, old: list[Policy], new: list[Policy]) -> bool:
    """Whether one set of policies allows a principal more than another."""
    was, now = _statements(attached_to, old), _statements(attached_to, new)
    return bool(new_statements(was, now, "Allow") or new_statements(now, was, "Deny"))


def _change(key: Key, sides: Sides, before: Stack, after: Stack) -> PermissionChange | None:
    attached_to, kind = key
    old, new, outside = sides
    if sorted(p.text for p in old) == sorted(p.text for p in new) or _is_reported_elsewhere(
        key, sides, before, after
    ):
        return None
    was, now = _statements(attached_to, old), _statements(attached_to, new)
    had = _statements(attached_to, [*old, *outside[0]]) if outside[0] else was
    has = _statements(attached_to, [*new, *outside[1]]) if outside[1] else now
    gained, lost = new_statements(had, now, "Allow"), new_statements(has, was, "Allow")
    # A `Deny` that came or went with the very thing that it protects takes or gives nothing.
    if attached_to in before.names or _outlives(new):
        lost += new_statements(had, now, "Deny")
    if attached_to in after.names or _outlives(old):
        gained += new_statements(has, was, "Deny")
    if not (gained or lost) and not (old and new):
        return None
    spelled = spelling((*was, *now))
    itself = next((policy.itself for policy in (*new, *old) if policy.itself), "")
    return PermissionChange(
        attached_to,
        PolicyKind(kind),
        _extent(gained, lost),
        grants(gained, itself, spelled),
        grants(lost, itself, spelled),
        tuple(dict.fromkeys(policy.source for policy in (*new, *old))),
    )


def _statements(attached_to: str, policies: list[Policy]) -> list[Statement]:
    """Return the statements of policies; one opaque statement if there are too many to compare."""
    statements = [statement for policy in policies for statement in policy.statements]
    texts = [policy.text for policy in policies]
    service_wildcards = {
        s.actions
        for s in statements
        if s.actions.negated or any(map(wild_service, s.actions.patterns))
    }
    sizes = len(statements), len(service_wildcards), sum(map(len, texts))
    if all(map(le, sizes, (MAX_STATEMENTS, MAX_SERVICE_WILDCARDS, MAX_TEXT))):
        return statements
    description = f"what {len(statements):,} statements say, too many to compare"
    return [described_statement(description, attached_to, exactly="\n".join(sorted(texts)))]


def _is_reported_elsewhere(key: Key, sides: Sides, before: Stack, after: Stack) -> bool:
    """Whether a change of permissions is reported where else the policy is attached.

    A managed policy that is attached to a role on one side is reported there. A role that exists
    on one side only neither gains nor loses a boundary.
    """
    attached_to, kind = key
    old, new, _ = sides
    if old and new:
        return False
    if kind == "boundary":
        return True
    return (
        kind == "permissions"
        and any(policy.unattached for policy in old or new)
        and attached_to in (after.names if old else before.names)
    )


def _outlives(policies: list[Policy]) -> bool:
    """Whether the policies protect something outside the template, which stays without them."""
    return any(policy.unattached or policy.principal for policy in policies)


def _extent(gained: NewStatements, lost: NewStatements) -> Extent:
    if gained and lost:
        return Extent.MIXED
    if gained:
        return Extent.BROADENED
    return Extent.NARROWED if lost else Extent.SAME
