"""What a rule of the review looks at: one template on both sides, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cfngen.review.exports import SideTemplates
from cfngen.review.model import EntryChange, Exposure, Kind, PermissionChange, ResourceChange
from cfngen.review.stack import Stack


@dataclass(frozen=True)
class Facts:
    """One template before and after, and what differs.

    `before` and `after` are empty stacks where there is no such template; `base` and `head` are all
    templates of both sides. Everything in them may come from a stranger.
    """

    name: str
    kind: Kind
    before: Stack
    after: Stack
    changes: Mapping[str, ResourceChange]
    entries: tuple[EntryChange, ...]
    permissions: tuple[PermissionChange, ...]
    exposures: tuple[Exposure, ...]
    base: SideTemplates
    head: SideTemplates
