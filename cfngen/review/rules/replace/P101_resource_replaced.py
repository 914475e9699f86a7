"""A resource is replaced."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A resource is replaced",
    help=(
        "A property that can only be set when the resource is created has another value. "
        "CloudFormation creates a new resource, moves what refers to it, and then deletes the old one "
        "unless its UpdateReplacePolicy keeps it. Its physical ID changes, and what was set outside "
        "of the template is lost."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
