"""No template was found on one side."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="No template was found on one side",
    help=(
        "A comparison with nothing says nothing. Check the revision, the directory and the path; "
        "templates that are not committed are not in a revision."
    ),
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
