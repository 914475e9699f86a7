"""Of a statement about all but some, one more of these is all that is gained or lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfngen.review import review
from cfngen.review.model import Concern, Effect, Extent, Grant

ROLE = "arn:aws:iam::111122223333:role/"
BUCKET = "arn:aws:s3:::b/"
Body = dict[str, Any]


def statement(effect: str = "Deny", **parts: object) -> Body:
    """Return a statement about everybody and everything in a bucket, other parts aside."""
    own = {"NotPrincipal": "Principal", "NotResource": "Resource"}
    usual: Body = {"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}*"}
    for part in own.keys() & parts.keys():
        del usual[own[part]]
    return usual | parts


def but(*names: str) -> Body:
    """Return `NotPrincipal` of some roles."""
    return {"NotPrincipal": {"AWS": [ROLE + name for name in names]}}


def unless(operator: str, key: str, *values: str) -> Body:
    """Return a condition of some values."""
    return {"Condition": {operator: {key: [*values]}}}


def template(body: Body | list[Body]) -> str:
    """Return a template with a policy of a bucket."""
    properties = {"Bucket": "b", "PolicyDocument": {"Version": "2012-10-17", "Statement": body}}
    return json.dumps(
        {"Resources": {"P": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}}
    )


def changes(old: Body | list[Body], new: Body | list[Body]) -> tuple[Extent, list[Grant]]:
    """Return what becomes of a policy, and what is gained with it."""
    result = review({"t": template(old)}, {"t": template(new)})
    (change,) = result.stacks[0].permissions
    return change.extent, list(change.gained)


@pytest.mark.parametrize(
    ("old", "new", "principal", "resource", "condition"),
    [
        (but("a"), but("a", "b"), f"{ROLE}b", f"{BUCKET}*", ""),
        ({}, but("a"), f"{ROLE}a", f"{BUCKET}*", ""),
        ({"NotResource": f"{BUCKET}x"}, {"NotResource": [f"{BUCKET}x", f"{BUCKET}y"]}, "*",
         f"{BUCKET}y", ""),
        (unless("StringNotEquals", "aws:PrincipalArn", "a"),
         unless("StringNotEquals", "aws:PrincipalArn", "a", "b"), "*", f"{BUCKET}*",
         "StringEquals aws:PrincipalArn: b"),
        (unless("ArnNotLike", "aws:PrincipalArn", f"{ROLE}a"),
         unless("ArnNotLike", "aws:PrincipalArn", f"{ROLE}a", f"{ROLE}b*"), "*", f"{BUCKET}*",
         f"ArnLike aws:PrincipalArn: {ROLE}b*"),
        (unless("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
         unless("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "192.0.2.0/24"), "*", f"{BUCKET}*",
         "IpAddress aws:SourceIp: 192.0.2.0/24"),
        ({}, unless("StringNotEqualsIfExists", "aws:PrincipalArn", "a"), "*", f"{BUCKET}*",
         "StringEquals aws:PrincipalArn: a"),
    ],
)  # fmt: skip
def test_one_more_exception_of_a_denial_is_what_is_no_longer_denied(
    old: Body, new: Body, principal: str, resource: str, condition: str
) -> None:
    """Not that the denial is gone; and the reverse takes the same away again."""
    extent, (grant,) = changes(statement(**old), statement(**new))
    assert extent is Extent.BROADENED
    assert (grant.effect, grant.principal) == (Effect.DENY, principal)
    assert (grant.resource, grant.condition) == (resource, condition)
    assert changes(statement(**new), statement(**old)) == (Extent.NARROWED, [])


def test_one_exception_less_of_a_permission_opens_nothing_to_the_internet() -> None:
    """It was open before; what is new is one role."""
    old, new = (template(statement("Allow", **but(*names))) for names in (("a", "b"), ("a",)))
    found = review({"t": old}, {"t": new})
    (finding,) = found.findings
    assert (finding.concern, finding.code) == (Concern.BROADEN, "B103")
    assert finding.message.startswith(f"{ROLE}b may s3:*")
    opened = review({"t": template(statement())}, {"t": new}).findings
    assert "B105" in {finding.code for finding in opened}


def test_what_one_denial_excepts_and_another_does_not_stays_denied() -> None:
    """Two denials with different exceptions deny all that one with both does."""
    old, *two = (
        statement(NotResource=[BUCKET + name for name in names]) for names in ("x", "xy", "xz")
    )
    assert changes(old, two) == (Extent.SAME, [])
    extent, (grant,) = changes(old, [two[0], two[0]])
    assert (extent, grant.resource) == (Extent.BROADENED, f"{BUCKET}y")


def test_a_denial_that_is_another_is_no_exception() -> None:
    """Where it denies less for another reason as well, all of it is reported."""
    old, new = statement(**but("a")), statement(**but("a", "b"), Resource=f"{BUCKET}x/*")
    _, (grant,) = changes(old, new)
    assert grant.principal == f"everybody but {ROLE}a"
    condition = unless("Bool", "aws:SecureTransport", "false")
    _, (grant,) = changes(statement(), statement(**condition))
    assert (grant.principal, grant.condition) == ("*", "")
