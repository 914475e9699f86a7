"""Data begins to expire, or expires otherwise."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.protection import new_expirations
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the settings by which a service now deletes data itself, or other data than before."""
    for resource in facts.updated:
        schema = resource.new.schema
        if not schema.holds or not schema.expires:
            continue
        for path in new_expirations(resource.assumed_differences, schema.expires):
            message = f"{path} was added or changed: it may delete {schema.holds}"
            yield Hit(resource.new.name, message, path=path, page=schema.page)


RULE = Rule(
    title="Data begins to expire, or expires otherwise",
    help=(
        "The service deletes what has reached its age, also of what is there already. Look at what "
        "the rule is about before the deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
