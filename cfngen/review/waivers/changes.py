"""The digest of a change that a waiver is about: both values, and what the review makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.review.model import Concern, Finding, StackReview
from cfngen.review.waivers.bodies import Bodies, Body
from cfngen.review.waivers.canonical import digest


def code_of(finding: Finding) -> str:
    """Return the code of a finding."""
    return finding.concern.value


def known_codes() -> frozenset[str]:
    """Return all codes that a finding may have and that can be waived."""
    return frozenset(concern.value for concern in Concern if concern is not Concern.UNKNOWN)


@dataclass
class Changes:
    """What changes between two sides, as digests."""

    base: Mapping[str, str | Source]
    head: Mapping[str, str | Source]
    bodies: tuple[Bodies, Bodies] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing parsed."""
        self.bodies = Bodies(self.base), Bodies(self.head)

    def digest(self, stack: StackReview, finding: Finding) -> str:
        """Return the digest of the change that a finding is about.

        It covers both values of the entry, of the resources that mention it and of all that they
        rest on, where these differ; the facts of the finding; how many of the kind there are; and
        what the review shows of the resource, such as each permission that is gained. So a change
        that grows has another digest, and one that is only worded otherwise has not.
        """
        subject, name = (finding.section, finding.subject), finding.subject
        before, after = (side.of(stack.name) for side in self.bodies)
        alike = [other for other in stack.findings if _kind(other) == _kind(finding)]
        return digest(
            {
                "template": [stack.name, stack.kind],
                "findings": [code_of(finding), alike],
                "resources": [change for change in stack.resources if change.name == name],
                "entries": [e for e in stack.entries if (e.section, e.name) == subject],
                "permissions": [p for p in stack.permissions if p.attached_to == name],
                "exposures": [e for e in stack.exposures if e.resource == name],
                "values": _values(subject, before, after),
            }
        )

    def after(self, stack: StackReview, finding: Finding) -> str:
        """Return the digest of what base will have once it contains the change.

        It is empty where that would be no different from what base has now.
        """
        subject = finding.section, finding.subject
        before, after = (side.of(stack.name) for side in self.bodies)
        now, then = contained(before, subject), contained(after, subject)
        return "" if now == then else then


def contained(body: Body | None, subject: tuple[str, str]) -> str:
    """Return the digest of what a template has for a resource, and of what mentions that."""
    if body is None:
        return digest("no template")
    if subject not in body.entries:
        return digest(["absent", *subject])
    return digest([body.entries[entry] for entry in (subject, *sorted(body.referrers(subject)))])


def _kind(finding: Finding) -> tuple[str, str, str]:
    return code_of(finding), finding.section, finding.subject


def _values(subject: tuple[str, str], before: Body | None, after: Body | None) -> list[Any]:
    sides = [body for body in (before, after) if body is not None]
    related = {subject}.union(*(body.related(subject) for body in sides))
    values = []
    for entry in sorted(related):
        both = [[side.entries[entry]] if entry in side.entries else [] for side in sides]
        if entry == subject or len(both) < 2 or digest(both[0]) != digest(both[1]):
            values.append([*entry, before is not None, after is not None, both])
    return values
