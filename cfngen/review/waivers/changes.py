"""The digest of a change that a waiver is about: both values, and what the review makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.review.model import Concern, Finding, StackReview
from cfngen.review.waivers.bodies import Bodies, Body, Entry
from cfngen.review.waivers.canonical import digest

Key = tuple[str, str, str]  # a code, a section and a name in it
Facts = dict[object, list[Any]]


def can_be_waived(finding: Finding) -> bool:
    """Whether a waiver may be about a finding: nobody sees what changes in what is unknown."""
    return bool(finding.code) and finding.concern is not Concern.UNKNOWN


@dataclass
class Changes:
    """What changes between two sides, as digests."""

    base: Mapping[str, str | Source]
    head: Mapping[str, str | Source]
    bodies: tuple[Bodies, Bodies] = field(init=False)
    digests: dict[tuple[str, Key], str] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    changed: dict[str, _Changed] = field(default_factory=dict)
    present: dict[tuple[str, Entry], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing parsed."""
        self.bodies = Bodies(self.base), Bodies(self.head)

    def digest(self, stack: StackReview, finding: Finding) -> str:
        """Return the digest of the change that a finding is about.

        It covers both values of the entry, of the resources that mention it and of all that they
        rest on, where these differ; the facts of the finding, and of others of its kind; and what
        the review shows of the resource, such as each permission that is gained. So a change that
        grows has another digest, and one that is only worded otherwise has not.
        """
        kind = _kind(finding)
        if (stack.name, kind) not in self.digests:
            facts = self._facts_of(stack)
            self.digests[stack.name, kind] = digest(
                {
                    "template": [stack.name, stack.kind],
                    "kind": kind,
                    "findings": facts.get(kind, []),
                    "resource": facts.get(finding.subject, []),
                    "entries": facts.get((finding.section, finding.subject), []),
                    "values": self._values(stack.name, (finding.section, finding.subject)),
                }
            )
        return self.digests[stack.name, kind]

    def is_seen(self, name: str) -> bool:
        """Whether a template's text is at hand: without it there is no value to be waived."""
        return any(side.of(name) is not None for side in self.bodies)

    def after(self, stack: StackReview, finding: Finding) -> str:
        """Return the digest of what base will have once it contains the change.

        It is empty where that would be no different from what base has now.
        """
        subject = finding.section, finding.subject
        then = contained(self.bodies[1].of(stack.name), subject)
        return "" if self.in_base(stack.name, subject) == then else then

    def in_base(self, template: str, subject: Entry) -> str:
        """Return the digest of what base has; empty where nobody can read it."""
        if (template, subject) not in self.present:
            base = self.bodies[0]
            body = base.of(template)
            value = contained(body, subject) if base.is_readable(template) else ""
            self.present[template, subject] = value
        return self.present[template, subject]

    def _facts_of(self, stack: StackReview) -> Facts:
        """Return the facts of a template's review by what they are about, collected once."""
        if stack.name not in self.facts:
            about: Facts = {}
            for finding in stack.findings:
                about.setdefault(_kind(finding), []).append(finding)
            for change in stack.resources:
                about.setdefault(change.name, []).append(change)
            for permission in stack.permissions:
                about.setdefault(permission.attached_to, []).append(permission)
            for exposure in stack.exposures:
                about.setdefault(exposure.resource, []).append(exposure)
            for entry in stack.entries:
                about.setdefault((entry.section, entry.name), []).append(entry)
            self.facts[stack.name] = about
        return self.facts[stack.name]

    def _values(self, name: str, subject: Entry) -> list[Any]:
        """Return both values of what a finding is about, and of what it rests on and changes."""
        bodies = [body for side in self.bodies if (body := side.of(name)) is not None]
        if name not in self.changed:
            self.changed[name] = _Changed(bodies)
        changed = self.changed[name]
        related = [body.related(subject) for body in bodies]
        rest: Any = changed.digest
        if None not in related:
            union = sorted({entry for some in related for entry in some or ()})
            rest = [
                [*entry, *changed.entries[entry]] for entry in union if entry in changed.entries
            ]
        sides = [side.of(name) is not None for side in self.bodies]
        return [sides, [body.digest(subject) for body in bodies], rest]


class _Changed:
    """The entries of a template that are not the same on both sides, as digests."""

    def __init__(self, bodies: list[Body]) -> None:
        both = {
            entry: [body.digest(entry) for body in bodies]
            for entry in {entry for body in bodies for entry in body.entries}
        }
        self.entries = {
            entry: values
            for entry, values in both.items()
            if len(bodies) < 2 or values[0] != values[1]
        }
        self.digest = digest(self.entries)


def contained(body: Body | None, subject: tuple[str, str]) -> str:
    """Return the digest of what a template has for a resource, and of what mentions that."""
    if body is None:
        return digest("no template")
    if subject not in body.entries:
        return digest(["absent", *subject])
    return digest([body.digest(entry) for entry in (subject, *body.referrers(subject))])


def _kind(finding: Finding) -> Key:
    return finding.code, finding.section, finding.subject
