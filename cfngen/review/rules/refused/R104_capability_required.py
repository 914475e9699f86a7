"""The deploy command must name another capability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfngen.cloudformation.capabilities import IAM, NAMED, Need, needs
from cfngen.review.constructs import construct_path
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.pairs import may_nest
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource, Stack


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the capabilities that are lacking now, and were not before.

    `cdk deploy` names those for IAM by itself, so nothing is refused of what the CDK makes.
    """
    if facts.same or not _is_deployed_again(facts):
        return
    stack_set = facts.nesting.stack_set if facts.nesting else None
    acknowledged = _acknowledged(facts, stack_set)
    for need in _needs(facts.after):
        reasons = need.reasons
        if need.capability in acknowledged or (not stack_set and _by_cdk(facts.after, reasons)):
            continue
        named = reasons[0] in facts.after.names
        subject = reasons[0] if named else "Transform"
        where = (
            f"the Capabilities of {stack_set.name} must now include {need.capability}"
            if stack_set
            else f"deploying it now requires --capabilities {need.capability}"
        )
        yield Hit(
            subject,
            f"{where}{cause_phrase(subject, reasons)}",
            Certainty.WILL,
            section="Resources" if named else "Transform",
        )


def _is_deployed_again(facts: Facts) -> bool:
    """Whether there is a command that has deployed it before, or the template around it."""
    if facts.nesting:
        return facts.nesting.around is not None and facts.kind is not Kind.REMOVED
    return facts.kind is Kind.CHANGED


def _acknowledged(facts: Facts, stack_set: Resource | None) -> set[str]:
    """Return the capabilities that were named before, or are reported of another template."""
    stacks = [facts.before]
    if facts.nesting and facts.nesting.outermost:
        stacks += facts.nesting.outermost[: 1 if stack_set else 2]
    names = {need.capability for stack in stacks for need in _needs(stack)}
    if stack_set:
        listed = stack_set.properties.get("Capabilities", [])
        names |= {str(item) for item in (listed if isinstance(listed, list) else [listed])}
    return names | {IAM} if NAMED in names else names


def _needs(stack: Stack) -> tuple[Need, ...]:
    if stack.sections is None:
        return ()
    sections = stack.sections
    return needs(sections.body, transforms=sections.rewritten or may_nest(sections.text))


def cause_phrase(subject: str, resources: Sequence[str]) -> str:
    """Return which resources need a capability; nothing where that is the subject alone.

    >>> cause_phrase("Role", ["Role", "Key"]), cause_phrase("Role", ["Role"])
    (', because of Role, Key', '')
    """
    return "" if list(resources) == [subject] else f", because of {', '.join(resources)}"


def _by_cdk(after: Stack, names: Iterable[str]) -> bool:
    """Whether all of some resources are made by constructs of the CDK."""
    return all((r := after.resource(name)) and construct_path(r.attributes) for name in names)


RULE = Rule(
    title="The deploy command must name another capability",
    help=(
        "A template that creates IAM resources, names them, or uses macros is only deployed if the "
        "command acknowledges it. Without the capability, CloudFormation refuses the change set. Add "
        "it to --capabilities."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html",
)
