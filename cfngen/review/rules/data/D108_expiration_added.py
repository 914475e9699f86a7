"""Data begins to expire, or expires otherwise."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="Data begins to expire, or expires otherwise",
    help=(
        "The service deletes what has reached its age, also of what is there already. Look at what "
        "the rule is about before the deployment."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
