"""Data is kept for a shorter time."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.protection import shortened
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the times that become shorter, surely or with the defaults of parameters."""
    for resource in facts.updated:
        schema = resource.new.schema
        if not schema.holds or not schema.shortens:
            continue
        surely = shortened(resource.differences, schema.shortens, schema)
        likely = shortened(resource.assumed_differences, schema.shortens, schema)
        for path in sorted(surely | likely):
            yield Hit(
                resource.new.name,
                f"{path} is less than before, losing older {schema.holds}",
                Certainty.WILL if path in surely else Certainty.MAY,
                path,
                page=schema.page,
            )


RULE = Rule(
    title="Data is kept for a shorter time",
    help=(
        "The service deletes what is older than the new time, often at once and for good. Export what "
        "is needed before the deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
