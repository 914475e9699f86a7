"""What is said of CloudFormation's change sets, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.plurals import counted
from cfngen.review.model import ChangeSetDifference, Reconciliation, Review, StackReview

MAX_NAMED = 5
# What CloudFormation says beyond the review, by what it differs in.
BEYOND = {
    "not mentioned": "CloudFormation does not mention {names}, which may be the same after all",
    "only listed": "CloudFormation adds {names}, as it does for nested stacks, tags, values of"
    " deploy time, and what macros make",
}


def change_set_phrases(review: Review) -> list[str]:
    """Return how many resources each change set has as the review has them, and how many not."""
    return [_phrase(stack.reconciliation) for stack in review.stacks if stack.reconciliation]


def change_set_facts(stack: StackReview) -> Iterator[str]:
    """Yield what the change set of a template says beyond the review and is no finding."""
    if stack.reconciliation is None:
        return
    groups: dict[str, list[ChangeSetDifference]] = {}
    for difference in stack.reconciliation.differences:
        if not difference.code:
            groups.setdefault(_beyond(difference), []).append(difference)
    for phrase, group in groups.items():
        names = [difference.resource for difference in group[:MAX_NAMED]]
        more = f" and {len(group) - MAX_NAMED} more" if len(group) > MAX_NAMED else ""
        yield phrase.format(names=f"{', '.join(names)}{more}")


def _phrase(about: Reconciliation) -> str:
    disagreements = sum(bool(difference.code) for difference in about.differences)
    agreed = f"{counted(about.agreed, 'resource')} as in the review"
    differs = f", {counted(disagreements, 'disagreement')}" if disagreements else ""
    return f"change set {about.change_set} of the stack {about.stack}: {agreed}{differs}"


def _beyond(difference: ChangeSetDifference) -> str:
    if difference.action == "SyncWithActual":
        return "CloudFormation leaves {names} as in the account, and changes only its own record"
    if difference.difference in BEYOND:
        return BEYOND[difference.difference]
    if difference.replacement == "False":
        return "CloudFormation changes {names} in place"
    return "CloudFormation may replace {names}, as it says of what is known only at deploy time"
