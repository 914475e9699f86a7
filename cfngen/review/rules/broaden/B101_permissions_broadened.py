"""A role, user or group may do more than before."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A role, user or group may do more than before",
    help=(
        "A policy allows an action, a resource or a condition that it did not allow before, or a "
        "denial is gone. Check that this is the purpose of the change, and that the statement is as "
        "narrow as it can be."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html",
)
