"""What the template of the bucket for templates promises, asserted on it as data."""

from __future__ import annotations

from typing import Any

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

BODY: dict[str, Any] = synthesize(find("template_bucket").load(), {}).document.body


def bucket() -> tuple[str, dict[str, Any]]:
    """Return the bucket's logical ID and its properties."""
    ((name, properties),) = of_type(BODY, "AWS::S3::Bucket").items()
    return name, properties


def test_the_bucket_is_private_and_encrypted() -> None:
    """No access list and no policy can open it, and what is in it is encrypted."""
    _, properties = bucket()
    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_nothing_goes_there_without_tls() -> None:
    """The policy denies everything to everybody whose connection is not encrypted."""
    name, _ = bucket()
    (policy,) = of_type(BODY, "AWS::S3::BucketPolicy").values()
    assert policy["Bucket"] == {"Ref": name}
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Resource"] == [
        {"Fn::GetAtt": [name, "Arn"]},
        {"Fn::Sub": f"${{{name}.Arn}}/*"},
    ]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_templates_expire() -> None:
    """Every object does, after as many days as the parameter says, and unfinished uploads do."""
    _, properties = bucket()
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == {"Ref": "TemplateDays"}
    assert not {"Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & set(rule)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_days_are_a_number_that_s3_takes() -> None:
    """A day at least, a week unless the parameter says otherwise."""
    days = BODY["Parameters"]["TemplateDays"]
    assert (days["Type"], days["MinValue"], days["Default"]) == ("Number", 1, 7)


def test_no_version_of_a_template_is_kept() -> None:
    """An older one would outlive the expiry, and keep the bucket from being deleted."""
    assert "VersioningConfiguration" not in bucket()[1]


def test_the_bucket_goes_with_the_stack() -> None:
    """Nothing in it is the only copy."""
    resource = BODY["Resources"][bucket()[0]]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_the_output_is_what_the_command_takes() -> None:
    """`--s3-bucket` wants the bucket's name, not its ARN or address."""
    assert BODY["Outputs"]["TemplateBucket"]["Value"] == {"Ref": bucket()[0]}
