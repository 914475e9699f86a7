"""A new resource has the name of another one."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A new resource has the name of another one",
    help=(
        "The name of such a resource is unique in an account and a Region. CloudFormation creates new "
        "resources before it deletes what has left the template, so the name is still taken, and the "
        "creation fails. Choose another name, or remove the other resource in a deployment before "
        "this one."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
