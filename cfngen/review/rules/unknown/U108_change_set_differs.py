"""CloudFormation does something else with a resource."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="CloudFormation does something else with a resource",
    help=(
        "The change set has another action for the resource than the comparison of the templates: it is "
        "changed in place rather than replaced, say, or deleted rather than kept. The change set decides "
        "what happens; look at its details, and whether the base is what is deployed."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
