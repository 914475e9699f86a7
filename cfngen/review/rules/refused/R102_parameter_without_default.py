"""A parameter is new and has no default."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the parameters that a running stack has no value for."""
    if facts.kind is not Kind.CHANGED:
        return
    for entry in facts.entries:
        paths = {detail.path for detail in entry.details}
        new = entry.section == "Parameters" and entry.kind is Kind.ADDED
        if not new or "Default" in paths or facts.is_given(entry.name):
            continue
        message = f"has no default: pass a value with --parameter-overrides {entry.name}=…"
        if outer := facts.nesting:
            message = f"has no default, and {outer.resource} of {outer.template} does not pass it"
        yield Hit(entry.name, message, Certainty.WILL, section="Parameters")


RULE = Rule(
    title="A parameter is new and has no default",
    help=(
        "A stack that runs has no value for a new parameter. Without a default, the deployment is "
        "refused before it starts. Pass a value with --parameter-overrides, or give the parameter a "
        "default."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
