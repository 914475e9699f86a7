"""A resource must be replaced but keeps its custom name."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A resource must be replaced but keeps its custom name",
    help=(
        "CloudFormation creates the new resource before it deletes the old one. Both cannot have the "
        "same name, so the creation fails and the update is rolled back. Change the name together "
        "with what requires the replacement, or let CloudFormation choose the name."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
)
