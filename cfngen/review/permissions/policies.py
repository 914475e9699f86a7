"""A policy, and what it is attached to."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.alternatives import ALWAYS, Condition
from cfngen.review.permissions.statements import Statement, described_statement, statements

Key = tuple[str, str]


@dataclass(frozen=True)
class Policy:
    """One policy of a principal or resource; `source` is the logical ID of where it is written.

    Where it is attached to nothing in the template it is `unattached`, and stands for itself. What
    it is about is known all the same, by its name: `principal` of a role, user or group, `about`
    of what a resource policy protects. It is the same there whatever its own logical ID is.
    """

    attached_to: str
    kind: str  # as `PowerChange.policy`
    source: str
    body: Any = field(repr=False)
    condition: Condition = ALWAYS
    unattached: bool = False
    itself: str = ""  # what `*` means for it
    description: str = ""  # what it allows, where its contents are not in the template
    principal: AnyText = ""
    about: str = ""

    @property
    def text(self) -> str:
        """A text that is the same for policies that are written alike, in like places."""
        when = sorted(entry.description for entry in self.condition)
        inline = self.source == self.attached_to
        return canonical([inline, self.principal, self.description, self.body, when])

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements."""
        principal = shown(self.principal) or self.attached_to
        if self.description:
            return (described_statement(self.description, principal, self.condition),)
        return statements(self.body, principal, self.condition)


class Sides(NamedTuple):
    """The policies of one thing before and after a change.

    `outside` are, of either side, policies with other logical IDs about the same things outside of
    the template: what those allow is neither gained nor lost.
    """

    old: list[Policy]
    new: list[Policy]
    outside: tuple[list[Policy], list[Policy]]
