"""What a rule looks at that is about a change set of CloudFormation's and a review of the same."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from cfngen.review.change_set import ChangeSetDifference
from cfngen.review.model import Certainty, Kind, ResourceChange

MAX_CAUSES = 3
VERBS = {
    "Add": "adds it",
    "Modify": "changes it",
    "Remove": "removes it",
    "Import": "imports it",
    "SyncWithActual": "leaves it as it is",
}


class Disagreement(enum.StrEnum):
    """In what a change set contradicts a review."""

    NONE = ""  # in nothing: CloudFormation only says more than the review can
    REPLACES = "replaces"  # a resource that the review does not replace
    LACKS = "lacks"  # a change
    ADDS = "adds"  # a change
    OTHERWISE = "otherwise"  # something else becomes of the resource


@dataclass(frozen=True)
class Dispute:
    """A resource about which both differ; `change` is what the review has of it."""

    difference: ChangeSetDifference
    disagreement: Disagreement
    change: ResourceChange | None

    @property
    def verb(self) -> str:
        """What CloudFormation does with the resource."""
        return VERBS.get(self.difference.action, f"lists it as {self.difference.action}")

    @property
    def because(self) -> str:
        """What CloudFormation names as the cause; empty if it names nothing."""
        causes = self.difference.causes
        if not causes:
            return ""
        more = f" and {len(causes) - MAX_CAUSES} more" if len(causes) > MAX_CAUSES else ""
        return f", because of {', '.join(causes[:MAX_CAUSES])}{more}"

    @property
    def ours(self) -> str:
        """What the review says of the resource."""
        change = self.change
        if change is None:
            return "nothing of it changes"
        if change.kind in (Kind.ADDED, Kind.REMOVED):
            return f"it is {change.kind}"
        if change.replacement is Certainty.NO:
            return "it is changed in place"
        return f"it {change.replacement} be replaced"


@dataclass(frozen=True)
class ChangeSetFacts:
    """Where a change set and the review of its template differ."""

    disputes: tuple[Dispute, ...] = ()

    def about(self, disagreement: Disagreement) -> Iterator[Dispute]:
        """Yield the disputes of one kind."""
        return (dispute for dispute in self.disputes if dispute.disagreement is disagreement)
