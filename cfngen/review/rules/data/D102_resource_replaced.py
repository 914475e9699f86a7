"""A resource that holds data is replaced."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A resource that holds data is replaced",
    help=(
        "CloudFormation creates a new, empty resource, and what becomes of the old one is decided by "
        "UpdateReplacePolicy. With Delete, its data is lost. Set UpdateReplacePolicy: Retain or "
        "Snapshot in the same template, and plan how the data gets into the new resource."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html",
)
