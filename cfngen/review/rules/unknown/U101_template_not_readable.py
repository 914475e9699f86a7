"""A template cannot be read."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A template cannot be read",
    help=(
        "What changes in its stacks is unknown. Mend the template; where only the deployed side "
        "cannot be read, compare with what aws cloudformation get-template prints, or review the "
        "new template as a whole. CloudFormation accepts no merge keys (<<) of YAML."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
