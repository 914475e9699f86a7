"""A waiver of a finding: who accepts which change, why, and until when."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from cfngen.review.kinds import Side

WAIVERS_FILE = "cfngen-waivers.toml"  # beside the templates, or in a directory above them


class WaiverState(enum.StrEnum):
    """What a waiver is for the review at hand."""

    WAIVED = "waived"  # stands in base and matches a finding, which the gate then ignores
    ACCEPTED = "accepted"  # head adds it, and whoever runs the review accepts that
    PROPOSED = "proposed"  # head adds it, so it does not count yet
    EXPIRED = "expired"  # the finding that it waived counts again
    SPENT = "spent"  # base contains the change that it waived
    UNUSED = "unused"  # nothing of the review is what it waives


@dataclass(frozen=True)
class Waiver:
    """One entry of a waivers file, and what it is for the review at hand.

    Attributes:
        code: of the finding.
        template: the name that the review has for the template.
        resource: what the finding is about: a logical ID, or the name of a parameter or output.
        reason: why the change is accepted.
        owner: who answers for it.
        until: the last day on which it counts, as YYYY-MM-DD.
        change: the digest of what changes, of both its values.
        after: the digest of what base has once it contains the change; empty if nobody knows.
        side: where it stands: `base`, `head` or `both`.
        state: what it is for the review at hand.
    """

    code: str
    template: str
    resource: str
    reason: str
    owner: str
    until: str
    change: str
    after: str = ""
    side: Side = Side.BOTH
    state: WaiverState = WaiverState.UNUSED

    @property
    def counts(self) -> bool:
        """Whether the gate ignores the finding that it is about."""
        return self.state in (WaiverState.WAIVED, WaiverState.ACCEPTED)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it waives."""
        return self.code, self.template, self.resource, self.change

    @property
    def entry(self) -> Waiver:
        """The entry alone, wherever it stands."""
        return replace(self, side=Side.BOTH, state=WaiverState.UNUSED)
