"""A part of a template was not inspected, and it differs."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="A part of a template was not inspected, and it differs",
    help=(
        "A nested template that is fetched from elsewhere, the output of a macro, a module: the "
        "review has no text of it. Put it where the review can read it, review it yourself, or accept "
        "it by its name under [review] in the manifest, with a reason."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html",
)
