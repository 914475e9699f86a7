"""A permissions boundary allows more than before."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.gains import gains
from cfngen.review.model import PolicyKind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the boundaries that allow more than before."""
    return gains(facts, PolicyKind.BOUNDARY)


RULE = Rule(
    title="A permissions boundary allows more than before",
    help=(
        "The boundary is the limit of what a role or user may do, whatever its policies say. It was "
        "widened or taken off, so that policies become effective that were not before."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)
