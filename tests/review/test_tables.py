"""What the review knows by a table is in it, row by row, and nothing else is."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml

from cfngen.review import review
from cfngen.review.model import Certainty, Concern
from cfngen.review.permissions.conditions import RESTRICTING, conditions, restricts
from cfngen.review.public_access.anonymous_principals import PROVIDERS

ACCOUNT = "111122223333"
ARN = f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"
# Condition keys that say whose request it is, each with an operator and a value that name somebody.
# Source: AWS page "AWS global condition context keys", and those of the services.
KEEP_OUT = {
    "aws:EC2InstanceSourceVPC": ("StringEquals", "vpc-1"),
    "aws:PrincipalAccount": ("StringEquals", ACCOUNT),
    "aws:PrincipalArn": ("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/*"),
    "aws:PrincipalIsAWSService": ("Bool", "true"),
    "aws:PrincipalOrgID": ("StringEquals", "o-1"),
    "aws:PrincipalOrgPaths": ("ForAnyValue:StringLike", "o-1/r-1/*"),
    "aws:PrincipalServiceName": ("StringEquals", "logs.amazonaws.com"),
    "aws:SourceAccount": ("StringEquals", ACCOUNT),
    "aws:SourceArn": ("ArnLike", ARN),
    "aws:SourceIp": ("IpAddress", "192.0.2.0/24"),
    "aws:SourceOrgID": ("StringEquals", "o-1"),
    "aws:SourceOrgPaths": ("ForAnyValue:StringLike", "o-1/r-1/*"),
    "aws:SourceOwner": ("StringEquals", ACCOUNT),
    "aws:SourceVpc": ("StringEquals", "vpc-1"),
    "aws:SourceVpcArn": ("ArnEquals", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-1"),
    "aws:SourceVpce": ("StringEquals", "vpce-1"),
    "aws:VpcSourceIp": ("IpAddress", "10.0.0.0/16"),
    "aws:VpceAccount": ("StringEquals", ACCOUNT),
    "aws:VpceOrgID": ("StringEquals", "o-1"),
    "aws:VpceOrgPaths": ("ForAnyValue:StringLike", "o-1/r-1/*"),
    "aws:userid": ("StringLike", "AROAEXAMPLE:*"),
    "elasticfilesystem:AccessedViaMountTarget": ("Bool", "true"),
    "kms:CallerAccount": ("StringEquals", ACCOUNT),
    "lambda:EventSourceToken": ("StringEquals", "a-token"),
    "s3:DataAccessPointAccount": ("StringEquals", ACCOUNT),
    "s3:DataAccessPointArn": ("ArnLike", f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/*"),
}
# Keys that a stranger's request has as well, or that a stranger chooses: the other global ones, and
# those of services that policies of resources are often written with.
LET_IN = [
    "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ChatbotSourceArn",
    "aws:CurrentTime", "aws:EpochTime", "aws:FederatedProvider", "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent", "aws:PrincipalServiceNamesList", "aws:PrincipalTag/team",
    "aws:PrincipalType", "aws:RequestTag/team", "aws:RequestedRegion", "aws:ResourceAccount",
    "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:ResourceTag/team", "aws:SecureTransport",
    "aws:SourceIdentity", "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent",
    "aws:ViaAWSService", "aws:referer", "aws:username", "events:detail-type", "events:source",
    "iam:PassedToService", "kms:EncryptionContext:a", "kms:GrantIsForAWSResource",
    "kms:ViaService", "s3:ExistingObjectTag/a", "s3:authType", "s3:prefix", "s3:signatureversion",
    "s3:x-amz-acl", "s3:x-amz-server-side-encryption", "sns:Endpoint", "sns:Protocol",
    "sts:ExternalId", "sts:RoleSessionName",
]  # fmt: skip


def keeps_out(operator: str, key: str, value: str, keys: tuple[str, ...] = ()) -> bool:
    """Whether a condition keeps strangers out."""
    (entries,) = conditions({operator: {key: value}})
    return restricts(entries, keys=keys)


def test_the_keys_that_keep_strangers_out_are_these() -> None:
    """One more is a decision that is made here as well, with what it says."""
    assert {key.lower() for key in KEEP_OUT} == RESTRICTING
    assert not {key.lower() for key in LET_IN} & RESTRICTING


@pytest.mark.parametrize(("key", "case"), KEEP_OUT.items())
def test_a_key_that_says_whose_request_it_is_keeps_strangers_out(
    key: str, case: tuple[str, str]
) -> None:
    """In any case of letters; not where the key may be missing, or where its value is anybody."""
    operator, value = case
    assert keeps_out(operator, key, value)
    assert keeps_out(operator, key.upper(), value)
    assert not keeps_out(f"{operator}IfExists", key, value)
    anybody = {"Bool": "false", "IpAddress": "0.0.0.0/0"}.get(operator)
    if anybody:
        assert not keeps_out(operator, key, anybody)
    else:
        assert not keeps_out("StringLike", key, "*")


@pytest.mark.parametrize("key", LET_IN)
def test_another_key_keeps_no_stranger_out(key: str) -> None:
    """Whatever is asked of it."""
    for operator, value in (("StringEquals", "x"), ("Bool", "true"), ("StringLike", "x*")):
        assert not keeps_out(operator, key, value)


@pytest.mark.parametrize(
    ("provider", "ending"),
    [(name, ending) for name, endings in PROVIDERS.items() for ending in endings],
)
def test_a_public_provider_s_customers_are_told_apart_by_its_claims(
    provider: str, ending: str
) -> None:
    """Each claim in the table tells, and none of those that all customers have."""
    keys = PROVIDERS[provider]
    assert keeps_out("StringEquals", f"{provider}{ending}", "ours", keys)
    for other in (":iss", ":amr", ":jti"):
        assert not keeps_out("StringEquals", f"{provider}{other}", "ours", keys)


# --- certainty of a loss -----------------------------------------------------------------------

CONDITION = {"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}
DEPENDS = {"Fn::If": ["C", "Delete", "Retain"]}
ENCRYPTED = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}}
PLAIN = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": False}}


def losses(before: dict[str, Any], after: dict[str, Any]) -> list[Certainty]:
    """Return how certain it is that files are lost, of a file system that changes so."""

    def template(resources: dict[str, Any]) -> str:
        body = {"Parameters": {"P": {"Type": "String"}}, "Conditions": CONDITION}
        topic = {"Type": "AWS::SNS::Topic"}
        return yaml.safe_dump({**body, "Resources": {"Other": topic, **resources}})

    found = review({"stack": template(before)}, {"stack": template(after)})
    return [one.certainty for one in found.concerns(Concern.DATA) if one.subject == "It"]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, Certainty.WILL),
        ({"DeletionPolicy": "Delete"}, Certainty.WILL),
        ({"Condition": "C"}, Certainty.MAY),
        ({"Condition": "C", "DeletionPolicy": "Delete"}, Certainty.MAY),
        ({"DeletionPolicy": DEPENDS}, Certainty.MAY),
        ({"DeletionPolicy": "Retain"}, Certainty.MAY),
        ({"DeletionPolicy": "RetainExceptOnCreate"}, Certainty.MAY),
    ],
)
def test_a_removal_is_as_certain_as_that_there_is_something_to_remove(
    attributes: dict[str, Any], wanted: Certainty
) -> None:
    """What is there under a condition may not be there; what is kept only may be missed."""
    assert losses({"It": {**ENCRYPTED, **attributes}}, {}) == [wanted]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, Certainty.WILL),
        ({"UpdateReplacePolicy": "Delete"}, Certainty.WILL),
        ({"UpdateReplacePolicy": DEPENDS}, Certainty.MAY),
        ({"DeletionPolicy": "Retain"}, Certainty.WILL),
    ],
)
def test_a_replacement_loses_what_its_own_policy_says(
    attributes: dict[str, Any], wanted: Certainty
) -> None:
    """The policy for replacements counts, and none that is for removals."""
    before, after = ({"It": {**one, **attributes}} for one in (PLAIN, ENCRYPTED))
    assert losses(before, after) == [wanted]


def test_a_condition_that_comes_may_take_the_resource_away() -> None:
    """A resource that depends on a condition now may be deleted, and one that did goes on."""
    plain, conditional = {"It": PLAIN}, {"It": {**PLAIN, "Condition": "C"}}
    assert losses(plain, conditional) == [Certainty.MAY]
    for one, two in itertools.product((conditional, plain), repeat=2):
        if one is two or two is plain:
            assert losses(one, two) == []
