"""CloudFormation does not mention a change."""

from collections.abc import Iterator

from cfngen.review.change_set_facts import ChangeSetFacts, Disagreement
from cfngen.review.rule import Hit, Rule


def check(facts: ChangeSetFacts) -> Iterator[Hit]:
    """Yield the changes of the templates that CloudFormation does not mention."""
    for dispute in facts.about(Disagreement.LACKS):
        yield Hit(
            dispute.difference.resource,
            f"CloudFormation does not mention it, although {dispute.ours}: is the base what is"
            " deployed, and was the change set made of this template?",
        )


RULE = Rule(
    title="CloudFormation does not mention a change",
    help=(
        "The templates differ in a resource that is not in the change set. Either the change set was made of "
        "another template or with other parameters, or the base is not what is deployed. Compare with "
        "what aws cloudformation get-template prints, and make the change set again."
    ),
    check_change_set=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
