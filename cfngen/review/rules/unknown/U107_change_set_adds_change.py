"""CloudFormation changes more than the templates show."""

from collections.abc import Iterator

from cfngen.review.change_set_facts import ChangeSetFacts, Disagreement
from cfngen.review.rule import Hit, Rule


def check(facts: ChangeSetFacts) -> Iterator[Hit]:
    """Yield the changes that CloudFormation lists, and that the templates do not show."""
    for dispute in facts.about(Disagreement.ADDS):
        yield Hit(
            dispute.difference.resource,
            f"CloudFormation {dispute.verb}{dispute.because}; by the templates {dispute.ours}",
        )


RULE = Rule(
    title="CloudFormation changes more than the templates show",
    help=(
        "The change set has a resource that is the same in both templates. A parameter may have another "
        "value, the resource may have drifted, or the base is not what is deployed. Compare with what "
        "aws cloudformation get-template prints, and look at the details of the change set."
    ),
    check_change_set=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
