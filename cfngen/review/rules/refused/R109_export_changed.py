"""An export's value changes while another template imports it."""

from collections.abc import Iterator

from cfngen.review.exports import CHANGED
from cfngen.review.facts import Facts
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the exports that others need, and that get another value."""
    for change in facts.export_changes:
        if change.message and change.outcome == CHANGED:
            yield Hit(
                change.output,
                change.message,
                change.certainty,
                section="Outputs",
                line=change.line,
            )


RULE = Rule(
    title="An export's value changes while another template imports it",
    help=(
        "CloudFormation refuses to change the value of an export as long as any stack imports it. "
        "Export the new value under another name, move the importing stacks to it, then remove the "
        "old export."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
)
