"""An export is removed while another template imports it."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="An export is removed while another template imports it",
    help=(
        "CloudFormation refuses to remove an output's export as long as any stack imports it. First "
        "deploy the importing stacks without the import, then this template."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
)
