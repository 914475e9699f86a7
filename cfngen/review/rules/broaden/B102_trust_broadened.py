"""More principals may assume a role."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="More principals may assume a role",
    help=(
        "The trust policy of a role allows somebody to assume it who could not before, or under fewer "
        "conditions. Check who that is."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html",
)
