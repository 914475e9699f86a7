"""What a change of templates means for running stacks; no account and no network needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cfngen.cloudformation.source import Source
from cfngen.review import nested_templates
from cfngen.review.comparison import NOTHING_MORE, ComparisonFacts
from cfngen.review.deployed import DeployedStack, with_values
from cfngen.review.exports import SideTemplates
from cfngen.review.model import Review, Scope
from cfngen.review.nested_files import by_themselves, only_inside
from cfngen.review.outcomes import Reviewer
from cfngen.review.pairs import Pair, TemplateSide
from cfngen.review.processes import each
from cfngen.review.readable import readable, stands_alone, to_compare, with_merges
from cfngen.review.rule import RegisteredRule
from cfngen.review.rules import described
from cfngen.review.rules import rules as own_rules

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
    processes: int = 1,
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
        processes: how many forks of this process share the work, if the templates are many; more
            than one only where no other thread runs.

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
    names = to_compare(*sources)
    apart = [name for name in names if stands_alone(name, *sources)]
    read = readable(sorted({*names}.difference(apart)), *sources, labels)
    running = deployed or {}
    pairs = nested_templates.template_pairs(
        *with_values((read.base, read.head), running), {*sources[0], *sources[1]}
    )
    inside = frozenset(only_inside(pairs, sources))
    pairs = [pair for pair in pairs if pair.root.name not in inside]
    alone = by_themselves(pairs, sources)
    others = [pair for pair in pairs if pair.name not in alone]
    sides = (
        _texts(sources[0], inside, [(p, p.old) for p in others]),
        _texts(sources[1], inside, [(p, p.new) for p in others]),
    )
    reviewer = Reviewer(sources, labels, sides, accepted or {}, checks, running, alone)
    outcomes = [reviewer.reviewed(pair) for pair in pairs]
    outcomes += each(reviewer.read_and_reviewed, [n for n in apart if n not in inside], processes)
    outcomes.sort(key=lambda outcome: outcome.root)
    unreadable = {**read.unreadable} | {
        o.unreadable.name: o.unreadable for o in outcomes if o.unreadable
    }
    stacks = tuple(outcome.stack for outcome in outcomes if outcome.stack)
    left_out = tuple(with_merges(*sources))
    every = (sources[0].keys() | sources[1].keys()) - inside
    both = sources[0].keys() & sources[1].keys() & every
    nested = [outcome for outcome in outcomes if outcome.is_nested]
    inner = sum(outcome.has_both for outcome in nested)
    unread = unreadable.keys() - {outcome.root for outcome in outcomes if outcome.is_compared}
    total = len(every - unread) - len(left_out) + len(nested)
    scope = Scope(
        len(both - unreadable.keys()) - len(left_out) + inner,
        left_out,
        tuple(name for outcome in outcomes for name in outcome.same),
        tuple(name for outcome in outcomes for name in outcome.accepted),
        nested=inner,
    )
    comparison = replace(comparison, unreadable=tuple(n for _, n in sorted(unreadable.items())))
    unknowns = [finding for rule in checks for finding in rule.comparison_findings(comparison)]
    result = Review(*labels, stacks, total - len(stacks), scope, tuple(unknowns))
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
