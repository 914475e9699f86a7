"""About which resources a change set and a review of its template differ, and in what."""

from __future__ import annotations

from dataclasses import dataclass, field

from cfngen.review.change_set import ChangeSetDifference, Difference, ListedChange
from cfngen.review.change_set_facts import Disagreement, Dispute
from cfngen.review.compare.replacement import certainly_different
from cfngen.review.compare.retention import KEEPING_POLICIES, deletion_policy, replacement_policy
from cfngen.review.model import Certainty, Kind, ResourceChange
from cfngen.review.stack import Stack

ACTIONS = {
    Kind.ADDED: "Add",
    Kind.REMOVED: "Remove",
    Kind.CHANGED: "Modify",
    Kind.AFFECTED: "Modify",
}
SYNC = "SyncWithActual"  # nothing happens to the resource, only CloudFormation's record changes


@dataclass
class Templates:
    """One template on both sides."""

    before: Stack
    after: Stack
    own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the logical IDs."""
        self.own = frozenset((*self.before.names, *self.after.names))

    @property
    def transformed(self) -> bool:
        """Whether a macro makes more resources than the template has."""
        return any(
            side.sections is not None and side.sections.value("Transform") is not None
            for side in (self.before, self.after)
        )

    def is_certain(self, change: ResourceChange) -> bool:
        """Whether a change is one in every stack, whatever its parameters are."""
        side = self.before if change.kind is Kind.REMOVED else self.after
        condition = side.raw(change.name).get("Condition")
        if condition is not None and side.resolver.truth(condition) is not True:
            return False
        return change.kind in (Kind.ADDED, Kind.REMOVED) or any(
            certainly_different(detail.before, detail.after, self.own)
            for detail in change.properties
        )

    def stays(self, change: ResourceChange) -> bool | None:
        """Whether the old resource stays when it is removed or replaced; `None` for neither."""
        old, new = self.before.resource(change.name), self.after.resource(change.name)
        if change.kind is Kind.REMOVED and old:
            return deletion_policy(old) in KEEPING_POLICIES
        if change.replacement is not Certainty.NO and new:
            return replacement_policy(new) in KEEPING_POLICIES
        return None


def dispute(
    change: ResourceChange | None, listed: ListedChange | None, templates: Templates
) -> Dispute | None:
    """Return how both differ about a resource; `None` if they do not."""
    if listed is None:
        return _not_mentioned(change, templates) if change else None
    if change is None:
        return _only_listed(listed, templates)
    if listed.action not in ("Dynamic", ACTIONS[change.kind]):
        in_place = ACTIONS[change.kind] == "Modify" and change.replacement is not Certainty.WILL
        usual = listed.action == SYNC and in_place
        disagreement = Disagreement.NONE if usual else Disagreement.OTHERWISE
        return _about(change, listed, Difference.ACTION, disagreement)
    return _replacement(change, listed) or _policy(change, listed, templates)


def _not_mentioned(change: ResourceChange, templates: Templates) -> Dispute | None:
    """Return a change that CloudFormation does not mention, unless it never mentions such."""
    if change.kind is Kind.AFFECTED and change.replacement is not Certainty.WILL:
        return None
    if change.kind is Kind.CHANGED and not change.properties and not change.type_before:
        return None  # attributes such as DependsOn: nothing of the resource changes
    certain = templates.is_certain(change) or change.kind is Kind.AFFECTED
    disagreement = Disagreement.LACKS if certain else Disagreement.NONE
    difference = ChangeSetDifference(change.name, Difference.NOT_MENTIONED)
    return Dispute(difference, disagreement, change)


def _only_listed(listed: ListedChange, templates: Templates) -> Dispute:
    """Return what CloudFormation lists beyond the review.

    Nested stacks are always listed, since CloudFormation looks into them only later; so are values
    that are known only at deploy time, and what a macro makes.
    """
    disagreement = _replacing(listed, Certainty.NO)
    if disagreement is Disagreement.NONE:
        usual = bool(listed.details) and all(
            detail.source == "Automatic"
            or detail.evaluation == "Dynamic"
            or detail.attribute == "Tags"  # those of the stack are passed on to it
            for detail in listed.details
        )
        by_macro = templates.transformed and listed.resource not in templates.own
        expected = usual or by_macro or listed.action in ("Dynamic", SYNC)
        disagreement = Disagreement.NONE if expected else Disagreement.ADDS
    return _about(None, listed, Difference.ONLY_LISTED, disagreement)


def _replacement(change: ResourceChange, listed: ListedChange) -> Dispute | None:
    certainty = change.replacement
    if not listed.replacement:
        return None
    if listed.replacement == "False":
        if certainty is Certainty.NO:
            return None
        certain = certainty is Certainty.WILL
        disagreement = Disagreement.OTHERWISE if certain else Disagreement.NONE
        return _about(change, listed, Difference.REPLACEMENT, disagreement)
    same = certainty is Certainty.WILL or (
        certainty is Certainty.MAY and listed.replacement == "Conditional"
    )
    if same:
        return None
    return _about(change, listed, Difference.REPLACEMENT, _replacing(listed, certainty))


def _replacing(listed: ListedChange, certainty: Certainty) -> Disagreement:
    """Return what a replacement is that a review does not have for certain."""
    if listed.replacement == "True":
        return Disagreement.REPLACES
    # Of a value that is known only at deploy time, CloudFormation never says that it is the same.
    guessed = all(detail.evaluation == "Dynamic" for detail in listed.recreating)
    doubtful = listed.replacement == "Conditional" and certainty is Certainty.NO and not guessed
    return Disagreement.REPLACES if doubtful else Disagreement.NONE


def _policy(change: ResourceChange, listed: ListedChange, templates: Templates) -> Dispute | None:
    stays = templates.stays(change)
    policy = listed.policy.removeprefix("ReplaceAnd")
    if stays is None or not policy or (policy in KEEPING_POLICIES) == stays:
        return None
    return _about(change, listed, Difference.POLICY, Disagreement.OTHERWISE)


def _about(
    change: ResourceChange | None,
    listed: ListedChange,
    difference: Difference,
    disagreement: Disagreement,
) -> Dispute:
    details = listed.recreating or listed.details
    causes = dict.fromkeys(
        detail.cause if detail.source == "ParameterReference" and detail.cause else detail.name
        for detail in details
    )
    differs = ChangeSetDifference(
        listed.resource,
        difference,
        listed.action,
        listed.replacement,
        listed.policy,
        tuple(cause for cause in causes if cause),
    )
    return Dispute(differs, disagreement, change)
