"""A logical ID changes the type of its resource."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A logical ID changes the type of its resource",
    help=(
        "CloudFormation refuses an update in which a resource keeps its logical ID and changes its "
        "type. Give the new resource a logical ID of its own; the old one is then removed, as its "
        "DeletionPolicy says."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
