"""The text has a character that parsers of YAML read differently."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.rule import Hit, Rule

# YAML 1.1 ends a line where YAML 1.2, and most editors, see a character of a comment.
BREAKS = "\r\x85\u2028\u2029"


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the characters that are new in a text, and that readers of YAML read differently."""
    old, new = (side.sections.text if side.sections else "" for side in (facts.before, facts.after))
    if new.lstrip()[:1] == "{":  # JSON
        return
    for character in BREAKS:
        if new.count(character) > old.count(character):
            message = (
                f"the text contains U+{ord(character):04X}, which YAML parsers read differently:"
                " write it as an escape, in quotes"
            )
            yield Hit(facts.name, message, section="", page="")


RULE = Rule(
    title="The text has a character that parsers of YAML read differently",
    help=(
        "YAML 1.1 ends a line at some characters that YAML 1.2 and editors show as a part of it, so "
        "that a comment may hide a value. Write the character as an escape, in double quotes."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
