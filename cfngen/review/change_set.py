"""A change set of CloudFormation's as plain values, and how a review differs from it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True)
class ListedDetail:
    """Why a change set lists a resource; the words are CloudFormation's.

    `name` is a property; `cause` is what has changed, such as a parameter.
    """

    attribute: str = "Properties"
    name: str = ""
    recreation: str = "Never"  # Conditionally, or Always
    evaluation: str = "Static"  # or Dynamic: the value is known only at deploy time
    source: str = ""  # such as DirectModification, ParameterReference or Automatic
    cause: str = ""


@dataclass(frozen=True)
class ListedChange:
    """One resource of a change set; the words are CloudFormation's."""

    resource: str
    action: str  # Add, Modify, Remove, Import, Dynamic or SyncWithActual
    replacement: str = ""  # True, False or Conditional; nothing unless it is modified
    policy: str = ""  # such as Retain or ReplaceAndDelete
    details: tuple[ListedDetail, ...] = ()

    @property
    def recreating(self) -> tuple[ListedDetail, ...]:
        """The details that may replace it."""
        return tuple(detail for detail in self.details if detail.recreation != "Never")


@dataclass(frozen=True)
class ChangeSet:
    """A change set of one stack, each resource once."""

    name: str
    stack: str
    changes: tuple[ListedChange, ...] = ()


class Difference(enum.StrEnum):
    """How a change set and a review differ about a resource."""

    NOT_MENTIONED = "not mentioned"  # by CloudFormation
    ONLY_LISTED = "only listed"  # by CloudFormation: between the templates nothing changes
    ACTION = "action"
    REPLACEMENT = "replacement"
    POLICY = "policy"  # what becomes of the resource that is removed or replaced


@dataclass(frozen=True)
class ChangeSetDifference:
    """One resource about which they differ.

    `action`, `replacement` and `policy` are CloudFormation's words, empty where it has none;
    `causes` are properties or parameters that it names. `code` is that of the finding about it;
    without one it is what CloudFormation says beyond the review, and no disagreement.
    """

    resource: str
    difference: Difference
    action: str = ""
    replacement: str = ""
    policy: str = ""
    causes: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Reconciliation:
    """What a review and a change set have in common; `agreed` is a number of resources."""

    change_set: str
    stack: str
    agreed: int = 0
    differences: tuple[ChangeSetDifference, ...] = ()
