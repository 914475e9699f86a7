"""What is said of waivers and of the review's digest, the same in every format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cfngen.escaping import escape_controls
from cfngen.plurals import counted
from cfngen.review.model import Finding, Review, Waiver, WaiverState

MAX_NAMED = 20  # waivers of one state that have a line each
STATUS = {WaiverState.WAIVED: "accepted", WaiverState.ACCEPTED: "accepted"}


def waiver_phrases(review: Review) -> list[str]:
    """Return what a reader has to know of the waivers, those that head adds first."""
    endings = {
        WaiverState.PROPOSED: f"does not count until it stands in {review.base}, or somebody"
        " accepts it with --accept-new-waivers or --expect",
        WaiverState.ACCEPTED: "is new, and accepted in this run",
        WaiverState.EXPIRED: "has expired, so that what it waived counts again",
        WaiverState.SPENT: f"is spent, since {review.base} contains the change;"
        " `cfngen waivers prune` removes it",
    }
    phrases: list[str] = []
    for state, ending in endings.items():
        some = [waiver for waiver in review.waivers if waiver.state is state]
        about = _with_terms if state is not WaiverState.SPENT else _name
        phrases += [f"{state} waiver: {about(w)}; it {ending}" for w in some[:MAX_NAMED]]
        if len(some) > MAX_NAMED:
            phrases.append(f"and {counted(len(some) - MAX_NAMED, f'more {state} waiver')}")
    if waived := sum(finding.is_waived for finding in review.findings):
        phrases.append(f"{counted(waived, 'finding')} waived")
    unused = [waiver for waiver in review.waivers if waiver.state is WaiverState.UNUSED]
    if unused:
        verb = "matches" if len(unused) == 1 else "match"
        names = f"({_names(unused)})"
        phrases.append(f"{counted(len(unused), 'waiver')} {verb} no finding here {names}")
    return phrases


def digest_phrase(review: Review) -> str:
    """Return the digest of a review with its date; empty for a review that has none."""
    return f"review digest {review.digest}, as of {review.date}" if review.digest else ""


def finding_waiver(finding: Finding) -> str:
    """Return what is said of a finding's waiver, where the finding is; empty without one."""
    waiver = finding.waiver
    if waiver is None:
        return ""
    openings = {
        WaiverState.PROPOSED: "not waived yet: proposed, until",
        WaiverState.ACCEPTED: "waived by a new waiver until",
        WaiverState.EXPIRED: "no longer waived, since",
    }
    return f"{openings.get(waiver.state, 'waived until')} {_terms(waiver)}"


def suppression(waiver: Waiver) -> dict[str, Any]:
    """Return the SARIF property of a result that has a waiver; nothing for one that expired."""
    if waiver.state is WaiverState.EXPIRED:
        return {}
    return {
        "suppressions": [
            {
                "kind": "external",
                "status": STATUS.get(waiver.state, "underReview"),
                "justification": escape_controls(waiver.reason),
                "properties": {"owner": escape_controls(waiver.owner), "until": waiver.until},
            }
        ]
    }


def _with_terms(waiver: Waiver) -> str:
    return f"{_name(waiver)} until {_terms(waiver)}"


def _terms(waiver: Waiver) -> str:
    return f"{waiver.until} by {waiver.owner}: {waiver.reason}"


def _name(waiver: Waiver) -> str:
    return f"{waiver.code} of {waiver.template}/{waiver.resource}"


def _names(waivers: Sequence[Waiver]) -> str:
    more = f" and {len(waivers) - 5} more" if len(waivers) > 5 else ""
    return ", ".join(map(_name, waivers[:5])) + more
