"""A part of a template was not inspected, and it differs."""

from collections.abc import Iterator

from cfngen.review.facts import Facts
from cfngen.review.rule import Hit, Rule


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the parts that nobody can look into, that differ, and that are not accepted."""
    for part in facts.opaque:
        was, now = part.before, part.after
        state = "is new here" if was is None else "was removed" if now is None else "has changed"
        advice = f"{part.either.advice}, or " if part.either.advice and now else ""
        yield Hit(
            part.either.subject,
            f"{part.either.description} {state} and was not inspected: {advice}accept {part.name}"
            " under [review] in the manifest, with a reason",
            section=part.either.section,
            page="",
        )


RULE = Rule(
    title="A part of a template was not inspected, and it differs",
    help=(
        "A nested template that is fetched from elsewhere, the output of a macro, a module: the "
        "review has no text of it. Put it where the review can read it, review it yourself, or accept "
        "it by its name under [review] in the manifest, with a reason."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html",
)
