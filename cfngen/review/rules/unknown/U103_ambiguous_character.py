"""The text has a character that parsers of YAML read differently."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="The text has a character that parsers of YAML read differently",
    help=(
        "YAML 1.1 ends a line at some characters that YAML 1.2 and editors show as a part of it, so "
        "that a comment may hide a value. Write the character as an escape, in double quotes."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
