"""A property changes that no update may change."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A property changes that no update may change",
    help=(
        "The type's schema says that the property can neither be updated in place nor by a "
        "replacement. The update fails. Give the resource another logical ID, so that a new one is "
        "created, and look at what happens to the old one's data."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
