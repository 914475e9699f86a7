"""A resource is replaced."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the resources that will or may be replaced, except for those only revised."""
    for resource in facts.updated:
        change, schema = resource.change, resource.new.schema
        if change.replacement is Certainty.NO or schema.revised:
            continue
        causes = [d for d in change.properties if d.replacement is change.replacement]
        paths = ", ".join(dict.fromkeys(detail.path for detail in causes))
        first = " (the old one is deleted first)" if schema.deletes_first else ""
        cause = f"{causes[0].note or 'changes'}" if causes else ""
        yield Hit(
            change.name,
            f"{change.replacement} be replaced{first}: {paths} {cause}".rstrip(),
            change.replacement,
            causes[0].path if causes else "",
            reasons=change.reasons,
        )


RULE = Rule(
    title="A resource is replaced",
    help=(
        "A property that can only be set when the resource is created has another value. "
        "CloudFormation creates a new resource, moves what refers to it, and then deletes the old one "
        "unless its UpdateReplacePolicy keeps it. Its physical ID changes, and what was set outside "
        "of the template is lost."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
