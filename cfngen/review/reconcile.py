"""Holds a review to a change set that CloudFormation has made of the same change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.change_set import ChangeSet, Reconciliation
from cfngen.review.change_set_facts import ChangeSetFacts
from cfngen.review.deployed import DeployedStack, with_values
from cfngen.review.disputes import Templates, dispute
from cfngen.review.locations import FindingLocator
from cfngen.review.model import Kind, Review, StackReview
from cfngen.review.ordering import in_order
from cfngen.review.pairs import TemplateSide, sections
from cfngen.review.rule import RegisteredRule
from cfngen.review.stack import Stack

Sources = Mapping[str, Source]


def reconciled(
    review: Review,
    base: Sources,
    head: Sources,
    change_sets: Mapping[str, ChangeSet],
    deployed: Mapping[str, DeployedStack],
    rules: Mapping[str, RegisteredRule],
) -> Review:
    """Return a review with what CloudFormation's change sets say otherwise.

    Args:
        review: of the same templates.
        base: the templates as they are deployed.
        head: the templates as they would be deployed.
        change_sets: by the name of the template that they are of.
        deployed: as for the review.
        rules: as for the review.
    """
    stacks = {stack.name: stack for stack in review.stacks}
    for name, change_set in change_sets.items():
        there = head.get(name) or base.get(name)
        shown = stacks.get(name) or StackReview(
            name, Kind.CHANGED, there.file if there and there.file else name
        )
        templates = _templates(name, base, head, deployed)
        stack = _reconciled(shown, templates, change_set, rules.values())
        if name in stacks or not stack.empty:
            stacks[name] = stack
    unchanged = review.unchanged - (len(stacks) - len(review.stacks))
    ordered = tuple(stacks[name] for name in sorted(stacks))
    return replace(review, stacks=ordered, unchanged=max(unchanged, 0))


def _templates(
    name: str, base: Sources, head: Sources, deployed: Mapping[str, DeployedStack]
) -> Templates:
    """Return a template of a comparison; one that cannot be read has nothing in it."""
    sides = tuple(_side(name, side) for side in (base, head))
    running = {name: deployed[name]} if name in deployed else {}
    parts = with_values((sides[0], sides[1]), running)
    before, after = (
        Stack(side[name].sections, parameters=side[name].parameters) if side else Stack()
        for side in parts
    )
    return Templates(before, after)


def _side(name: str, sources: Mapping[str, Source]) -> dict[str, TemplateSide]:
    try:
        return {name: TemplateSide(sources[name], sections(sources[name]))}
    except (KeyError, RenderError):
        return {}


def _reconciled(
    stack: StackReview,
    templates: Templates,
    change_set: ChangeSet,
    rules: Iterable[RegisteredRule],
) -> StackReview:
    changes = {change.name: change for change in stack.resources}
    listed = {change.resource: change for change in change_set.changes}
    disputes = []
    agreed = 0
    for name in dict.fromkeys((*changes, *listed)):
        about = dispute(changes.get(name), listed.get(name), templates)
        disputes += [about] if about else []
        agreed += about is None and name in changes and name in listed
    facts = ChangeSetFacts(tuple(disputes))
    places = FindingLocator(templates.before, templates.after, changes, ())
    findings = [
        places.located(finding) for rule in rules for finding in rule.change_set_findings(facts)
    ]
    codes = {finding.subject: finding.code for finding in findings}
    differences = (
        replace(about.difference, code=codes.get(about.difference.resource, ""))
        for about in disputes
    )
    return replace(
        stack,
        findings=tuple(in_order([*stack.findings, *findings], templates.before, templates.after)),
        reconciliation=Reconciliation(
            change_set.name, change_set.stack, agreed, tuple(differences)
        ),
    )
