"""Adapts refusals to nested templates, where other rules hold than for outer ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cfngen.cloudformation.capabilities import IAM, NAMED, needs
from cfngen.review.deploy_failures import CAPABILITIES, by_cdk, cause_phrase
from cfngen.review.model import Certainty, Concern, Finding, Kind
from cfngen.review.nested_parameters import STACK_SET, PassedParameters
from cfngen.review.pairs import Pair, TemplateSide, may_nest
from cfngen.review.stack import Resource

CAPABILITY_REQUIRED = "R104"  # the rule


def nested_findings(pair: Pair, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings of a template; those of a nested one adapted to its outer template.

    The outer template passes parameters, not the command. Whoever deploys a nested stack
    acknowledges its capabilities as well, while a stack set has a list of its own.
    """
    outer = pair.outer
    if outer is None:
        yield from findings
        return
    resource = outer.stacks[1].resource(pair.resource)
    for finding in findings:
        if finding.code == CAPABILITY_REQUIRED:
            continue
        if finding.concern is Concern.REFUSED and finding.section == "Parameters":
            if resource and _passes(resource, finding.subject):
                continue
            if finding.certainty is Certainty.WILL:
                message = f"has no default, and {pair.resource} of {outer.name} does not pass it"
                finding = replace(finding, message=message)
        yield finding
    if resource and pair.new and pair.kind is not Kind.REMOVED:
        yield from _capabilities(pair, pair.new)


def _passes(resource: Resource, name: str) -> bool:
    given = PassedParameters(resource)
    return bool(given.unknown) or name in (given.values or {})


def _capabilities(pair: Pair, new: TemplateSide) -> Iterator[Finding]:
    """Yield the capabilities that are lacking now, and were not before."""
    outermost = pair
    while outermost.outer and outermost.outer.stacks[1].resource(outermost.resource):
        around = outermost.outer.stacks[1].resource(outermost.resource)
        if around and around.type == STACK_SET:
            break
        outermost = outermost.outer
    set_ = outermost.outer.stacks[1].resource(outermost.resource) if outermost.outer else None
    had = {*_needs(pair.old), *_needs(outermost.old)}
    if set_:
        listed = set_.properties.get("Capabilities", [])
        had |= {str(item) for item in (listed if isinstance(listed, list) else [listed])}
    elif outermost is not pair:
        had |= {*_needs(outermost.new)}  # it is said there
    if NAMED in had:
        had.add(IAM)
    for capability, resources in _needs(new).items():
        if capability in had or (set_ is None and by_cdk(pair.stacks[1], resources)):
            continue
        where = (
            f"the Capabilities of {set_.name} must now include {capability}"
            if set_
            else f"deploying it now requires --capabilities {capability}"
        )
        named = resources[0] in new.sections.resources
        subject = resources[0] if named else "Transform"
        section = "Resources" if named else "Transform"
        message = f"{where}{cause_phrase(subject, resources)}"
        yield Finding(
            Concern.REFUSED,
            Certainty.WILL,
            subject,
            message,
            CAPABILITIES,
            section=section,
            code="R104",
        )


def _needs(part: TemplateSide | None) -> dict[str, tuple[str, ...]]:
    """Return the capabilities that a template needs, each with its reasons."""
    if part is None:
        return {}
    capabilities = needs(part.sections.body, transforms=may_nest(part.sections.text))
    return {need.capability: need.reasons for need in capabilities}
