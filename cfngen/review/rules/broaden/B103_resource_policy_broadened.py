"""The policy of a resource allows more than before."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.gains import gains
from cfngen.review.model import PolicyKind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what somebody may do with a resource that they could not before."""
    return gains(facts, PolicyKind.RESOURCE)


RULE = Rule(
    title="The policy of a resource allows more than before",
    help=(
        "The policy that is attached to a bucket, queue, key, function or the like allows a principal "
        "or an action that it did not allow before. Check that nobody outside of the account is among "
        "them unless that is meant."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html",
)
