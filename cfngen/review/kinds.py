"""What the facts of a review are of: fates, policies, effects, sides."""

from __future__ import annotations

import enum


class Side(enum.StrEnum):
    """Which of the two sides something belongs to."""

    BASE = "base"
    HEAD = "head"
    BOTH = "both"


class Fate(enum.StrEnum):
    """What becomes of a resource that leaves its template."""

    NONE = ""  # it does not leave
    DELETED = "deleted"
    RETAINED = "retained"  # outside of the stack
    SNAPSHOT = "snapshot"  # deleted, and a snapshot of it is kept
    LEFT_BEHIND = "left behind"  # if it holds something, its deletion fails
    UNKNOWN = "unknown"  # a deployment decides its DeletionPolicy


class PolicyKind(enum.StrEnum):
    """What a policy is about."""

    NONE = ""
    PERMISSIONS = "permissions"  # what a role, user or group may do
    TRUST = "trust"  # who may assume a role
    RESOURCE = "resource"  # who may use a resource
    BOUNDARY = "boundary"  # what a role may do at most


class Effect(enum.StrEnum):
    """What a statement of a policy does."""

    ALLOW = "Allow"
    DENY = "Deny"
