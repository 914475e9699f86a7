"""The evaluation of policies that other tests rest on: each rule of IAM's, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from support.policy_evaluation import UnknownPolicyError, allowed, like

BUCKET = "arn:aws:s3:::acme-artifacts"
OURS = {"aws:ResourceAccount": "123456789012"}


def statement(effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """Return a statement on what is in a bucket."""
    usual: dict[str, Any] = {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    if "NotAction" in more:
        del usual["Action"]
    if "NotResource" in more:
        del usual["Resource"]
    return {"Effect": effect, **usual, **more}


def when(operator: str, key: str = "aws:ResourceAccount", *values: str) -> dict[str, Any]:
    """Return a statement with one condition."""
    return statement(Condition={operator: {key: list(values) or ["123456789012"]}})


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], bool]] = {
    "nothing is allowed by nothing": ([], {}, False),
    "what is named": ([statement()], {}, True),
    "in other letters": ([statement(Action="S3:getobject")], {}, True),
    "with a star": ([statement(Action=["s3:Get*"])], {}, True),
    "a denial wins": ([statement(), statement("Deny", Action="s3:*", Resource="*")], {}, False),
    "a denial of all but this": ([statement(), statement("Deny", NotAction="s3:Get*")], {}, True),
    "a denial of another": ([statement(), statement("Deny", Resource=BUCKET)], {}, True),
    "a denial of all but others": (
        [statement(), statement("Deny", NotResource=f"{BUCKET}/y")], {}, False,
    ),
    "a condition that holds": ([when("StringEquals")], OURS, True),
    "a key in other letters": ([when("StringEquals", "AWS:resourceaccount")], OURS, True),
    "a condition that does not": (
        [when("StringEquals")], {"aws:ResourceAccount": "999999999999"}, False,
    ),
    "a key that is missing": ([when("StringEquals")], {}, False),
    "a key that may be missing": ([when("StringEqualsIfExists")], {}, True),
    "a missing key is unequal": ([when("StringNotEquals")], {}, True),
    "a key that has to be missing": ([when("Null", "aws:x", "true")], {}, True),
    "a key that must not be missing": ([when("Null", "aws:x", "false")], {}, False),
    "two conditions, of which one fails": (
        [statement(Condition={"StringEquals": OURS, "Bool": {"aws:SecureTransport": "true"}})],
        {**OURS, "aws:SecureTransport": "false"},
        False,
    ),
    "any of several values": ([when("StringLike", "aws:x", "a*", "b*")], {"aws:x": "bc"}, True),
    "none of several values": (
        [when("StringNotLike", "aws:x", "a*", "b*")], {"aws:x": "bc"}, False,
    ),
    "all of the request's values": (
        [when("ForAllValues:StringEquals", "aws:TagKeys", "a")], {"aws:TagKeys": ["a", "b"]}, False,
    ),
    "one of the request's values": (
        [when("ForAnyValue:StringEquals", "aws:TagKeys", "a")], {"aws:TagKeys": ["a", "b"]}, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "context", "expected"), CASES.values(), ids=CASES)
def test_statements_are_evaluated_as_iam_does(
    statements: list[dict[str, Any]], context: dict[str, Any], *, expected: bool
) -> None:
    """An explicit denial wins, a missing key fails what is positive, and nothing is allowed."""
    assert allowed(statements, "s3:GetObject", f"{BUCKET}/x", context) is expected


@pytest.mark.parametrize(
    "strange",
    [
        statement(Principal={"AWS": "*"}),
        when("NumericLessThan", "s3:max-keys", "10"),
        when("ForNoValue:StringEquals"),
        statement(Resource=f"{BUCKET}/${{aws:username}}/*"),
    ],
)
def test_what_is_not_known_is_refused(strange: dict[str, Any]) -> None:
    """An answer that left it aside would be worth nothing."""
    with pytest.raises(UnknownPolicyError):
        allowed([strange], "s3:GetObject", f"{BUCKET}/x", OURS)


def test_several_values_need_a_quantifier() -> None:
    """IAM's answer depends on it."""
    with pytest.raises(UnknownPolicyError):
        allowed([when("StringEquals")], "s3:GetObject", f"{BUCKET}/x", {"aws:ResourceAccount": [
            "1", "2"]})  # fmt: skip


def test_only_two_characters_of_a_pattern_are_special() -> None:
    """Brackets are brackets, and a star stands for slashes, too."""
    assert like("a/b[1].c", "a*[1]?c")
    assert not like("a1", "a[12]")
    assert not like("aXb", "a.b")


def test_a_star_stays_in_its_part_of_an_arn() -> None:
    """`arn:aws:s3:*` is no ARN, and so names nothing."""
    held = [statement(Action="sns:Publish", Resource="arn:aws:sns:*:123456789012:acme-*")]
    assert allowed(held, "sns:Publish", "arn:aws:sns:eu-west-1:123456789012:acme-x")
    assert not allowed(held, "sns:Publish", "arn:aws:sns:eu-west-1:9:x:123456789012:acme-x")
    assert not allowed([statement(Resource="arn:aws:s3:*")], "s3:GetObject", f"{BUCKET}/x")
