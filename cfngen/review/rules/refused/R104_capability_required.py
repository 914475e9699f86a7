"""The deploy command must name another capability."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="The deploy command must name another capability",
    help=(
        "A template that creates IAM resources, names them, or uses macros is only deployed if the "
        "command acknowledges it. Without the capability, CloudFormation refuses the change set. Add "
        "it to --capabilities."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html",
)
