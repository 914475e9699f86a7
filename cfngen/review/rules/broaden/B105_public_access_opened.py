"""Something can be reached that could not be reached before."""

from cfngen.review.rule import Rule

RULE = Rule(
    title="Something can be reached that could not be reached before",
    help=(
        "A resource becomes reachable from the internet or by anybody: a security group, a network "
        "ACL, a bucket, a function's URL, a public address. Check that it is meant to be, and that it "
        "is guarded."
    ),
    source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/protecting-networks.html",
)
