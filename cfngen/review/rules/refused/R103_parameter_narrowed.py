"""A parameter accepts less than before."""

from collections.abc import Iterator

from cfngen.cloudformation.values import canonical
from cfngen.review.deployed import is_allowed
from cfngen.review.facts import Facts
from cfngen.review.model import MISSING, Certainty, Detail, Kind
from cfngen.review.rule import Hit, Rule

# What a value that a running stack has may break when it changes.
CONSTRAINTS = frozenset(
    ("Type", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue")
)


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the parameters that may not have the value any more that a running stack has."""
    if facts.kind is not Kind.CHANGED:
        return
    for entry in facts.entries:
        if entry.section != "Parameters" or entry.kind is not Kind.CHANGED:
            continue
        narrowed = sorted({key for detail in entry.details if (key := _narrowed(detail))})
        if not narrowed or (facts.nesting and facts.nesting.passes(entry.name)):
            continue
        yield from _hits(facts, entry.name, narrowed)


def _hits(facts: Facts, name: str, narrowed: list[str]) -> Iterator[Hit]:
    """Yield what a narrower parameter does, which is nothing to a value that is allowed still."""
    running = facts.running
    allowed = None
    if running and name in running.parameters:
        declared = facts.after.parameters.get(name, {})
        allowed = is_allowed(declared, facts.after.resolver.parameters, name)
    if running and allowed is False:
        message = f"the stack {running.name} has a value that is not allowed any more"
        yield Hit(name, message, Certainty.WILL, section="Parameters")
    elif allowed is None:
        message = (
            f"{', '.join(narrowed)} changed: the current value of a running stack may not be"
            " allowed any more"
        )
        yield Hit(name, message, section="Parameters")


def _narrowed(detail: Detail) -> str:
    """Return the name of a constraint that a value may have met before and may not meet now."""
    key = detail.path.partition("[")[0]
    before, after = detail.before, detail.after
    if key not in CONSTRAINTS or after is MISSING:
        return ""
    if key == "AllowedValues" and isinstance(before, list) and isinstance(after, list):
        gone = {canonical(value) for value in before} - {canonical(value) for value in after}
        return key if gone else ""
    if key[:3] in ("Min", "Max") and before is not MISSING:
        try:
            tighter = float(after) > float(before)
        except (TypeError, ValueError):
            return key
        return key if tighter == (key[:3] == "Min") else ""
    return key


RULE = Rule(
    title="A parameter accepts less than before",
    help=(
        "An update that passes no value for a parameter keeps the one that the stack has. If the new "
        "constraints do not allow that value, the update is refused. Look at the values of the stacks "
        "that run (aws cloudformation describe-stacks) before the deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
