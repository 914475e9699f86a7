"""Objects that a resource names are read, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.policies import PLACE, allowed, asking, of, one, said

from cfngen.deploy.role.handlers import actions

FOUND = ["arn:*:s3:::code/x.zip"]
BUCKET = ["arn:*:s3:::code"]
PAIR = {"S3Bucket": "code", "S3Key": "x.zip"}
SHORT = {"Bucket": "code", "Key": "x.zip"}
NAMED = [
    one("AWS::Lambda::Function", Code=PAIR),
    one("AWS::Lambda::Function", Code=PAIR | {"S3ObjectVersion": "1"}),
    one("AWS::Lambda::LayerVersion", Content=PAIR),
    one("AWS::ApiGateway::RestApi", BodyS3Location=SHORT | {"Version": "1"}),
    one("AWS::StepFunctions::StateMachine", DefinitionS3Location=SHORT),
    one("AWS::CodeCommit::Repository", Code={"S3": SHORT, "BranchName": "main"}),
    one("AWS::Synthetics::Canary", Code=PAIR),
    one("AWS::ElasticBeanstalk::ApplicationVersion", SourceBundle=PAIR),
    one("AWS::AppSync::GraphQLSchema", DefinitionS3Location="s3://code/x.zip"),
    one("AWS::CloudFormation::ModuleVersion", ModulePackage="s3://code/x.zip"),
    one("AWS::CloudFormation::ResourceVersion", SchemaHandlerPackage="s3://code/x.zip"),
    one("AWS::KafkaConnect::CustomPlugin", Location={
        "S3Location": {"BucketArn": "arn:aws:s3:::code", "FileKey": "x.zip"}
    }),
    one("AWS::ElasticLoadBalancingV2::TrustStore", CaCertificatesBundleS3Bucket="code",
        CaCertificatesBundleS3Key="x.zip"),
    one("AWS::ElasticLoadBalancingV2::TrustStoreRevocation", RevocationContents=[PAIR]),
    one("AWS::ApiGatewayV2::DomainName", MutualTlsAuthentication={
        "TruststoreUri": "s3://code/x.zip"
    }),
    one("AWS::ServiceCatalog::CloudFormationProduct", ProvisioningArtifactParameters=[
        {"Info": {"LoadTemplateFromURL": "https://code.s3.eu-west-1.amazonaws.com/x.zip"}}
    ]),
    one("AWS::SSM::Document", Attachments=[{"Key": "S3FileUrl", "Values": ["s3://code/x.zip"]}]),
    one("AWS::CloudFormation::Stack", TemplateURL="https://s3.amazonaws.com/code/x.zip"),
    one("AWS::CloudFormation::Stack", TemplateURL="https://code.s3.amazonaws.com/x.zip"),
]  # fmt: skip


@pytest.mark.parametrize("resource", NAMED, ids=lambda one: one["Type"])
def test_only_the_object_that_is_named_is_read(resource: Any) -> None:
    """Its bucket and key, however a type writes them."""
    found = of({"It": resource})
    on = allowed(found)
    assert on["s3:GetObject"] == on.get("s3:GetObjectVersion", FOUND) == FOUND
    for action in ("s3:ListBucket", "s3:GetBucketLocation"):
        assert on.get(action, BUCKET) == BUCKET
    (reading,) = (s for s in found.statements if "s3:GetObject" in s.actions)
    assert "not known" not in " ".join(reading.notes)


def test_a_bucket_of_a_named_object_is_looked_at_and_no_other() -> None:
    """Some services list it, or ask where it is."""
    resources = [one for one in NAMED if "s3:ListBucket" in actions(one["Type"])]
    assert resources
    for resource in resources:
        assert allowed(of({"It": resource}))["s3:ListBucket"] == BUCKET


@pytest.mark.parametrize(
    ("code", "arns"),
    [
        ({"S3Bucket": {"Ref": "Bucket"}, "S3Key": "x.zip"}, ["arn:*:s3:::*/x.zip"]),
        ({"S3Bucket": "code", "S3Key": {"Ref": "Key"}}, ["arn:*:s3:::code/*"]),
        (
            {"S3Bucket": {"Fn::Sub": "code-${AWS::Region}"}, "S3Key": {"Fn::Sub": "a/${Key}.zip"}},
            ["arn:*:s3:::code-*/a/*.zip"],
        ),
        (
            {"S3Bucket": {"Fn::If": ["C", "code", "other"]}, "S3Key": "x.zip"},
            ["arn:*:s3:::code/x.zip", "arn:*:s3:::other/x.zip"],
        ),
        ({"S3Bucket": {"Ref": "Mine"}, "S3Key": "x.zip"}, ["arn:*:s3:::mine/x.zip"]),
        ({"S3Bucket": "code"}, ["arn:*:s3:::code/*"]),
    ],
)
def test_what_is_not_known_of_an_object_is_a_star(code: Any, arns: list[str]) -> None:
    """A bucket of the template, a choice, or a parameter."""
    resources = {
        "Mine": one("AWS::S3::Bucket", BucketName="mine"),
        "It": one("AWS::Lambda::Function", Code=code),
    }
    found = of(resources, Parameters=asking("Bucket", "Key"))
    (reading,) = (s for s in found.statements if "s3:GetObjectVersion" in s.actions)
    assert list(reading.resources) == arns
    if code["S3Bucket"] == {"Ref": "Bucket"}:
        assert "Code.S3Bucket of It is what Bucket says: --parameter Bucket=… narrows" in said(
            found
        )


def test_a_bucket_that_is_given_is_that_bucket() -> None:
    """As all parameters are."""
    code = {"S3Bucket": {"Ref": "Bucket"}, "S3Key": "x.zip"}
    place = replace(PLACE, parameters={"Bucket": "code"})
    it = {"It": one("AWS::Lambda::Function", Code=code)}
    assert allowed(of(it, place, Parameters=asking("Bucket")))["s3:GetObject"] == FOUND


def test_code_that_is_in_the_template_is_read_from_no_bucket() -> None:
    """Nor is an API's document."""
    inline = one("AWS::Lambda::Function", Code={"ZipFile": "x = 1"})
    api = one("AWS::ApiGateway::RestApi", Body={"openapi": "3.0.1"})
    assert "s3:GetObject" not in allowed(of({"It": inline, "Api": api}))


def test_what_begins_with_a_prefix_is_read_whole() -> None:
    """An import is of many objects."""
    source = {"S3BucketSource": {"S3Bucket": "code", "S3KeyPrefix": "in/"}}
    it = one("AWS::DynamoDB::Table", ImportSourceSpecification=source)
    assert allowed(of({"It": it}))["s3:GetObject"] == ["arn:*:s3:::code/in/*"]


def test_a_bucket_of_the_template_is_read_by_its_own_type_as_before() -> None:
    """A bucket's own properties with other buckets name no objects."""
    it = one("AWS::S3::Bucket", LoggingConfiguration={"DestinationBucketName": "logs"})
    assert "arn:*:s3:::logs/*" not in allowed(of({"It": it})).get("s3:GetObject", [])
