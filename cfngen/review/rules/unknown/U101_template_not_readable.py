"""A template cannot be read."""

from collections.abc import Iterator

from cfngen.review.comparison import ComparisonFacts
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule


def check(facts: ComparisonFacts) -> Iterator[Hit]:
    """Yield the templates that cannot be read; CloudFormation can read none of head's either."""
    for text in facts.unreadable:
        yield Hit(
            text.file,
            f"cannot be read, so what changes is unknown: {text.name} ({text.side}): {text.error}",
            Certainty.WILL if text.refused else Certainty.MAY,
            section="",
            page="",
        )


RULE = Rule(
    title="A template cannot be read",
    help=(
        "What changes in its stacks is unknown. Mend the template; where only the deployed side "
        "cannot be read, compare with what aws cloudformation get-template prints, or review the "
        "new template as a whole. CloudFormation accepts no merge keys (<<) of YAML."
    ),
    check_comparison=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
