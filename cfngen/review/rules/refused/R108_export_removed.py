"""An export is removed while another template imports it."""

from collections.abc import Iterator

from cfngen.review.exports import CHANGED
from cfngen.review.facts import Facts
from cfngen.review.model import Side
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the exports that others need, and that go, or are only there under a condition."""
    for change in facts.export_changes:
        if change.message and change.outcome != CHANGED:
            yield Hit(
                change.output,
                change.message,
                change.certainty,
                section="Outputs",
                side=Side.BASE if change.gone else Side.HEAD,
                line=change.line,
            )


RULE = Rule(
    title="An export is removed while another template imports it",
    help=(
        "CloudFormation refuses to remove an output's export as long as any stack imports it. First "
        "deploy the importing stacks without the import, then this template."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
)
