"""A file that may be a template was not compared."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A file that may be a template was not compared",
    help=(
        "It is a link, a special file, no text, or not readable as YAML, and not the same on both "
        "sides. Replace it with a plain file, or review it yourself."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
