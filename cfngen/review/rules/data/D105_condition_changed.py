"""Whether a resource with data exists depends on another condition."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="Whether a resource with data exists depends on another condition",
    help=(
        "Where the condition is false, CloudFormation removes the resource from the stack, as its "
        "DeletionPolicy says. Look at the parameters of the stacks that run: they decide."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
