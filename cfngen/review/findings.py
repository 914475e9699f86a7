"""What is replaced and what is broadened, as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfngen.review.model import (
    Certainty,
    Concern,
    Exposure,
    Extent,
    Finding,
    PowerChange,
    ResourceChange,
)
from cfngen.review.stack import Stack

MOST_ACTIONS = 6  # that a finding names; all of them stand with the permissions


def replacements(after: Stack, changes: dict[str, ResourceChange]) -> Iterator[Finding]:
    """Yield the resources that will or may be replaced; not those that are only revised."""
    for change in changes.values():
        resource = after.resource(change.name)
        if change.replacement is Certainty.NO or resource is None or resource.schema.revised:
            continue
        causes = [d for d in change.properties if d.replacement is change.replacement]
        paths = ", ".join(dict.fromkeys(d.path for d in causes))
        first = " (deleted before the new one is made)" if resource.schema.deletes_first else ""
        why = f"{causes[0].note or 'changes'}" if causes else ""
        message = f"{change.replacement} be replaced{first}: {paths} {why}".rstrip()
        yield Finding(
            Concern.REPLACE,
            change.replacement,
            change.name,
            message,
            "; ".join(change.because),
            path=causes[0].path if causes else "",
        )


def broadened(rights: Iterable[PowerChange], ways: Iterable[Exposure]) -> Iterator[Finding]:
    """Yield who may do more than before, and what is open now that was not."""
    for power in rights:
        if power.extent in (Extent.BROADENED, Extent.MIXED):
            yield Finding(Concern.BROADEN, Certainty.WILL, power.holder, _gain(power))
    for way in ways:
        if way.opened:
            yield Finding(Concern.BROADEN, Certainty.WILL, way.resource, way.what)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by concern, then in the order of the template; each of them once."""
    place = {concern: number for number, concern in enumerate(Concern)}
    return sorted(dict.fromkeys(findings), key=lambda finding: place[finding.concern])


def _gain(power: PowerChange) -> str:
    """Return the first of what is gained, and how much more there is."""
    if not power.gained:
        return f"{power.policy}: a limit is gone"
    first = power.gained[0]
    said = first.condition.startswith(("if ", "unless "))  # a condition of the template
    condition = f"{' ' if said else ' if '}{first.condition}" if first.condition else ""
    who = "" if first.who == power.holder else f"{first.who} "
    verb = "may" if first.effect == "Allow" else "is no longer kept from"
    more = len(power.gained) - 1
    rest = f", and {more} more" if more else ""
    actions = ", ".join(first.actions[:MOST_ACTIONS])
    if len(first.actions) > MOST_ACTIONS:
        actions += f" and {len(first.actions) - MOST_ACTIONS} more"
    return f"{who}{verb} {actions} on {first.on}{condition}{rest}"
