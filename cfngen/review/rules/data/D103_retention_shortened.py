"""Data is kept for a shorter time."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="Data is kept for a shorter time",
    help=(
        "The service deletes what is older than the new time, often at once and for good. Export what "
        "is needed before the deployment."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
