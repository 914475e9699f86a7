"""More principals may assume a role."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.gains import gains
from cfngen.review.model import PolicyKind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield who may assume a role that could not before."""
    return gains(facts, PolicyKind.TRUST)


RULE = Rule(
    title="More principals may assume a role",
    help=(
        "The trust policy of a role allows somebody to assume it who could not before, or under fewer "
        "conditions. Check who that is."
    ),
    check=check,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html",
)
