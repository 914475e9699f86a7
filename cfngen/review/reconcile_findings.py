"""Findings about what CloudFormation's change set and a review say otherwise."""

from __future__ import annotations

from cfngen.review.change_set import ChangeSetDifference, Difference
from cfngen.review.model import Certainty, Concern, Finding, Kind, ResourceChange

PAGE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html"
MAX_CAUSES = 3
VERBS = {
    "Add": "adds it",
    "Modify": "changes it",
    "Remove": "removes it",
    "Import": "imports it",
    "SyncWithActual": "leaves it as it is",
}
POLICIES = {"Delete": "deletes it", "Retain": "keeps it", "Snapshot": "takes a snapshot of it"}


def finding_about(difference: ChangeSetDifference, change: ResourceChange | None) -> Finding:
    """Return the finding about a difference which has a code."""
    replaced = difference.code == "P102"
    concern = Concern.REPLACE if replaced else Concern.UNKNOWN
    will = replaced and difference.replacement == "True"
    certainty = Certainty.WILL if will else Certainty.MAY
    message = _message(difference, change)
    return Finding(concern, certainty, difference.resource, message, PAGE, code=difference.code)


def _message(difference: ChangeSetDifference, change: ResourceChange | None) -> str:
    because = _because(difference.causes)
    if difference.code == "P102":
        verb = "will" if difference.replacement == "True" else "may"
        return f"CloudFormation {verb} replace it{because}; by the templates {_ours(change)}"
    if difference.difference is Difference.NOT_MENTIONED:
        return (
            f"CloudFormation does not mention it, although {_ours(change)}: is the base what is"
            " deployed, and was the change set made of this template?"
        )
    if difference.difference is Difference.ONLY_LISTED:
        return f"CloudFormation {_verb(difference)}{because}; by the templates {_ours(change)}"
    if difference.difference is Difference.REPLACEMENT:
        return f"CloudFormation changes it in place; by the templates {_ours(change)}"
    if difference.difference is Difference.POLICY:
        policy = difference.policy.removeprefix("ReplaceAnd")
        stays = "is deleted" if policy != "Delete" else "stays"
        return f"CloudFormation {POLICIES.get(policy, policy)}; by the templates it {stays}"
    return f"CloudFormation {_verb(difference)}; by the templates {_ours(change)}"


def _verb(difference: ChangeSetDifference) -> str:
    return VERBS.get(difference.action, f"lists it as {difference.action}")


def _ours(change: ResourceChange | None) -> str:
    """Return what the review says of a resource."""
    if change is None:
        return "nothing of it changes"
    if change.kind in (Kind.ADDED, Kind.REMOVED):
        return f"it is {change.kind}"
    if change.replacement is Certainty.NO:
        return "it is changed in place"
    return f"it {change.replacement} be replaced"


def _because(causes: tuple[str, ...]) -> str:
    if not causes:
        return ""
    more = f" and {len(causes) - MAX_CAUSES} more" if len(causes) > MAX_CAUSES else ""
    return f", because of {', '.join(causes[:MAX_CAUSES])}{more}"
