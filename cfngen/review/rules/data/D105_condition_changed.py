"""Whether a resource with data exists depends on another condition."""

from collections.abc import Iterator

from cfngen.review.compare.retention import (
    KEEPING_POLICIES,
    deletion_fails_while_full,
    deletion_policy,
)
from cfngen.review.facts import Facts, Updated
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources with data that have a condition which they did not have so far."""
    for resource in facts.updated:
        condition = resource.new.attributes.get("Condition")
        if not condition or not resource.new.schema.holds:
            continue
        other = condition != resource.old.attributes.get("Condition")
        if other or condition in facts.after.resolver.changed:
            message = f"may {_outcome(resource)}: it depends on {condition} now"
            yield Hit(resource.new.name, message, path="Condition")


def _outcome(resource: Updated) -> str:
    holds = resource.new.schema.holds
    if deletion_policy(resource.old) in KEEPING_POLICIES:
        return f"leave the stack and be left behind, with {holds}"
    if deletion_fails_while_full(resource.old) is Certainty.WILL:
        return f"leave the stack and be left behind if it holds {holds}"
    return f"be deleted, losing {holds}"


RULE = Rule(
    title="Whether a resource with data exists depends on another condition",
    help=(
        "Where the condition is false, CloudFormation removes the resource from the stack, as its "
        "DeletionPolicy says. Look at the parameters of the stacks that run: they decide."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
