"""There is less time to undo a deletion."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.protection import shortened
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the times that become shorter and in which a deletion can be undone."""
    for resource in facts.updated:
        schema = resource.new.schema
        if not schema.holds or not schema.delays:
            continue
        for path in sorted(shortened(resource.assumed_differences, schema.delays, schema)):
            message = f"{path} is less than before: less time to undo a deletion"
            yield Hit(resource.new.name, message, path=path, page=schema.page)


RULE = Rule(
    title="There is less time to undo a deletion",
    help=(
        "The service keeps what was deleted for a while, and that time becomes shorter. Nothing is "
        "lost by this deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
