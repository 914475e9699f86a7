"""A policy no longer keeps the data of a resource."""

from collections.abc import Iterator

from cfngen.cloudformation.values import shown
from cfngen.review.compare.retention import (
    DEFAULTS,
    KEEPING_POLICIES,
    deletion_fails_while_full,
    weakest_policy,
)
from cfngen.review.facts import Facts
from cfngen.review.model import MISSING, Certainty, Detail
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource

REPLACEMENT = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html"


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the policies that kept a resource with data, and would not keep it any more."""
    for resource in facts.updated:
        if not resource.new.schema.holds:
            continue
        for attribute in resource.change.attributes:
            path = attribute.path
            replaced = resource.change.replacement is Certainty.WILL
            if path not in DEFAULTS or not _is_weaker(attribute):
                continue
            if path == "UpdateReplacePolicy" and replaced:  # D102 reports what it does
                continue
            policy = DEFAULTS[path] if attribute.after is MISSING else attribute.after
            removal = path == "DeletionPolicy"
            event = "removal" if removal else "replacement"
            yield Hit(
                resource.new.name,
                f"{path} becomes {shown(policy)}: a {event} would {_loss(resource.new)}",
                path=path,
                page=None if removal else REPLACEMENT,
            )


def _is_weaker(attribute: Detail) -> bool:
    default = DEFAULTS[attribute.path]
    before, after = (
        weakest_policy(None if value is MISSING else value, default)
        for value in (attribute.before, attribute.after)
    )
    return before in KEEPING_POLICIES and after not in KEEPING_POLICIES


def _loss(resource: Resource) -> str:
    """Return what a deletion would do to what a resource holds."""
    holds = resource.schema.holds
    if deletion_fails_while_full(resource) is Certainty.WILL:
        return f"leave it behind, outside the stack, if it holds {holds}, or else delete it"
    return f"lose {holds}"


RULE = Rule(
    title="A policy no longer keeps the data of a resource",
    help=(
        "DeletionPolicy and UpdateReplacePolicy decide what becomes of a resource that is removed or "
        "replaced later. Nothing is lost by this deployment, but the next one that removes or "
        "replaces the resource deletes its data. Keep Retain or Snapshot unless that is the purpose."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
