"""Files that a template has inside by way of an address: the CDK's assets, and includes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.trees import compared, of, tree

from cfngen.review import review
from cfngen.review.model import Concern

# The CDK's assemblies

DIGEST = "0123abcd" * 8
URL = {
    "Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/cdk-hnb659fds-assets-${AWS::AccountId}"
    f"-${{AWS::Region}}/{DIGEST}.json"
}
JOINED = {
    "Fn::Join": [
        "",
        [
            "https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"},
            "/cdk-hnb659fds-assets-", {"Ref": "AWS::AccountId"}, "-", {"Ref": "AWS::Region"},
            f"/{DIGEST}.json",
        ],
    ]
}  # fmt: skip


def assembly(
    policy: str, url: object = None, *, manifest: bool = True, path: bool = False
) -> dict[str, str]:
    """Return what `cdk synth` writes for a stack with a nested one."""
    resource: dict[str, Any] = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url or URL},
    }
    if path:
        resource["Metadata"] = {"aws:asset:path": "Nested.nested.template.json"}
    assets = {
        "version": "36.0.0",
        "files": {
            DIGEST: {
                "source": {"path": "Nested.nested.template.json", "packaging": "file"},
                "destinations": {
                    "current_account-current_region": {
                        "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
                        "objectKey": f"{DIGEST}.json",
                    }
                },
            }
        },
    }
    inner = {"Resources": {"Files": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy}}}
    files = {
        "Shop.template.json": json.dumps({"Resources": {"Nested": resource}}),
        "Nested.nested.template.json": json.dumps(inner),
    }
    return files | ({"Shop.assets.json": json.dumps(assets)} if manifest else {})


@pytest.mark.parametrize(
    "how",
    [{}, {"url": JOINED}, {"manifest": False, "path": True}],
    ids=["Sub", "Join", "metadata"],
)
def test_a_nested_stack_of_the_cdk_is_reviewed(how: dict[str, Any]) -> None:
    """Which file an asset is stands in the assembly's manifest, or beside the resource."""
    sides = [tree(assembly(policy, **how), "Shop.template.json") for policy in ("Retain", "Delete")]
    found = review(sides[0], sides[1])
    assert of(found, Concern.DATA) == [("Shop/Nested", "Files")]
    assert found.stacks[0].file == "Nested.nested.template.json"


@pytest.mark.parametrize(
    "host",
    [
        "https://evil.s3.amazonaws.com",
        "https://evil.s3.${AWS::Region}.${AWS::URLSuffix}",
        "https://s3.evil.example.com",
        "https://evil.example.com/s3.${AWS::Region}.${AWS::URLSuffix}",
        "https://s3.${AWS::Region}.${AWS::URLSuffix}@evil.example.com",
        "https://s3.${AWS::Region}.${AWS::URLSuffix}/evil",
    ],
)
def test_an_address_elsewhere_is_no_asset(host: str) -> None:
    """What is said beside an address does not make a stranger's template one of ours."""
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    elsewhere = f"{host}/{bucket}/{DIGEST}.json"
    base = tree(assembly("Retain", path=True), "Shop.template.json")
    head = tree(assembly("Retain", elsewhere, path=True), "Shop.template.json")
    assert of(review(base, head), Concern.UNKNOWN) == [("Shop", "Nested")]


# Includes


def including(place: str) -> str:
    """Return a template that includes a file somewhere."""
    return place.replace(
        "INCLUDE", "Fn::Transform: {Name: AWS::Include, Parameters: {Location: ./part.yaml}}"
    )


BUCKET_PART = "DeletionPolicy: {policy}\n"
RESOURCE_PART = "Files:\n  Type: AWS::S3::Bucket\n  DeletionPolicy: {policy}\n"


@pytest.mark.parametrize(
    ("outer", "part"),
    [
        ("Resources:\n  Files:\n    Type: AWS::S3::Bucket\n    INCLUDE\n", BUCKET_PART),
        ("Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n  INCLUDE\n", RESOURCE_PART),
        (
            "Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}\nDescription: x\n",
            "Resources: {{Files: {{Type: 'AWS::S3::Bucket', DeletionPolicy: {policy}}}}}\n",
        ),
    ],
    ids=["resource", "resources", "template"],
)
def test_an_included_file_is_in_its_place(outer: str, part: str) -> None:
    """What a file of the tree says counts as if the template said it."""
    sides = [
        {"shop.yaml": including(outer), "part.yaml": part.format(policy=policy)}
        for policy in ("Retain", "Delete")
    ]
    found = compared(*sides)
    assert of(found, Concern.DATA) == [("shop", "Files")]
    assert of(found, Concern.UNKNOWN) == []
    assert compared(sides[0], sides[0]).stacks == ()
    assert compared(sides[0], sides[0]).scope.opaque == ()


def test_an_included_policy_is_read() -> None:
    """A list of policies from a file says what it says, as one in the template does."""
    role = (
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n"
        "      AssumeRolePolicyDocument: {}\n      Policies:\n        INCLUDE\n"
    )
    part = (
        "- PolicyName: p\n  PolicyDocument:\n    Statement:\n"
        "      - {Effect: Allow, Action: 's3:GetObject', Resource: '%s'}\n"
    )
    sides = [{"shop.yaml": including(role), "part.yaml": part % on} for on in ("arn:a", "*")]
    assert of(compared(*sides), Concern.BROADEN) == [("shop", "Role")]


def test_an_include_that_is_not_to_be_merged_is_unknown() -> None:
    """Of a key that is there twice, nobody knows here which counts."""
    outer = (
        "Resources:\n  Files:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n    INCLUDE\n"
    )
    sides = [
        {"shop.yaml": including(outer), "part.yaml": BUCKET_PART.format(policy=policy)}
        for policy in ("Retain", "Delete")
    ]
    assert of(compared(*sides), Concern.UNKNOWN) == [("shop", "Files")]
    assert compared(sides[0], sides[0]).scope.opaque == ("shop/Files",)
