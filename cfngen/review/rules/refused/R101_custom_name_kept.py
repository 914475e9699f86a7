"""A resource must be replaced but keeps its custom name."""

from collections.abc import Iterator

from cfngen.cloudformation.values import shown
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.names import given_name
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that have to be replaced and keep their name."""
    for resource in facts.updated:
        change, schema = resource.change, resource.new.schema
        name = shown(given_name(resource.new)) if change.replacement is not Certainty.NO else ""
        moved = any(detail.path.partition(".")[0] in schema.names for detail in change.properties)
        if not name or moved or schema.deletes_first or schema.revised:
            continue
        yield Hit(
            change.name,
            f"{change.replacement} be replaced, but keeps the name {name}: CloudFormation creates"
            f" the new one first; change {' or '.join(schema.names)} as well",
            change.replacement,
        )


RULE = Rule(
    title="A resource must be replaced but keeps its custom name",
    help=(
        "CloudFormation creates the new resource before it deletes the old one. Both cannot have the "
        "same name, so the creation fails and the update is rolled back. Change the name together "
        "with what requires the replacement, or let CloudFormation choose the name."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
)
