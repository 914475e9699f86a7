"""Something can be reached that could not be reached before."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the ways to reach a resource from the internet that are new."""
    for exposure in facts.exposures if facts.kind is not Kind.REMOVED else ():
        if exposure.opened:
            yield Hit(
                exposure.resource,
                exposure.description,
                Certainty.WILL,
                page="",
                exposure=exposure,
            )


RULE = Rule(
    title="Something can be reached that could not be reached before",
    help=(
        "A resource becomes reachable from the internet or by anybody: a security group, a network "
        "ACL, a bucket, a function's URL, a public address. Check that it is meant to be, and that it "
        "is guarded."
    ),
    check=check,
    source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/protecting-networks.html",
)
