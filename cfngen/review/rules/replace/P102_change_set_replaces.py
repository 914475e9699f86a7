"""CloudFormation replaces more than the templates show."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="CloudFormation replaces more than the templates show",
    help=(
        "The change set says that the resource is replaced, or may be, and the comparison of the templates "
        "does not. A parameter may have another value, the base may not be what is deployed, or the "
        "review does not know the type well enough. The change set decides what happens."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
