"""A property changes that no update may change."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the properties that change although they never can."""
    for fixed in facts.fixed:
        message = f"{fixed.path} cannot be changed once the resource exists"
        yield Hit(
            fixed.resource,
            message,
            fixed.certainty,
            fixed.path,
            reasons=(fixed.reason,) if fixed.reason else (),
        )


RULE = Rule(
    title="A property changes that no update may change",
    help=(
        "The type's schema says that the property can neither be updated in place nor by a "
        "replacement. The update fails. Give the resource another logical ID, so that a new one is "
        "created, and look at what happens to the old one's data."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
