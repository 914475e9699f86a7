"""A policy no longer keeps the data of a resource."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A policy no longer keeps the data of a resource",
    help=(
        "DeletionPolicy and UpdateReplacePolicy decide what becomes of a resource that is removed or "
        "replaced later. Nothing is lost by this deployment, but the next one that removes or "
        "replaces the resource deletes its data. Keep Retain or Snapshot unless that is the purpose."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
