"""A protection of data ends."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A protection of data ends",
    help=(
        "A property that kept the data from being deleted, or that kept older versions or backups of "
        "it, is turned off. Nothing is lost by this deployment, but what is deleted or overwritten "
        "from now on may be."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
