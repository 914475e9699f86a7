"""The review of one template, which is before and after in a pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.review import opaque
from cfngen.review.compare.entries import entry_changes
from cfngen.review.deployed import DeployedStack, presence_notes
from cfngen.review.exports import SideTemplates, with_import_notes
from cfngen.review.facts import Facts
from cfngen.review.identities import without_renamed
from cfngen.review.locations import FindingLocator
from cfngen.review.model import Certainty, Kind, ResourceChange, StackReview
from cfngen.review.nesting import nesting
from cfngen.review.opaque import OpaqueParts
from cfngen.review.ordering import in_order
from cfngen.review.pairs import Pair
from cfngen.review.permissions import permission_changes
from cfngen.review.public_access import exposures
from cfngen.review.rule import RegisteredRule
from cfngen.review.stack import Stack


def stack_review(
    pair: Pair,
    file: str,
    sides: tuple[SideTemplates, SideTemplates],
    unknown: OpaqueParts,
    rules: tuple[RegisteredRule, ...],
    running: DeployedStack | None,
) -> StackReview:
    """Return what changes for the stacks of one template.

    Args:
        pair: the template before and after.
        file: the name of the template that it is, of those that are deployed by themselves.
        sides: all templates of both sides.
        unknown: what nobody can look into.
        rules: what is looked for.
        running: the stack that is deployed, if it is known.
    """
    before, after = pair.stacks
    facts = _facts(pair, file, sides, unknown, running)
    findings = [finding for rule in rules for finding in rule.findings(facts)]
    places = FindingLocator(before, after, facts.changes, facts.permissions)
    located = tuple(map(places.located, in_order(findings, before, after)))
    if pair.same:
        return StackReview(pair.name, pair.kind, pair.file, located)
    return StackReview(
        pair.name,
        pair.kind,
        pair.file,
        located,
        tuple(facts.changes.values()),
        tuple(with_import_notes(facts.entries, facts.export_changes)),
        facts.permissions,
        facts.exposures,
        tuple(pair.compared.payloads),
        tuple(_references(before, after, facts.changes)),
        (
            *(() if pair.outer else _notes(before, after)),
            *opaque.notes(after, facts.changes),
            *(presence_notes(pair, running) if running else ()),
        ),
    )


def _facts(
    pair: Pair,
    file: str,
    sides: tuple[SideTemplates, SideTemplates],
    unknown: OpaqueParts,
    running: DeployedStack | None,
) -> Facts:
    before, after = pair.stacks
    compared = pair.compared
    changes = compared.changes
    own = [change.name for change in changes.values() if change.kind is not Kind.AFFECTED]
    facts = partial(
        Facts,
        pair.name,
        pair.kind,
        before,
        after,
        changes,
        *sides,
        fixed=tuple(compared.fixed),
        listed_as=file,
        nesting=nesting(pair),
        running=running,
        opaque=unknown.changes,
    )
    if pair.same:
        return facts(same=True)
    replaced = {n: c for n, c in changes.items() if c.replacement is not Certainty.NO}
    return facts(
        entries=tuple(entry_changes(before, after, replaced)),
        permissions=permission_changes(before, after, own),
        exposures=without_renamed(exposures(before, after, own), before, after),
    )


def _references(
    before: Stack, after: Stack, changes: Mapping[str, ResourceChange]
) -> Iterator[tuple[str, str]]:
    for name in changes:
        resource = after.resource(name) or before.resource(name)
        for other in sorted({n for n, _ in resource.references} if resource else ()):
            if other in changes and other != name:
                yield name, other


def _notes(before: Stack, after: Stack) -> Iterator[str]:
    if not (before.sections and after.sections):
        return
    old, new = (len(side.text.encode()) for side in (before.sections, after.sections))
    if old <= INLINE_LIMIT < new:
        yield (
            f"{new:,} bytes, more than the {INLINE_LIMIT:,} that CloudFormation accepts inline:"
            " deploy it with --s3-bucket from now on"
        )
