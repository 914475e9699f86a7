"""A logical ID changes the type of its resource."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that both sides have, with another type."""
    for change in facts.changes.values():
        if change.type_before:
            message = (
                f"changes its type from {change.type_before} to {change.type}; give the new"
                " resource a logical ID of its own"
            )
            yield Hit(change.name, message, Certainty.WILL)


RULE = Rule(
    title="A logical ID changes the type of its resource",
    help=(
        "CloudFormation refuses an update in which a resource keeps its logical ID and changes its "
        "type. Give the new resource a logical ID of its own; the old one is then removed, as its "
        "DeletionPolicy says."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
