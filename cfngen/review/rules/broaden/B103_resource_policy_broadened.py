"""The policy of a resource allows more than before."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="The policy of a resource allows more than before",
    help=(
        "The policy that is attached to a bucket, queue, key, function or the like allows a principal "
        "or an action that it did not allow before. Check that nobody outside of the account is among "
        "them unless that is meant."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html",
)
