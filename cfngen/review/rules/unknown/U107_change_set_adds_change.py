"""CloudFormation changes more than the templates show."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="CloudFormation changes more than the templates show",
    help=(
        "The change set has a resource that is the same in both templates. A parameter may have another "
        "value, the resource may have drifted, or the base is not what is deployed. Compare with what "
        "aws cloudformation get-template prints, and look at the details of the change set."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
