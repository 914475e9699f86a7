"""Policies read as sentences, and refuse to hide what they grant."""

import pytest
from awacs import codecommit, s3
from awacs.aws import Action
from troposphere import GetAtt

from cfngen import allow, deny, policy_document, trust
from cfngen.errors import PolicyError


def test_a_sentence_becomes_a_statement_in_reading_order() -> None:
    """`allow` gives effect, actions as AWS spells them, and resources, in this order."""
    statement = allow(codecommit.GitPull, codecommit.GitPush, on=["arn:x", "arn:y"])
    assert list(statement.items()) == [
        ("Effect", "Allow"),
        ("Action", ["codecommit:GitPull", "codecommit:GitPush"]),
        ("Resource", ["arn:x", "arn:y"]),
    ]


@pytest.mark.parametrize("on", ["arn:x", ["arn:x"], ("arn:x",)])
def test_one_action_and_one_resource_stand_alone(on: object) -> None:
    """One is written as one, however it was given."""
    assert dict(allow(codecommit.GitPull, on=on)) == {
        "Effect": "Allow",
        "Action": "codecommit:GitPull",
        "Resource": "arn:x",
    }


def test_conditions_principals_and_sids_are_written_when_given() -> None:
    """A resource policy's statement has a principal, a condition and a Sid."""
    statement = allow(
        s3.GetObject, on=["a", "b"], when={"Bool": {"x": "y"}}, to={"AWS": "1"}, sid="One"
    )
    assert list(statement) == ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]


@pytest.mark.parametrize(
    "action", [Action("s3", "*"), Action("s3", "Get*"), Action("*"), "s3:Put*"]
)
def test_a_star_in_an_allowed_action_is_refused(action: object) -> None:
    """What is granted is named, action by action."""
    with pytest.raises(PolicyError, match="name the actions"):
        allow(action, on="arn:x")


def test_a_star_that_aws_documents_as_the_minimum_names_the_page() -> None:
    """And the template shows it, below the reason; a page that is no address is none."""
    page = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets.html"
    made = allow("cloudformation:*", on="*", reason="AWS documents no less.", page=page)
    assert made.reason == f"AWS documents no less.\n{page}"
    with pytest.raises(PolicyError, match="a star hides what is granted"):
        allow("cloudformation:*", on="*", reason="x", page="somewhere")
    with pytest.raises(PolicyError, match="and reason="):
        allow("cloudformation:*", on="*", page=page)


def test_a_star_in_a_denied_action_is_fine() -> None:
    """A Deny may sweep."""
    assert deny("s3:*", on="*")["Action"] == "s3:*"


@pytest.mark.parametrize("on", ["*", ["arn:x", "*"]])
def test_every_resource_at_once_needs_a_reason(on: object) -> None:
    """`on="*"` says reason=, or is refused."""
    with pytest.raises(PolicyError, match="reason="):
        allow(s3.GetObject, on=on)
    assert allow(s3.GetObject, on=on, reason="No names to grant by.").reason


def test_a_resource_by_reference_is_no_star() -> None:
    """A GetAtt is a resource like any other."""
    assert allow(s3.GetObject, on=GetAtt("Bucket", "Arn"))["Resource"]


def test_a_sentence_without_a_verb_is_refused() -> None:
    """A statement names at least one action."""
    with pytest.raises(PolicyError, match="at least one"):
        allow(on="arn:x")


def test_a_policy_begins_with_its_version() -> None:
    """The version that knows variables stands first."""
    assert list(policy_document(deny("s3:*", on="*"))) == ["Version", "Statement"]
    assert policy_document()["Version"] == "2012-10-17"


def test_trust_names_one_service() -> None:
    """A trust policy lets one service assume the role, under conditions."""
    (statement,) = trust("codebuild", {"StringEquals": {"aws:SourceAccount": "1"}})["Statement"]
    assert statement["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "1"}}
    assert "Condition" not in trust("lambda")["Statement"][0]
