"""What a change of templates means for the stacks that are running: no account, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.source import Source
from cfngen.errors import Problems, RenderError
from cfngen.review import exports, nested_templates, opaque
from cfngen.review.compare.entries import entries
from cfngen.review.data_loss import losses
from cfngen.review.deploy_failures import refusals
from cfngen.review.findings import broadened, in_order, replacements
from cfngen.review.format_errors import format_errors
from cfngen.review.locations import Places
from cfngen.review.model import (
    Certainty,
    Concern,
    Finding,
    Kind,
    ResourceChange,
    Review,
    Scope,
    StackReview,
)
from cfngen.review.name_conflicts import taken
from cfngen.review.nested_failures import adapted
from cfngen.review.pairs import Pair, Part, hints, sections
from cfngen.review.permissions import powers
from cfngen.review.public_access import exposures
from cfngen.review.resource_shares import sharing
from cfngen.review.role_changes import acting
from cfngen.review.stack import Stack
from cfngen.review.stack_instances import instances_gone

__all__ = ["Review", "review"]


def review(
    base: Mapping[str, str | Source],
    head: Mapping[str, str | Source],
    *,
    labels: tuple[str, str] = ("base", "head"),
    accepted: Mapping[str, str] | None = None,
) -> Review:
    """Return what changes for the stacks that are made of some templates.

    Args:
        base: the templates as they are deployed, by name: text, or where the text comes from.
        head: the templates as they would be deployed.
        labels: what the two sides are called.
        accepted: parts that nobody can look into and that are accepted all the same, as
            `template/Resource`, each with the reason.

    Raises:
        Problems: texts that are no templates, all of them at once.
    """
    sources = _sources(base), _sources(head)
    problems: list[str] = []
    parts, unreadable = _parts(sources, labels, problems)
    if problems:
        raise Problems(problems)
    pairs = nested_templates.pairs(*parts)
    sides = (
        _texts(sources[0], [(p, p.old) for p in pairs]),
        _texts(sources[1], [(p, p.new) for p in pairs]),
    )
    stacks: list[StackReview] = []
    same: list[str] = []
    allowed: list[tuple[str, str]] = []
    for pair in pairs:
        unknown = opaque.judged(pair, accepted or {})
        same += unknown.same
        allowed += unknown.accepted
        stack = _stack(pair, sides, unknown.findings)
        stacks += [] if stack.empty else [stack]
    nested = [pair for pair in pairs if pair.outer]
    compared = len(sources[0].keys() & sources[1].keys())
    compared += sum(pair.old is not None and pair.new is not None for pair in nested)
    total = len({*sources[0], *sources[1]}) + len(nested)
    scope = Scope(compared=compared, opaque=tuple(same), accepted=tuple(allowed))
    return Review(*labels, tuple(stacks), total - len(stacks), scope, tuple(unreadable))


def _sources(side: Mapping[str, str | Source]) -> dict[str, Source]:
    return {n: Source(text) if isinstance(text, str) else text for n, text in side.items()}


def _parts(
    sources: tuple[dict[str, Source], dict[str, Source]],
    labels: tuple[str, str],
    problems: list[str],
) -> tuple[tuple[dict[str, Part], dict[str, Part]], list[Finding]]:
    """Return the templates that have to be looked at: equal texts only if more is behind them.

    What cannot be read is a problem; where only base's cannot, head's may be what mends it.
    """
    unreadable: list[Finding] = []
    found: tuple[dict[str, Part], dict[str, Part]] = ({}, {})
    for name in sorted({*sources[0], *sources[1]}):
        there = [side[name] for side in sources if name in side]
        equal = len(there) == 2 and there[0].text == there[1].text
        if equal and not hints(there[0].text):
            continue
        refused: dict[str, str] = {}
        for side, parts, label in zip(sources, found, labels, strict=True):
            try:
                if name in side:
                    parts[name] = Part(side[name], sections(side[name]))
            except RenderError as error:
                refused[label] = f"{name} ({label}): {error}"
        if len(there) == 2 and list(refused) == [labels[0]] and not equal:
            message = f"cannot be read, so that what changes is not known: {refused[labels[0]]}"
            unreadable.append(
                Finding(Concern.UNKNOWN, Certainty.MAY, there[0].file or name, message, section="")
            )
        elif not equal or len(refused) == 1:
            problems += refused.values()
    return found, unreadable


def _texts(side: Mapping[str, Source], nested: list[tuple[Pair, Part | None]]) -> exports.Side:
    """Return all templates of one side, those inside of others as well."""
    texts = {name: source.text for name, source in side.items()}
    return exports.Side(texts | {pair.name: part.text for pair, part in nested if part})


def _stack(
    pair: Pair, sides: tuple[exports.Side, exports.Side], unknown: tuple[Finding, ...]
) -> StackReview:
    name, kind = pair.name, pair.kind
    before, after = pair.stacks
    if pair.same:
        places = Places(before, after, {}, ())
        return StackReview(name, kind, pair.file, tuple(map(places.located, unknown)))
    compared = pair.compared
    changes = compared.changes
    replaced = {n: c for n, c in changes.items() if c.replacement is not Certainty.NO}
    others = list(entries(before, after, replaced))
    own = [change.name for change in changes.values() if change.kind is not Kind.AFFECTED]
    rights = powers(before, after, own)
    ways = exposures(before, after, own)
    findings: list[Finding] = list(unknown)
    if kind is Kind.CHANGED:  # nothing that runs is touched by a template that is new
        findings += compared.refused
        findings += refusals(before, after, changes, others)
        findings += replacements(after, changes)
    if kind is not Kind.ADDED:
        findings += exports.refused(name, before, after, others, *sides)
        others = exports.noted(before, after, others, findings)
        findings += losses(before, after, changes, kind)
        findings += instances_gone(before, after, changes)
    if kind is not Kind.REMOVED:
        findings += format_errors(before, after)
        findings += taken(name, before, after, changes, *(side.names for side in sides))
        findings += broadened(rights, ways)
        findings += acting(before, after, changes)
        findings += sharing(before, after, changes)
    findings = list(adapted(pair, findings))
    places = Places(before, after, changes, rights)
    return StackReview(
        name,
        kind,
        pair.file,
        tuple(map(places.located, in_order(findings))),
        tuple(changes.values()),
        tuple(others),
        rights,
        ways,
        tuple(compared.payloads),
        tuple(_references(before, after, changes)),
        (*(() if pair.outer else _notes(before, after)), *opaque.notes(after, changes)),
    )


def _references(
    before: Stack, after: Stack, changes: dict[str, ResourceChange]
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
            f"{new:,} bytes, over the {INLINE_LIMIT:,} that CloudFormation takes inline: deploy it"
            " with --s3-bucket now"
        )
