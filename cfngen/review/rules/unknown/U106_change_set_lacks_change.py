"""CloudFormation does not mention a change."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="CloudFormation does not mention a change",
    help=(
        "The templates differ in a resource that is not in the change set. Either the change set was made of "
        "another template or with other parameters, or the base is not what is deployed. Compare with "
        "what aws cloudformation get-template prints, and make the change set again."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
