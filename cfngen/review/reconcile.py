"""Holds a review to a change set that CloudFormation has made of the same change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.change_set import (
    ChangeSet,
    ChangeSetDifference,
    Difference,
    ListedChange,
    ListedDetail,
    Reconciliation,
)
from cfngen.review.compare.replacement import certainly_different
from cfngen.review.compare.retention import KEEPING_POLICIES, deletion_policy, replacement_policy
from cfngen.review.deployed import DeployedStack, with_values
from cfngen.review.locations import FindingLocator
from cfngen.review.model import Certainty, Kind, ResourceChange, Review, StackReview
from cfngen.review.ordering import in_order
from cfngen.review.pairs import TemplateSide, sections
from cfngen.review.reconcile_findings import finding_about
from cfngen.review.stack import Stack

REPLACED, UNEXPECTED, MISSING, OTHERWISE = "P102", "U107", "U106", "U108"
ACTIONS = {
    Kind.ADDED: "Add",
    Kind.REMOVED: "Remove",
    Kind.CHANGED: "Modify",
    Kind.AFFECTED: "Modify",
}
SYNC = "SyncWithActual"  # nothing happens to the resource, only CloudFormation's record changes


def reconciled(
    review: Review,
    base: Mapping[str, Source],
    head: Mapping[str, Source],
    change_sets: Mapping[str, ChangeSet],
    deployed: Mapping[str, DeployedStack],
) -> Review:
    """Return a review with what CloudFormation's change sets say otherwise.

    Args:
        review: of the same templates.
        base: the templates as they are deployed.
        head: the templates as they would be deployed.
        change_sets: by the name of the template that they are of.
        deployed: as for the review.
    """
    stacks = {stack.name: stack for stack in review.stacks}
    for name, change_set in change_sets.items():
        there = head.get(name) or base.get(name)
        shown = stacks.get(name) or StackReview(
            name, Kind.CHANGED, there.file if there and there.file else name
        )
        stack = _reconciled(shown, _Templates.of(name, base, head, deployed), change_set)
        if name in stacks or not stack.empty:
            stacks[name] = stack
    unchanged = review.unchanged - (len(stacks) - len(review.stacks))
    ordered = tuple(stacks[name] for name in sorted(stacks))
    return replace(review, stacks=ordered, unchanged=max(unchanged, 0))


@dataclass
class _Templates:
    """One template on both sides."""

    before: Stack
    after: Stack
    own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the logical IDs."""
        self.own = frozenset((*self.before.names, *self.after.names))

    @classmethod
    def of(
        cls,
        name: str,
        base: Mapping[str, Source],
        head: Mapping[str, Source],
        deployed: Mapping[str, DeployedStack],
    ) -> _Templates:
        """Return a template of a comparison; one that cannot be read has nothing in it."""
        sides = tuple(_side(name, side) for side in (base, head))
        running = {name: deployed[name]} if name in deployed else {}
        parts = with_values((sides[0], sides[1]), running)
        before, after = (
            Stack(side[name].sections, parameters=side[name].parameters) if side else Stack()
            for side in parts
        )
        return cls(before, after)

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


def _side(name: str, sources: Mapping[str, Source]) -> dict[str, TemplateSide]:
    try:
        return {name: TemplateSide(sources[name], sections(sources[name]))}
    except (KeyError, RenderError):
        return {}


def _reconciled(stack: StackReview, templates: _Templates, change_set: ChangeSet) -> StackReview:
    changes = {change.name: change for change in stack.resources}
    listed = {change.resource: change for change in change_set.changes}
    differences = []
    agreed = 0
    for name in dict.fromkeys((*changes, *listed)):
        differs = _difference(changes.get(name), listed.get(name), templates)
        differences += [differs] if differs else []
        agreed += differs is None and name in changes and name in listed
    places = FindingLocator(templates.before, templates.after, changes, ())
    findings = (
        places.located(finding_about(difference, changes.get(difference.resource)))
        for difference in differences
        if difference.code
    )
    return replace(
        stack,
        findings=tuple(in_order([*stack.findings, *findings], templates.before, templates.after)),
        reconciliation=Reconciliation(
            change_set.name, change_set.stack, agreed, tuple(differences)
        ),
    )


def _difference(
    change: ResourceChange | None, listed: ListedChange | None, templates: _Templates
) -> ChangeSetDifference | None:
    """Return how both differ about a resource; `None` if they do not."""
    if listed is None:
        return _not_mentioned(change, templates) if change else None
    if change is None:
        return _only_listed(listed, templates)
    if listed.action not in ("Dynamic", ACTIONS[change.kind]):
        in_place = ACTIONS[change.kind] == "Modify" and change.replacement is not Certainty.WILL
        code = "" if listed.action == SYNC and in_place else OTHERWISE
        return _about(listed, Difference.ACTION, code)
    return _replacement(change, listed) or _policy(change, listed, templates)


def _not_mentioned(change: ResourceChange, templates: _Templates) -> ChangeSetDifference | None:
    """Return a change that CloudFormation does not mention, unless it never mentions such."""
    if change.kind is Kind.AFFECTED and change.replacement is not Certainty.WILL:
        return None
    if change.kind is Kind.CHANGED and not change.properties and not change.type_before:
        return None  # attributes such as DependsOn: nothing of the resource changes
    code = MISSING if templates.is_certain(change) or change.kind is Kind.AFFECTED else ""
    return ChangeSetDifference(change.name, Difference.NOT_MENTIONED, code=code)


def _only_listed(listed: ListedChange, templates: _Templates) -> ChangeSetDifference:
    """Return what CloudFormation lists beyond the review.

    Nested stacks are always listed, since CloudFormation looks into them only later; so are values
    that are known only at deploy time, and what a macro makes.
    """
    code = _replacing(listed, Certainty.NO)
    if not code:
        usual = bool(listed.details) and all(
            detail.source == "Automatic"
            or detail.evaluation == "Dynamic"
            or detail.attribute == "Tags"
            for detail in listed.details
        )
        by_macro = templates.transformed and listed.resource not in templates.own
        code = "" if usual or by_macro or listed.action in ("Dynamic", SYNC) else UNEXPECTED
    return _about(listed, Difference.ONLY_LISTED, code)


def _is_usual(detail: ListedDetail) -> bool:
    """Whether CloudFormation lists such a detail whatever the templates say."""
    return (
        detail.source == "Automatic"
        or detail.evaluation == "Dynamic"
        or detail.attribute == "Tags"  # those of the stack are passed on to it
    )


def _replacement(change: ResourceChange, listed: ListedChange) -> ChangeSetDifference | None:
    certainty = change.replacement
    if not listed.replacement:
        return None
    if listed.replacement == "False":
        if certainty is Certainty.NO:
            return None
        code = OTHERWISE if certainty is Certainty.WILL else ""
        return _about(listed, Difference.REPLACEMENT, code)
    same = certainty is Certainty.WILL or (
        certainty is Certainty.MAY and listed.replacement == "Conditional"
    )
    return None if same else _about(listed, Difference.REPLACEMENT, _replacing(listed, certainty))


def _replacing(listed: ListedChange, certainty: Certainty) -> str:
    """Return the code for a replacement that a review does not have for certain."""
    if listed.replacement == "True":
        return REPLACED
    # Of a value that is known only at deploy time, CloudFormation never says that it is the same.
    guessed = all(detail.evaluation == "Dynamic" for detail in listed.recreating)
    doubtful = listed.replacement == "Conditional" and certainty is Certainty.NO and not guessed
    return REPLACED if doubtful else ""


def _policy(
    change: ResourceChange, listed: ListedChange, templates: _Templates
) -> ChangeSetDifference | None:
    stays = templates.stays(change)
    policy = listed.policy.removeprefix("ReplaceAnd")
    if stays is None or not policy or (policy in KEEPING_POLICIES) == stays:
        return None
    return _about(listed, Difference.POLICY, OTHERWISE)


def _about(listed: ListedChange, difference: Difference, code: str) -> ChangeSetDifference:
    details = listed.recreating or listed.details
    causes = dict.fromkeys(
        detail.cause if detail.source == "ParameterReference" and detail.cause else detail.name
        for detail in details
    )
    return ChangeSetDifference(
        listed.resource,
        difference,
        listed.action,
        listed.replacement,
        listed.policy,
        tuple(cause for cause in causes if cause),
        code,
    )
