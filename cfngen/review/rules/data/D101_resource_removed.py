"""A resource that holds data leaves the stack."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.review.compare.retention import (
    KEEPING_POLICIES,
    LEFT_BEHIND,
    deletion_fails_while_full,
    deletion_policy,
    is_undecided,
    successors,
)
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource, Stack

LOOP = "Fn::ForEach::"
# What a change of its type, which is refused, comes to once that is mended.
RETYPED = "leaves the stack as soon as the new resource has a logical ID of its own"


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources with data that leave; of a removed template the stacks stay.

    A loop that is not unrolled may make a resource again that is gone from the template.
    """
    removed = facts.kind is Kind.REMOVED
    unsure = removed or any(name.startswith(LOOP) for name in facts.after.names)
    certainty = Certainty.MAY if unsure else Certainty.WILL
    successor_of = successors(facts.before, facts.after, facts.changes)
    for change in facts.changes.values():
        old = facts.before.resource(change.name)
        if old is None or not old.schema.holds:
            continue
        stays = removed and deletion_policy(old) in KEEPING_POLICIES
        if change.type_before:
            yield _hit(facts.before, old, Certainty.MAY, event=RETYPED)
        elif facts.after.resource(change.name) is None and not stays:
            yield _hit(facts.before, old, certainty, successor_of.get(old.name, ("", False)))


def _hit(
    before: Stack,
    old: Resource,
    certainty: Certainty,
    successor: tuple[str, bool] = ("", False),
    event: str = "is removed",
) -> Hit:
    # The policy of the template that is deployed decides.
    policy = deletion_policy(old)
    holds = old.schema.holds
    condition = before.raw(old.name).get("Condition")
    exists = condition is None or before.resolver.truth(condition) is True
    if not exists or is_undecided(old, "DeletionPolicy"):
        certainty = Certainty.MAY
    keep = "to keep it, first deploy it with Retain"
    full = deletion_fails_while_full(old)
    page = None
    if policy in KEEPING_POLICIES:
        stays = f", and is left behind, with {holds}, outside the stack"
        if policy == "Snapshot":
            stays = f"; only a snapshot {LEFT_BEHIND}"
        message = f"{event}{stays} (DeletionPolicy: {policy})"
    elif full is Certainty.WILL:
        page = old.schema.refuses_while_full
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
        return Hit(old.name, message, certainty)
    # Nothing is deleted; certain is only that whoever used it meets an empty one.
    name, referred = successor
    if name:
        message += (
            f"; what referred to it now refers to {name}, which starts empty"
            if referred
            else f"; {name}, which is new, starts empty"
        )
    return Hit(old.name, message, certainty if name else Certainty.MAY, page=page)


RULE = Rule(
    title="A resource that holds data leaves the stack",
    help=(
        "What happens to the resource is decided by the DeletionPolicy of the template that is "
        "deployed now, not by the new one. With Delete, the resource and its data are deleted; with "
        "Retain, both stay, outside the stack; with Snapshot, only a snapshot stays. To keep the "
        "data, deploy DeletionPolicy: Retain first, and remove the resource in a later deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
