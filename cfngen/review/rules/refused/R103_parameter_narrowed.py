"""A parameter accepts less than before."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A parameter accepts less than before",
    help=(
        "An update that passes no value for a parameter keeps the one that the stack has. If the new "
        "constraints do not allow that value, the update is refused. Look at the values of the stacks "
        "that run (aws cloudformation describe-stacks) before the deployment."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
