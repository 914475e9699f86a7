"""CloudFormation replaces more than the templates show."""

from collections.abc import Iterator

from cfngen.review.change_set_facts import ChangeSetFacts, Disagreement
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: ChangeSetFacts) -> Iterator[Hit]:
    """Yield the resources that CloudFormation replaces, and the templates do not."""
    for dispute in facts.about(Disagreement.REPLACES):
        certain = dispute.difference.replacement == "True"
        certainty = Certainty.WILL if certain else Certainty.MAY
        yield Hit(
            dispute.difference.resource,
            f"CloudFormation {certainty} replace it{dispute.because}; by the templates"
            f" {dispute.ours}",
            certainty,
        )


RULE = Rule(
    title="CloudFormation replaces more than the templates show",
    help=(
        "The change set says that the resource is replaced, or may be, and the comparison of the templates "
        "does not. A parameter may have another value, the base may not be what is deployed, or the "
        "review does not know the type well enough. The change set decides what happens."
    ),
    check_change_set=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
