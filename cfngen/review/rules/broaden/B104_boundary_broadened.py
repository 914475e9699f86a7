"""A permissions boundary allows more than before."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A permissions boundary allows more than before",
    help=(
        "The boundary is the limit of what a role or user may do, whatever its policies say. It was "
        "widened or taken off, so that policies become effective that were not before."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)
