"""What changes in one template, as blocks of a `Document`; its texts are as hostile as there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from cfngen.cloudformation.evidence import Evidence
from cfngen.review.formats.columns import one_line_value
from cfngen.review.formats.findings import is_fully_reported, unreported_exposures
from cfngen.review.formats.phrases import (
    construct_of,
    entries_by_section,
    grant_lines,
    origin_place,
    outcome,
    payload_title,
    permission_phrase,
    sign,
)
from cfngen.review.formats.reasons import (
    Reason,
    detail_notes,
    entry_note,
    reported_reasons,
    unreported_reasons,
)
from cfngen.review.formats.sides import Items, difference, is_long, is_same, items
from cfngen.review.model import (
    MISSING,
    Certainty,
    Detail,
    EntryChange,
    Exposure,
    Extent,
    Kind,
    PermissionChange,
    ResourceChange,
    StackReview,
)

MANY = 1000  # actions of a grant: all that any has


@dataclass(frozen=True)
class Row:
    """One property that is different, or that refers to what is.

    Its two values are `items` if they are lists of plain values, else `before` and `after`, each
    on one line, or both as lines of a diff.
    """

    path: str
    replacement: Certainty
    notes: str
    payload: str  # the title of the payload that shows the change instead
    is_same: bool  # the text is; what it refers to is not
    items: Items | None
    source: Detail = field(repr=False)

    @cached_property
    def is_long(self) -> bool:
        """Whether the values need lines of their own."""
        return is_long(self.source)

    @property
    def before(self) -> str | None:
        """The value in base on one line, if there is one."""
        return None if self.source.before is MISSING else one_line_value(self.source.before)

    @property
    def after(self) -> str | None:
        """The value in head on one line, if there is one."""
        return None if self.source.after is MISSING else one_line_value(self.source.after)

    @property
    def lines(self) -> list[str]:
        """Both values as lines of a diff."""
        return difference(self.source)


@dataclass(frozen=True)
class ResourceBlock:
    """One resource; its reasons are those that no finding gives."""

    name: str
    type: str
    kind: Kind
    sign: str
    outcome: str
    construct: str
    origin: str
    reasons: tuple[Reason, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class EntryBlock:
    """One parameter, output or the like."""

    name: str
    kind: Kind
    sign: str
    note: str
    follows: str  # what is noted where the rows that only follow are left out
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class PermissionBlock:
    """What a policy allows now and did not before, and the reverse."""

    attached_to: str
    phrase: str
    extent: Extent | None  # of a template that only changed
    is_reported: bool  # by a finding, all of it
    source: PermissionChange = field(repr=False)

    def grants(self, max_actions: int = MANY) -> list[tuple[str, str]]:
        """Return a sign, + or -, and a phrase for each grant, with at most some actions."""
        return grant_lines(self.source, max_actions)


@dataclass(frozen=True)
class PayloadBlock:
    """A script or the like, as the lines of a diff."""

    title: str
    lines: list[str]


@dataclass(frozen=True)
class Details:
    """Everything that changes in a template; each part is made when it is asked for."""

    kind: Kind
    source: StackReview = field(repr=False)

    @cached_property
    def _reported(self) -> frozenset[Evidence]:
        return reported_reasons(self.source)

    @property
    def resources(self) -> list[ResourceBlock]:
        """The resources that change."""
        return [_resource(change, self._reported) for change in self.source.resources]

    @property
    def sections(self) -> list[tuple[str, list[EntryBlock]]]:
        """The other sections of the template, each with what changes in it."""
        return [
            (section, [_entry(entry, self._reported) for entry in entries])
            for section, entries in entries_by_section(self.source)
        ]

    @property
    def permissions(self) -> list[PermissionBlock]:
        """The policies that allow something else than before."""
        return [
            PermissionBlock(
                change.attached_to,
                permission_phrase(change, self.kind),
                change.extent if self.kind is Kind.CHANGED else None,
                is_fully_reported(self.source, change),
                change,
            )
            for change in self.source.permissions
        ]

    @property
    def exposures(self) -> list[Exposure]:
        """What was opened to the internet or closed, and no finding reports."""
        return unreported_exposures(self.source)

    @property
    def payloads(self) -> list[PayloadBlock]:
        """The scripts and the like that change."""
        return [
            PayloadBlock(
                payload_title(payload.name, payload.resource, payload.path),
                payload.diff.rstrip("\n").split("\n"),
            )
            for payload in self.source.payloads
        ]


def _resource(change: ResourceChange, reported: frozenset[Evidence]) -> ResourceBlock:
    return ResourceBlock(
        change.name,
        change.type,
        change.kind,
        sign(change),
        outcome(change),
        construct_of(change),
        origin_place(change.origin) if change.origin else "",
        tuple(unreported_reasons(change, reported)),
        tuple(_row(detail, reported) for detail in (*change.properties, *change.attributes)),
    )


def _entry(entry: EntryChange, reported: frozenset[Evidence]) -> EntryBlock:
    notes = {entry.note, *(detail.note for detail in entry.details if is_same(detail))}
    follows = "; ".join(note for note in sorted(notes) if note)
    rows = tuple(_row(detail, reported) for detail in entry.details)
    return EntryBlock(entry.name, entry.kind, sign(entry), entry_note(entry), follows, rows)


def _row(detail: Detail, reported: frozenset[Evidence]) -> Row:
    notes = "; ".join(detail_notes(detail, reported))
    return Row(
        detail.path,
        detail.replacement,
        notes,
        detail.payload,
        is_same(detail),
        items(detail),
        detail,
    )
