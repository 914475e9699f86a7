"""CloudFormation does something else with a resource."""

from collections.abc import Iterator

from cfngen.review.change_set import Difference
from cfngen.review.change_set_facts import ChangeSetFacts, Disagreement, Dispute
from cfngen.review.rule import Hit, Rule

POLICIES = {"Delete": "deletes it", "Retain": "keeps it", "Snapshot": "takes a snapshot of it"}


def check(facts: ChangeSetFacts) -> Iterator[Hit]:
    """Yield the resources with which CloudFormation does something else than the templates say."""
    for dispute in facts.about(Disagreement.OTHERWISE):
        yield Hit(dispute.difference.resource, _message(dispute))


def _message(dispute: Dispute) -> str:
    difference = dispute.difference
    if difference.difference is Difference.REPLACEMENT:
        return f"CloudFormation changes it in place; by the templates {dispute.ours}"
    if difference.difference is Difference.POLICY:
        policy = difference.policy.removeprefix("ReplaceAnd")
        stays = "is deleted" if policy != "Delete" else "stays"
        return f"CloudFormation {POLICIES.get(policy, policy)}; by the templates it {stays}"
    return f"CloudFormation {dispute.verb}; by the templates {dispute.ours}"


RULE = Rule(
    title="CloudFormation does something else with a resource",
    help=(
        "The change set has another action for the resource than the comparison of the templates: it is "
        "changed in place rather than replaced, say, or deleted rather than kept. The change set decides "
        "what happens; look at its details, and whether the base is what is deployed."
    ),
    check_change_set=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
