"""An export's value changes while another template imports it."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="An export's value changes while another template imports it",
    help=(
        "CloudFormation refuses to change the value of an export as long as any stack imports it. "
        "Export the new value under another name, move the importing stacks to it, then remove the "
        "old export."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
)
