"""There is less time to undo a deletion."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="There is less time to undo a deletion",
    help=(
        "The service keeps what was deleted for a while, and that time becomes shorter. Nothing is "
        "lost by this deployment."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
