"""A role, user or group may do more than before."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.gains import gains
from cfngen.review.model import PolicyKind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what a role, user or group may do that it was not allowed before."""
    return gains(facts, PolicyKind.PERMISSIONS)


RULE = Rule(
    title="A role, user or group may do more than before",
    help=(
        "A policy allows an action, a resource or a condition that it did not allow before, or a "
        "denial is gone. Check that this is the purpose of the change, and that the statement is as "
        "narrow as it can be."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html",
)
