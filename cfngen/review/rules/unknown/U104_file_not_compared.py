"""A file that may be a template was not compared."""

from collections.abc import Iterator

from cfngen.review.comparison import ComparisonFacts, Doubt, UncomparedFile
from cfngen.review.rule import Hit, Rule


def check(facts: ComparisonFacts) -> Iterator[Hit]:
    """Yield the files that could hide a change."""
    for file in facts.uncompared:
        yield Hit(file.file, _message(file), section="", page="")


def _message(file: UncomparedFile) -> str:
    if file.doubt is Doubt.AMBIGUOUS:
        names = " and ".join(file.candidates)
        return f"gone, and {names} are equally like it: compare the files one by one"
    if file.doubt is Doubt.LEFT_BEHIND:
        return (
            f"in the directory that was the output directory in {file.side}, and has changed since:"
            " it was not compared"
        )
    advice = f", or accept {file.accepted_as} under [review] in the manifest, with a reason"
    return f"in {file.side}: {file.reason}{advice if file.accepted_as else ''}"


RULE = Rule(
    title="A file that may be a template was not compared",
    help=(
        "It is a link, a special file, no text, or not readable as YAML, and not the same on both "
        "sides. Replace it with a plain file, or review it yourself."
    ),
    check_comparison=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
