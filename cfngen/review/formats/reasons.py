"""Reasons as phrases: what a keyword of a schema means, with the keyword and its page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cfngen.review.model import (
    Certainty,
    Detail,
    EntryChange,
    ResourceChange,
    StackReview,
)

# Only pages of AWS's own become links, and only where nothing but a path follows.
PAGE = re.compile(r"(.*?)(https://docs\.aws\.amazon\.com/[A-Za-z0-9./_-]+\.html)")
# As `cfngen.cloudformation.schemas` writes it.
SCHEMA = re.compile(
    r"((?:\w+::)+\w+ (?:(\w+Properties|primaryIdentifier|refuses) )?/properties/([\w/*.-]+))"
    r"(?:: (\S+))?"
)
SCHEMA_PHRASES = {
    "createOnlyProperties": "{} cannot be changed in place",
    "conditionalCreateOnlyProperties": "{} can only sometimes be changed in place",
    "primaryIdentifier": "{} identifies the resource",
    "refuses": "{} cannot be changed once the resource exists",
}
SEPARATOR = "; "  # between several reasons of one finding


@dataclass(frozen=True)
class Reason:
    """The reason for a verdict: a phrase and a page of the AWS documentation, if any."""

    text: str
    page: str = ""

    @property
    def title(self) -> str:
        """The last part of the page's address."""
        return self.page.rpartition("/")[2].removesuffix(".html")


def reasons(reason: str) -> list[Reason]:
    """Return the reasons of a finding; raw schema paths get a phrase before them."""
    parts = reason.split(SEPARATOR)
    if not all(map(SCHEMA.fullmatch, parts)):
        parts = [reason] if reason else []
    return list(dict.fromkeys(map(_reason, parts)))


def _reason(reason: str) -> Reason:
    match = PAGE.fullmatch(reason)
    text, page = (match[1].rstrip(": "), match[2]) if match else (reason, "")
    schema_match = SCHEMA.fullmatch(text)
    if schema_match:
        path = schema_match[3].replace("/*", "[]").replace("/", ".")
        phrase = SCHEMA_PHRASES.get(schema_match[2] or "", "a change to {} is not made in place")
        text = f"{phrase.format(path)} ({text})"
    return Reason(text, page)


def reported_reasons(stack: StackReview) -> frozenset[str]:
    """Return the reasons that a template's findings give, which details need not repeat."""
    given = (finding.reason for finding in stack.findings)
    return frozenset(part for reason in given for part in (reason, *reason.split(SEPARATOR)))


def unreported_reasons(change: ResourceChange, reported: frozenset[str]) -> list[Reason]:
    """Return the reasons of a resource change that neither details nor findings give."""
    detail_reasons = {
        detail.reason for detail in (*change.properties, *change.attributes)
    } | reported
    left = [reason for reason in change.reasons if reason not in detail_reasons]
    return [reason for because in left for reason in reasons(because)]


def detail_notes(detail: Detail, reported: frozenset[str] = frozenset()) -> list[str]:
    """Return the notes on a detail beside its values."""
    phrases = {Certainty.WILL: "replaces it", Certainty.MAY: "may replace it", Certainty.NO: ""}
    shown_reasons = [] if detail.reason in reported else reasons(detail.reason)
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
