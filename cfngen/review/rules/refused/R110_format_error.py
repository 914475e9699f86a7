"""The template has a form that CloudFormation does not accept."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="The template has a form that CloudFormation does not accept",
    help=(
        "CloudFormation validates the form of a template before it does anything: its sections, their "
        "limits, and the types of what stands in them. Such a template is refused. The message says "
        "what is wrong; correct it."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html",
)
