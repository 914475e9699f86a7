"""A parameter is new and has no default."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A parameter is new and has no default",
    help=(
        "A stack that runs has no value for a new parameter. Without a default, the deployment is "
        "refused before it starts. Pass a value with --parameter-overrides, or give the parameter a "
        "default."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
