"""No template was found on one side."""

from collections.abc import Iterator

from cfngen.review.comparison import ComparisonFacts, EmptySide, some_directories
from cfngen.review.rule import Hit, Rule


def check(facts: ComparisonFacts) -> Iterator[Hit]:
    """Yield the sides without a template, which may not be what they seem."""
    for side in facts.empty:
        message = f"no template was compared: {side.described} has none, {_doubt(side)}"
        yield Hit(side.directory, message, section="", page="")


def _doubt(side: EmptySide) -> str:
    if side.elsewhere:
        return f"although it has templates in {some_directories(side.elsewhere)}"
    if side.other:
        return f"and {side.other} has {side.count}"
    return "although it has a manifest: are its templates not committed?"


RULE = Rule(
    title="No template was found on one side",
    help=(
        "A comparison with nothing says nothing. Check the revision, the directory and the path; "
        "templates that are not committed are not in a revision."
    ),
    check_comparison=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
