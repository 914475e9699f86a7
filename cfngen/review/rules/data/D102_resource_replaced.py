"""A resource that holds data is replaced."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.review.compare.retention import (
    KEEPING_POLICIES,
    LEFT_BEHIND,
    deletion_fails_while_full,
    is_undecided,
    replacement_policy,
)
from cfngen.review.facts import Facts, Updated
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources with data in whose place a new, empty one is created."""
    for resource in facts.updated:
        if resource.change.replacement is not Certainty.NO and resource.new.schema.holds:
            yield _hit(resource)


def _hit(resource: Updated) -> Hit:
    policy, holds = replacement_policy(resource.new), resource.new.schema.holds
    certainty = resource.change.replacement
    full = deletion_fails_while_full(resource.old)
    if policy in KEEPING_POLICIES:
        stays = f"the old one is left behind, with {holds}, outside the stack"
        if policy == "Snapshot":
            stays = f"a snapshot of the old one {LEFT_BEHIND}"
        message = (
            f"{certainty} be replaced, and the new one starts empty; {stays}"
            f" (UpdateReplacePolicy: {policy})"
        )
        return Hit(resource.new.name, message, certainty)
    if full is Certainty.WILL:
        message = (
            f"{certainty} be replaced, and the new one starts empty; CloudFormation cannot delete"
            f" the old one while it holds {holds}: it {LEFT_BEHIND}"
        )
        page = resource.new.schema.refuses_while_full
        return Hit(resource.new.name, message, certainty, page=page)
    if is_undecided(resource.new, "UpdateReplacePolicy") or full is Certainty.MAY:
        certainty = Certainty.MAY
    message = (
        f"{certainty} be replaced and the old one deleted, losing {holds}: UpdateReplacePolicy"
        f" is {policy}"
    )
    return Hit(resource.new.name, message, certainty)


RULE = Rule(
    title="A resource that holds data is replaced",
    help=(
        "CloudFormation creates a new, empty resource, and what becomes of the old one is decided by "
        "UpdateReplacePolicy. With Delete, its data is lost. Set UpdateReplacePolicy: Retain or "
        "Snapshot in the same template, and plan how the data gets into the new resource."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html",
)
