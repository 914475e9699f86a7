"""A template cannot be read."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A template cannot be read",
    help=(
        "Only the new side could be read, so what changes is unknown. If the new template is the "
        "repair of the old one, review it as a new one; otherwise compare with what aws "
        "cloudformation get-template prints."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
