"""What a change of templates means for running stacks; no account and no network needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.source import Source
from cfngen.review import nested_templates, opaque
from cfngen.review.compare.entries import entry_changes
from cfngen.review.comparison import NOTHING_MORE, ComparisonFacts
from cfngen.review.deployed import DeployedStack, presence_notes, with_values
from cfngen.review.exports import SideTemplates, with_import_notes
from cfngen.review.facts import Facts
from cfngen.review.identities import without_renamed
from cfngen.review.locations import FindingLocator
from cfngen.review.model import (
    Certainty,
    Kind,
    ResourceChange,
    Review,
    Scope,
    StackReview,
)
from cfngen.review.nested_files import by_themselves, only_inside
from cfngen.review.nesting import nesting
from cfngen.review.opaque import OpaqueParts
from cfngen.review.ordering import in_order
from cfngen.review.pairs import Pair, TemplateSide
from cfngen.review.permissions import permission_changes
from cfngen.review.public_access import exposures
from cfngen.review.readable import readable, with_merges
from cfngen.review.rule import RegisteredRule
from cfngen.review.rules import described
from cfngen.review.rules import rules as own_rules
from cfngen.review.stack import Stack

__all__ = ["Review", "review"]


def review(
    base: Mapping[str, str | Source],
    head: Mapping[str, str | Source],
    *,
    labels: tuple[str, str] = ("base", "head"),
    accepted: Mapping[str, str] | None = None,
    rules: Mapping[str, RegisteredRule] | None = None,
    deployed: Mapping[str, DeployedStack] | None = None,
    comparison: ComparisonFacts = NOTHING_MORE,
) -> Review:
    r"""Return what changes for the stacks that are deployed from some templates.

    Args:
        base: the templates as they are deployed, by name: text, or where the text comes from.
        head: the templates as they would be deployed.
        labels: what the two sides are called.
        accepted: parts that nobody can look into and that are accepted all the same, as
            `template/Resource`, each with the reason.
        rules: what is looked for, by code; `cfngen.review.rules.rules()` if not given.
        deployed: the running stacks of some templates, whose parameters count on both sides.
        comparison: what could not be compared, beside the texts that cannot be read.

    A text that is no template is `unknown`, and all others are reviewed.

    >>> old = "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: a}\n"
    >>> result = review({"shop": old}, {"shop": old.replace("QueueName: a", "QueueName: b")})
    >>> [(finding.concern.value, finding.subject) for finding in result.findings]
    [('data', 'Jobs'), ('replace', 'Jobs')]
    """
    if rules is None:
        rules = own_rules()
    checks = tuple(rules.values())
    sources = _sources(base), _sources(head)
    read = readable(*sources, labels)
    parts = read.base, read.head
    left_out = tuple(with_merges(*sources))
    running = deployed or {}
    pairs = nested_templates.template_pairs(*with_values(parts, running))
    inside = frozenset(only_inside(pairs, sources))
    pairs = [pair for pair in pairs if pair.root.name not in inside]
    alone = by_themselves(pairs, sources)
    others = [pair for pair in pairs if pair.name not in alone]
    sides = (
        _texts(sources[0], inside, [(p, p.old) for p in others]),
        _texts(sources[1], inside, [(p, p.new) for p in others]),
    )
    stacks: list[StackReview] = []
    same: list[str] = []
    allowed: list[tuple[str, str]] = []
    for pair in pairs:
        unknown = opaque.compare_opaque(pair, accepted or {})
        same += unknown.same
        allowed += unknown.accepted
        name = alone.get(pair.name, pair.name)
        stack = _stack(pair, name, sides, unknown, checks, running.get(pair.name))
        stacks += [] if stack.empty else [stack]
    nested = [pair for pair in pairs if pair.outer]
    every = (sources[0].keys() | sources[1].keys()) - inside
    both = sources[0].keys() & sources[1].keys() & every
    unread = read.unreadable.keys() - parts[0].keys() - parts[1].keys()
    compared = len(both - read.unreadable.keys()) - len(left_out)
    inner = sum(pair.old is not None and pair.new is not None for pair in nested)
    total = len(every - unread) - len(left_out) + len(nested)
    scope = Scope(compared + inner, left_out, tuple(same), tuple(allowed), nested=inner)
    comparison = replace(comparison, unreadable=tuple(read.unreadable.values()))
    unknowns = [finding for rule in checks for finding in rule.comparison_findings(comparison)]
    result = Review(*labels, tuple(stacks), total - len(stacks), scope, tuple(unknowns))
    return described(result, rules)


def _sources(side: Mapping[str, str | Source]) -> dict[str, Source]:
    return {n: Source(text) if isinstance(text, str) else text for n, text in side.items()}


def _texts(
    side: Mapping[str, Source],
    inside: frozenset[str],
    nested: list[tuple[Pair, TemplateSide | None]],
) -> SideTemplates:
    """Return all templates of one side, including the nested ones, each of them once."""
    texts = {name: source.text for name, source in side.items() if name not in inside}
    return SideTemplates(texts | {pair.name: part.text for pair, part in nested if part})


def _stack(
    pair: Pair,
    file: str,
    sides: tuple[SideTemplates, SideTemplates],
    unknown: OpaqueParts,
    rules: tuple[RegisteredRule, ...],
    running: DeployedStack | None,
) -> StackReview:
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
