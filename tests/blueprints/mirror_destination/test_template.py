"""Whom the mirror's destination trusts, and with what."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.project.registry import find

BODY: dict[str, Any] = synthesize(find("mirror_destination").load(), {}).document.body
GIVEN = {
    "MirrorAccount": "111122223333",
    "MirrorStack": "mirror",
    "Repositories": "eu-*",
    "Region": "us-west-2",
}


def role() -> dict[str, Any]:
    """Return the one role, as deployed."""
    assert list(BODY["Resources"]) == ["DestinationRole"]
    found: dict[str, Any] = resolved(BODY["Resources"]["DestinationRole"]["Properties"], GIVEN)
    return found


def test_only_the_mirror_s_role_of_one_stack_is_trusted() -> None:
    """The account must be the one that was named, and the role one that this stack made."""
    (trust,) = role()["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Effect"] == "Allow"
    assert trust["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert trust["Action"] == "sts:AssumeRole"
    assert list(trust["Condition"]) == ["ArnLike"]
    assert list(trust["Condition"]["ArnLike"]) == ["aws:PrincipalArn"]
    pattern = trust["Condition"]["ArnLike"]["aws:PrincipalArn"]
    mirrors = "arn:aws:iam::111122223333:role/mirror-MirrorRole-1A2B3C4D5E6F"
    assert fnmatch.fnmatchcase(mirrors, pattern)
    for other in (
        "arn:aws:iam::444455556666:role/mirror-MirrorRole-1A2B3C4D5E6F",
        "arn:aws:iam::111122223333:role/mirror-MirrorAgentRole-1A2B3C4D5E6F",
        "arn:aws:iam::111122223333:role/mirror-StarterRole-1A2B3C4D5E6F",
        "arn:aws:iam::111122223333:role/other-MirrorRole-1A2B3C4D5E6F",
        "arn:aws:iam::111122223333:user/mirror-MirrorRole-1",
        "arn:aws:iam::111122223333:root",
    ):
        assert not fnmatch.fnmatchcase(other, pattern), other


def test_the_trusted_role_is_the_one_that_the_mirror_has() -> None:
    """Its logical ID is part of the name that CloudFormation gives it; it sets no name itself."""
    mirror = synthesize(find("fargate_mirror").load(), {}).document.body["Resources"]
    program = mirror["MirrorTask"]["Properties"]["TaskRoleArn"]
    assert program == {"Fn::GetAtt": ["MirrorRole", "Arn"]}
    assert not {"RoleName", "Path"} & set(mirror["MirrorRole"]["Properties"])


def test_a_stack_s_name_is_not_cut_short_in_its_role_s() -> None:
    """A role's name has 64 characters, of which CloudFormation takes 13 for its own ending."""
    pattern = BODY["Parameters"]["MirrorStack"]["AllowedPattern"]
    longest = max(n for n in range(1, 200) if re.fullmatch(pattern, "s" * n))
    assert longest + len("-MirrorRole-") + 12 <= 64


def test_it_may_push_to_these_repositories_and_no_more() -> None:
    """What the mirror does within its own account, in one region, by name."""
    (policy,) = role()["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert sorted(statement["Action"]) == [
        "codecommit:CreateRepository",
        "codecommit:GitPull",
        "codecommit:GitPush",
        "codecommit:UpdateDefaultBranch",
    ]
    assert statement["Resource"] == "arn:aws:codecommit:us-west-2:123456789012:eu-*"


def test_the_role_s_arn_is_told() -> None:
    """It is what the mirror's options want."""
    assert BODY["Outputs"]["RoleArn"]["Value"] == {"Fn::GetAtt": ["DestinationRole", "Arn"]}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("MirrorAccount", ["111122223333"], ["", "*", "11112222333", "arn:aws:iam::1:root"]),
        ("MirrorStack", ["mirror", "Mirror-2"], ["", "*", "mir*", "2mirror", "a_b", "s" * 40]),
        ("Repositories", ["app", "eu-*", "*", "a.b_c"], ["", "a*b", "*a", "a/b", "a b"]),
        ("Region", ["us-west-2"], ["", "*", "us-west-2a", "us"]),
    ],
)
def test_hostile_answers_are_refused_by_cloudformation(
    name: str, good: list[str], bad: list[str]
) -> None:
    """No star where one thing is meant."""
    pattern = BODY["Parameters"][name]["AllowedPattern"]
    for value in good:
        assert re.fullmatch(pattern, value), value
    for value in bad:
        assert not re.fullmatch(pattern, value), value
