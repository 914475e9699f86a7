"""Reasons in words: what a schema's keyword says, with the keyword and AWS's page beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cfngen.review.formats.columns import visible
from cfngen.review.model import (
    Certainty,
    Detail,
    EntryChange,
    Finding,
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
SAID = {
    "createOnlyProperties": "{} cannot change in place",
    "conditionalCreateOnlyProperties": "{} can change in place only sometimes",
    "primaryIdentifier": "{} is what the resource is known by",
    "refuses": "{} cannot change once the resource exists",
}
APART = "; "  # between several reasons of one finding


@dataclass(frozen=True)
class Reason:
    """Why a verdict is as it is: words, and a page of AWS's documentation; either may be empty."""

    words: str
    page: str = ""

    @property
    def title(self) -> str:
        """The last part of the page's address."""
        return self.page.rpartition("/")[2].removesuffix(".html")


def reasons(because: str) -> list[Reason]:
    """Return the reasons of a finding, the raw one in brackets where there are better words."""
    parts = because.split(APART)
    if not all(map(SCHEMA.fullmatch, parts)):
        parts = [because] if because else []
    return list(dict.fromkeys(map(_reason, parts)))


def _reason(because: str) -> Reason:
    found = PAGE.fullmatch(because)
    words, page = (found[1].rstrip(": "), found[2]) if found else (because, "")
    known = SCHEMA.fullmatch(words)
    if known:
        path = known[3].replace("/*", "[]").replace("/", ".")
        said = SAID.get(known[2] or "", "a change of {} is more than one in place")
        words = f"{said.format(path)} ({words})"
    return Reason(visible(words), page)


def told_reasons(stack: StackReview) -> frozenset[str]:
    """Return the reasons that a template's findings give, which details need not repeat."""
    given = (finding.because for finding in stack.findings)
    return frozenset(part for because in given for part in (because, *because.split(APART)))


def own_reasons(change: ResourceChange, told: frozenset[str]) -> list[Reason]:
    """Return the reasons for what happens to a resource that nothing else gives."""
    given = {detail.because for detail in (*change.properties, *change.attributes)} | told
    left = [because for because in change.because if because not in given]
    return [reason for because in left for reason in reasons(because)]


def remarks(detail: Detail, told: frozenset[str] = frozenset()) -> list[str]:
    """Return what there is to say of a detail beside its values."""
    words = {Certainty.WILL: "replaces it", Certainty.MAY: "may replace it", Certainty.NO: ""}
    why = [] if detail.because in told else reasons(detail.because)
    said = [words[detail.replacement], *(_written(reason) for reason in why), visible(detail.note)]
    return [part for part in said if part]


def entry_note(entry: EntryChange) -> str:
    """Return what is said of an entry, unless each of its details says the same."""
    notes = {detail.note for detail in entry.details}
    return "" if notes == {entry.note} else visible(entry.note)


def _written(reason: Reason) -> str:
    return ": ".join(part for part in (reason.words, reason.page) if part)


def pages(findings: Iterable[Finding]) -> dict[str, int]:
    """Return a number for each page that findings rest on, in their order."""
    every = (reason.page for finding in findings for reason in reasons(finding.because))
    return {page: number for number, page in enumerate(dict.fromkeys(filter(None, every)), 1)}
