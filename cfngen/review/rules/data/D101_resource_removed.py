"""A resource that holds data leaves the stack."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A resource that holds data leaves the stack",
    help=(
        "What happens to the resource is decided by the DeletionPolicy of the template that is "
        "deployed now, not by the new one. With Delete, the resource and its data are deleted; with "
        "Retain, both stay, outside the stack; with Snapshot, only a snapshot stays. To keep the "
        "data, deploy DeletionPolicy: Retain first, and remove the resource in a later deployment."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
