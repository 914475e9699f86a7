"""Reasons as phrases: what a keyword of a schema means, with the keyword and its page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cfngen.cloudformation.evidence import Evidence
from cfngen.review.model import (
    Certainty,
    Detail,
    EntryChange,
    ResourceChange,
    StackReview,
)

# Only pages of AWS's own become links, and only where nothing but a path follows.
PAGE = re.compile(r"https://docs\.aws\.amazon\.com/[A-Za-z0-9./_-]+\.html")
SCHEMA_PHRASES = {
    "createOnlyProperties": "{} cannot be changed in place",
    "conditionalCreateOnlyProperties": "{} can only sometimes be changed in place",
    "primaryIdentifier": "{} identifies the resource",
    "refuses": "{} cannot be changed once the resource exists",
}
ANY_CHANGE = "a change to {} is not made in place"  # of what a page says, and not the schema
NO_SCHEMA = "there is no schema of {} that says whether this replaces the resource"


@dataclass(frozen=True)
class Reason:
    """The reason for a verdict: a phrase and a page of the AWS documentation, if any."""

    text: str
    page: str = ""

    @property
    def title(self) -> str:
        """The last part of the page's address."""
        return self.page.rpartition("/")[2].removesuffix(".html")


def reasons(given: Iterable[Evidence]) -> list[Reason]:
    """Return the reasons of a finding as phrases, each once."""
    return list(dict.fromkeys(map(_reason, given)))


def _reason(given: Evidence) -> Reason:
    parts = [_phrase(given)]
    linked = PAGE.fullmatch(given.page) is not None
    if not linked:
        parts.append(given.page)
    return Reason(": ".join(filter(None, parts)), given.page if linked else "")


def _phrase(given: Evidence) -> str:
    """Return what the keyword of a schema means, with where it stands."""
    if not given.pointer:
        return NO_SCHEMA.format(given.type) if given.type else ""
    name = given.pointer.removeprefix("/properties/").replace("/*", "[]").replace("/", ".")
    phrase = SCHEMA_PHRASES.get(given.keyword, ANY_CHANGE).format(name)
    return f"{phrase} ({' '.join(filter(None, (given.type, given.keyword, given.pointer)))})"


def reported_reasons(stack: StackReview) -> frozenset[Evidence]:
    """Return the reasons that a template's findings give, which details need not repeat."""
    return frozenset(reason for finding in stack.findings for reason in finding.reasons)


def unreported_reasons(change: ResourceChange, reported: frozenset[Evidence]) -> list[Reason]:
    """Return the reasons of a resource change that neither details nor findings give."""
    details = {detail.reason for detail in (*change.properties, *change.attributes)}
    return reasons(r for r in change.reasons if r not in details and r not in reported)


def detail_notes(detail: Detail, reported: frozenset[Evidence] = frozenset()) -> list[str]:
    """Return the notes on a detail beside its values."""
    phrases = {Certainty.WILL: "replaces it", Certainty.MAY: "may replace it", Certainty.NO: ""}
    is_shown = detail.reason and detail.reason not in reported
    shown_reasons = reasons([detail.reason]) if detail.reason and is_shown else []
    notes = [
        phrases[detail.replacement],
        *(_with_page(reason) for reason in shown_reasons),
        detail.note,
    ]
    return [part for part in notes if part]


def entry_note(entry: EntryChange) -> str:
    """Return the note on an entry; empty if each of its details has the same."""
    notes = {detail.note for detail in entry.details}
    return "" if notes == {entry.note} else entry.note


def _with_page(reason: Reason) -> str:
    return ": ".join(part for part in (reason.text, reason.page) if part)
