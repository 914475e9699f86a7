"""What a change of templates means for running stacks; no account and no network needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.read import MergeKeyError
from cfngen.cloudformation.source import Source
from cfngen.errors import Problems, RenderError
from cfngen.review import exports, nested_templates, opaque
from cfngen.review.compare.entries import entry_changes
from cfngen.review.data_loss import data_losses
from cfngen.review.deploy_failures import deploy_failures
from cfngen.review.deployed import DeployedStack, allowed_findings, presence_notes, with_values
from cfngen.review.facts import Facts
from cfngen.review.findings import broadening_findings, in_order, replacement_findings
from cfngen.review.format_errors import format_errors
from cfngen.review.identities import without_renamed
from cfngen.review.locations import FindingLocator
from cfngen.review.model import (
    Certainty,
    Concern,
    Finding,
    Kind,
    LeftOut,
    ResourceChange,
    Review,
    Scope,
    Side,
    StackReview,
)
from cfngen.review.name_conflicts import name_conflicts
from cfngen.review.nested_failures import nested_findings
from cfngen.review.nested_files import by_themselves, only_inside
from cfngen.review.pairs import Pair, TemplateSide, may_nest, sections
from cfngen.review.permissions import permission_changes
from cfngen.review.public_access import exposures
from cfngen.review.rule import RegisteredRule
from cfngen.review.rules import described
from cfngen.review.rules import rules as own_rules
from cfngen.review.stack import Stack

__all__ = ["Review", "review"]

MERGE_KEY = re.compile(r"<<[\"']?\s*:")  # as it may stand in a template


def review(
    base: Mapping[str, str | Source],
    head: Mapping[str, str | Source],
    *,
    labels: tuple[str, str] = ("base", "head"),
    accepted: Mapping[str, str] | None = None,
    rules: Mapping[str, RegisteredRule] | None = None,
    deployed: Mapping[str, DeployedStack] | None = None,
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

    Raises:
        Problems: texts that are no templates, all of them at once.

    >>> old = "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: a}\n"
    >>> result = review({"shop": old}, {"shop": old.replace("QueueName: a", "QueueName: b")})
    >>> [(finding.concern.value, finding.subject) for finding in result.findings]
    [('data', 'Jobs'), ('replace', 'Jobs')]
    """
    if rules is None:
        rules = own_rules()
    checks = tuple(rules.values())
    sources = _sources(base), _sources(head)
    problems: list[str] = []
    parts, unreadable = _parts(sources, labels, problems)
    left_out = tuple(_with_merges(sources))
    if problems:
        raise Problems(problems)
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
        stack = _stack(pair, name, sides, unknown.findings, checks, running.get(pair.name))
        stacks += [] if stack.empty else [stack]
    nested = [pair for pair in pairs if pair.outer]
    every = (sources[0].keys() | sources[1].keys()) - inside
    both = sources[0].keys() & sources[1].keys() & every
    unread = {
        name
        for name in every - parts[0].keys() - parts[1].keys()
        if name not in both or sources[0][name].text != sources[1][name].text
    }
    compared = len(both - unread) - len(left_out)
    inner = sum(pair.old is not None and pair.new is not None for pair in nested)
    total = len(every - unread) - len(left_out) + len(nested)
    scope = Scope(compared + inner, left_out, tuple(same), tuple(allowed), nested=inner)
    result = Review(*labels, tuple(stacks), total - len(stacks), scope, tuple(unreadable))
    return described(result, rules)


def _sources(side: Mapping[str, str | Source]) -> dict[str, Source]:
    return {n: Source(text) if isinstance(text, str) else text for n, text in side.items()}


def _parts(
    sources: tuple[dict[str, Source], dict[str, Source]],
    labels: tuple[str, str],
    problems: list[str],
) -> tuple[tuple[dict[str, TemplateSide], dict[str, TemplateSide]], list[Finding]]:
    """Return the parsed templates that have to be compared.

    Equal texts are skipped unless they may refer to other templates. A text that cannot be read is
    a problem; where only base's cannot be read, head's may be the repair of it.
    """
    unreadable: list[Finding] = []
    parts_of_sides: tuple[dict[str, TemplateSide], dict[str, TemplateSide]] = ({}, {})
    for name in sorted({*sources[0], *sources[1]}):
        there = [side[name] for side in sources if name in side]
        equal = len(there) == 2 and there[0].text == there[1].text
        if equal and not may_nest(there[0].text):
            continue
        refused: dict[str, str] = {}
        merges = False
        for side, parts, label in zip(sources, parts_of_sides, labels, strict=True):
            try:
                if name in side:
                    parts[name] = TemplateSide(side[name], sections(side[name]))
            except RenderError as error:
                refused[label] = f"{name} ({label}): {error}"
                merges = merges or isinstance(error, MergeKeyError)
        if merges and not equal:
            message = f"cannot be read, so what changes is unknown: {[*refused.values()][-1]}"
            file = there[-1].file or name
            unreadable.append(
                Finding(Concern.UNKNOWN, Certainty.MAY, file, message, section="", code="U101")
            )
            if labels[1] in refused:
                parts_of_sides[0].pop(name, None)
        elif len(there) == 2 and list(refused) == [labels[0]] and not equal:
            message = f"cannot be read, so what changes is unknown: {refused[labels[0]]}"
            unreadable.append(
                Finding(
                    Concern.UNKNOWN,
                    Certainty.MAY,
                    there[0].file or name,
                    message,
                    section="",
                    code="U101",
                )
            )
        elif not equal or len(refused) == 1:
            problems += refused.values()
    return parts_of_sides, unreadable


def _with_merges(sources: tuple[dict[str, Source], dict[str, Source]]) -> Iterator[LeftOut]:
    """Yield the templates that stay as they are and cannot be read, since they have merge keys."""
    for name, source in sources[1].items():
        base = sources[0].get(name)
        if base and base.text == source.text and MERGE_KEY.search(source.text):
            try:
                sections(source)
            except MergeKeyError as error:
                yield LeftOut(source.file or name, Side.BOTH, str(error))
            except RenderError:
                continue


def _texts(
    side: Mapping[str, Source],
    inside: frozenset[str],
    nested: list[tuple[Pair, TemplateSide | None]],
) -> exports.SideTemplates:
    """Return all templates of one side, including the nested ones, each of them once."""
    texts = {name: source.text for name, source in side.items() if name not in inside}
    return exports.SideTemplates(texts | {pair.name: part.text for pair, part in nested if part})


def _stack(
    pair: Pair,
    file: str,
    sides: tuple[exports.SideTemplates, exports.SideTemplates],
    unknown: tuple[Finding, ...],
    rules: tuple[RegisteredRule, ...],
    running: DeployedStack | None,
) -> StackReview:
    name, kind = pair.name, pair.kind
    before, after = pair.stacks
    if pair.same:
        places = FindingLocator(before, after, {}, ())
        return StackReview(name, kind, pair.file, tuple(map(places.located, unknown)))
    compared = pair.compared
    changes = compared.changes
    replaced = {n: c for n, c in changes.items() if c.replacement is not Certainty.NO}
    others = list(entry_changes(before, after, replaced))
    own = [change.name for change in changes.values() if change.kind is not Kind.AFFECTED]
    rights = permission_changes(before, after, own)
    ways = without_renamed(exposures(before, after, own), before, after)
    findings: list[Finding] = list(unknown)
    if kind is Kind.CHANGED:  # nothing that runs is touched by a template that is new
        findings += compared.refused
        findings += deploy_failures(before, after, changes, others)
        findings += replacement_findings(after, changes)
    if kind is not Kind.ADDED:
        findings += exports.export_failures(file, before, after, others, *sides)
        others = exports.with_import_notes(before, after, others, findings)
        findings += data_losses(before, after, changes, kind)
    if kind is not Kind.REMOVED:
        findings += format_errors(before, after)
        findings += name_conflicts(file, before, after, changes, *(side.names for side in sides))
        findings += broadening_findings(rights, ways)
    facts = Facts(name, kind, before, after, changes, tuple(others), rights, ways, *sides)
    findings += [hit for rule in rules for hit in rule.findings(facts)]
    findings = list(nested_findings(pair, findings))
    if running:
        findings = list(allowed_findings(findings, running, after))
    places = FindingLocator(before, after, changes, rights)
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
        (
            *(() if pair.outer else _notes(before, after)),
            *opaque.notes(after, changes),
            *(presence_notes(pair, running) if running else ()),
        ),
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
            f"{new:,} bytes, more than the {INLINE_LIMIT:,} that CloudFormation accepts inline:"
            " deploy it with --s3-bucket from now on"
        )
