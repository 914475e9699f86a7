"""What is told of permissions that a change broadens."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Effect, Extent, Kind, PermissionChange, PolicyKind
from cfngen.review.rule import Hit

MAX_ACTIONS = 6  # that a finding names; all of them stand with the permissions


def gains(facts: Facts, policy: PolicyKind) -> Iterator[Hit]:
    """Yield who may do more than before by the policies of one kind."""
    for change in facts.permissions if facts.kind is not Kind.REMOVED else ():
        if change.policy is policy and change.extent in (Extent.BROADENED, Extent.MIXED):
            message = _message(change)
            yield Hit(change.attached_to, message, Certainty.WILL, page="", policy=policy)


def _message(change: PermissionChange) -> str:
    """Return the first permission that is gained, and how many more there are."""
    if not change.gained:
        return f"{change.policy}: a limit was removed"
    first = change.gained[0]
    # A condition of the template is written with its word before it.
    start = " " if first.condition == first.when else " if "
    condition = f"{start}{first.condition}" if first.condition else ""
    who = "" if first.principal == change.attached_to else f"{first.principal} "
    verb = "may" if first.effect is Effect.ALLOW else "is no longer denied"
    more = len(change.gained) - 1
    rest = f", and {more} more" if more else ""
    actions = ", ".join(first.actions[:MAX_ACTIONS])
    if len(first.actions) > MAX_ACTIONS:
        actions += f" and {len(first.actions) - MAX_ACTIONS} more"
    return f"{who}{verb} {actions} on {first.resource}{condition}{rest}"
