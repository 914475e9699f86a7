"""A review as one document of blocks, which each format that people read walks.

No text in it is escaped, and none is to be trusted: a name, a message, even a verdict may carry
what a stranger wrote in a template. A format is written in a type of its own, such as `Html`, that
only its literals and its escaping make, so that mypy finds a text that was not escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.diagram import Picture, picture
from cfngen.review.formats.document_details import Details
from cfngen.review.formats.findings import OPENED, GroupedFinding, by_gravity, grouped_findings
from cfngen.review.formats.phrases import (
    LEGEND,
    construct_of,
    finding_place,
    in_base,
    legend,
    origin_place,
    signs,
)
from cfngen.review.formats.reasons import Reason, reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.verdict import comparison, gravity, summary, tally, verdict
from cfngen.review.formats.waivers import digest_phrase, waiver_phrases
from cfngen.review.model import Concern, Kind, Review, StackReview


@dataclass(frozen=True)
class Place:
    """Where a finding is."""

    template: str
    file: str
    line: str  # the file, and the line in it
    side: str  # which side's line it is, with a space before it, if it is not head's
    origin: str  # the blueprint's file and line, if it is known
    construct: str  # of the CDK


@dataclass(frozen=True)
class FindingBlock:
    """One finding, with all places of the same one."""

    label: str
    concern: Concern
    is_grave: bool
    code: str
    title: str  # what the code means
    subject: str
    message: str
    reasons: tuple[Reason, ...]
    waiver: str
    places: tuple[Place, ...]

    @property
    def templates(self) -> tuple[str, ...]:
        """The names of the templates that it is about."""
        return tuple(dict.fromkeys(place.template for place in self.places if place.template))


@dataclass(frozen=True)
class Tally:
    """How many subjects a concern certainly has, and how many more it may have."""

    concern: Concern
    will: int
    may: int


@dataclass(frozen=True)
class Sign:
    """How many resources have a sign."""

    mark: str
    number: int
    meaning: str

    def __str__(self) -> str:
        """Return it as `~3`."""
        return f"{self.mark}{self.number}"


@dataclass(frozen=True)
class TemplateBlock:
    """One template; what changes in it is made when it is asked for."""

    name: str
    kind: Kind
    file: str
    notes: tuple[str, ...]
    is_quiet: bool  # it has neither findings nor notes
    is_whole: bool  # nothing is left out of its details
    source: StackReview = field(repr=False)

    @cached_property
    def summary(self) -> str:
        """What happens to it, in one line without its name."""
        return summary(self.source)

    @cached_property
    def signs(self) -> list[Sign]:
        """How many of its resources are removed, added, changed and so on."""
        return [Sign(mark, number, LEGEND[mark]) for mark, number in signs(self.source)]

    @property
    def tallies(self) -> list[Tally]:
        """How many of its resources each concern has."""
        return _tallies([self.source])

    @property
    def facts(self) -> list[str]:
        """A few facts about a template that is new or removed, or has a change set."""
        return facts(self.source)

    @property
    def picture(self) -> Picture | None:
        """The diagram of what changes in it; of one that is new or removed there is none."""
        return picture([self.source]) if self.kind is Kind.CHANGED else None

    @property
    def details(self) -> Details:
        """What changes in it: all of it, or of a new or removed one the parts worth showing."""
        return Details(self.kind, self.source if self.is_whole else condensed(self.source))


@dataclass(frozen=True)
class Document:
    """A review: what was compared, the verdict, the findings, then the templates, gravest first."""

    base: str
    head: str
    verdict: str
    gravity: str  # `grave`, `careful` or `calm`
    scope: list[str]
    waivers: list[str]
    digest: str
    findings: list[FindingBlock]
    templates: list[TemplateBlock]
    source: Review = field(repr=False)

    @property
    def tallies(self) -> list[Tally]:
        """How many resources each concern has, in all templates."""
        return _tallies([*self.source.stacks, comparison(self.source.unknowns)])

    @property
    def opened(self) -> tuple[int, str]:
        """How many findings are about a way in from the internet, and their label."""
        return sum(finding.label == OPENED for finding in self.findings), OPENED

    @property
    def picture(self) -> Picture:
        """The diagram of what changes in all templates."""
        return picture([template.source for template in self.templates])


def document(review: Review, *, whole: bool = False) -> Document:
    """Return a review as a document; `whole` leaves nothing out of new and removed templates."""
    titles = {rule.code: rule.title for rule in review.rules}
    return Document(
        review.base,
        review.head,
        verdict(review),
        gravity(review.findings),
        scope(review),
        waiver_phrases(review),
        digest_phrase(review),
        [
            _finding(group, titles, review.base)
            for group in grouped_findings(review.stacks, review.unknowns)
        ],
        [_template(stack, is_whole=whole) for stack in by_gravity(review.stacks)],
        review,
    )


def signs_legend(templates: Sequence[TemplateBlock]) -> str:
    """Return what the signs mean that are used for some templates."""
    return legend([template.source for template in templates])


def _template(stack: StackReview, *, is_whole: bool) -> TemplateBlock:
    is_quiet = not (stack.findings or stack.notes)
    return TemplateBlock(stack.name, stack.kind, stack.file, stack.notes, is_quiet, is_whole, stack)


def _finding(group: GroupedFinding, titles: dict[str, str], base: str) -> FindingBlock:
    places = tuple(
        Place(
            stack.name,
            stack.file,
            finding_place(finding, stack),
            in_base(finding, base),
            origin_place(finding.origin) if finding.origin else "",
            construct_of(finding),
        )
        for stack, finding in group.places
    )
    finding = group.finding
    return FindingBlock(
        group.label,
        finding.concern,
        group.is_grave,
        finding.code,
        titles.get(finding.code, ""),
        group.subject,
        group.message,
        tuple(reasons(finding.reasons)),
        group.waiver,
        places,
    )


def _tallies(stacks: Sequence[StackReview]) -> list[Tally]:
    return [Tally(concern, *tally(stacks, concern)) for concern in Concern]
