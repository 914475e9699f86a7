"""The example service: what a pipeline's build makes of it, run for real, and what it may make."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from support.cloudformation import resolved
from support.moto_server import client_environment
from support.pipelines import GIVEN
from support.policy_evaluation import listed

from cfngen import read, synthesize
from cfngen.linting.lint import Linter
from cfngen.project.registry import find
from cfngen.testing import of_type, run_buildspec, statements

EXAMPLE = Path(__file__).parents[2] / "examples" / "service-x"
REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")


def build_environment() -> dict[str, str]:
    """Return what the pipeline's template tells the build."""
    body = synthesize(find("multi_region_pipeline").load()).document.body
    (project,) = of_type(body, "AWS::CodeBuild::Project").values()
    variables = project["Environment"]["EnvironmentVariables"]
    return {found["Name"]: resolved(found["Value"], GIVEN) for found in variables}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give the folder as CodePipeline hands it to the build."""
    folder = tmp_path / "source"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def build(source: Path, url: str, **changed: str) -> Any:
    """Run the buildspec as the pipeline's project does, against AWS on loopback."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**client_environment(url), "PATH": tools, "HOME": str(source.parent)}
    text = (source / "buildspec.yml").read_text()
    return run_buildspec(text, cwd=source, env={**env, **build_environment(), **changed})


def make_buckets() -> dict[str, str]:
    """Make each region's bucket for packages; return them by label."""
    told = build_environment()
    found = {}
    for place in told["REGIONS"].split():
        label, _, region = place.partition("=")
        bucket = told[f"{label.upper()}_BUCKET"]
        where = (
            {}
            if region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        client = boto3.client("s3", region_name=region)
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket, **where)
        found[label] = bucket
    return found


def test_the_build_packages_one_template_for_each_region(source: Path, aws: str) -> None:
    """Each refers to code in its own region's bucket, below the service's name, and it is there."""
    buckets = make_buckets()
    run = build(source, aws)
    assert (run.status, run.phase) == (0, None), run.output
    made = sorted(path.name for path in (source / "packaged").iterdir())
    assert made == ["au.yaml", "eu.yaml", "us.yaml"]
    for label, bucket in buckets.items():
        template = read((source / "packaged" / f"{label}.yaml").read_text())
        code = template["Resources"]["Worker"]["Properties"]["Code"]
        assert code["S3Bucket"] == bucket
        assert code["S3Key"].startswith("service-x/")
        stored = boto3.client("s3").get_object(Bucket=bucket, Key=code["S3Key"])["Body"].read()
        assert b"index.py" in stored


def test_what_the_build_makes_is_what_the_pipeline_takes() -> None:
    """One name for each region, in the buildspec's artifacts and in the pipeline's actions."""
    artifacts = read((EXAMPLE / "buildspec.yml").read_text())["artifacts"]
    assert artifacts == {"base-directory": "packaged", "files": ["*.yaml"]}
    body = synthesize(find("multi_region_pipeline").load()).document.body
    paths = {
        action["Configuration"]["TemplatePath"]
        for stage in body["Resources"]["Pipeline"]["Properties"]["Stages"]
        for action in stage["Actions"]
        if action["Configuration"].get("ActionMode") == "CHANGE_SET_REPLACE"
    }
    assert paths == {f"Package::{label}.yaml" for label in ("eu", "us", "au")}
    asked = body["Parameters"]
    assert (EXAMPLE / asked["BuildSpecPath"]["Default"]).exists()
    assert (EXAMPLE / asked["InfrastructureTemplate"]["Default"]).exists()


def test_labels_with_dashes_find_their_buckets(source: Path, aws: str) -> None:
    """A variable's name has none: us-east is told as US_EAST_BUCKET."""
    bucket = make_buckets()["us"]
    run = build(source, aws, REGIONS="us-east=us-east-1", US_EAST_BUCKET=bucket)
    assert run.status == 0, run.output
    assert [path.name for path in (source / "packaged").iterdir()] == ["us-east.yaml"]


def test_a_build_whose_tests_fail_packages_nothing(source: Path, aws: str) -> None:
    """Broken code is not deployed anywhere."""
    make_buckets()
    with (source / "app" / "index.py").open("a") as code:
        code.write("\nhandler = None\n")
    run = build(source, aws)
    assert run.status != 0
    assert run.phase == "build"
    assert not (source / "packaged").exists()


def test_a_build_that_cannot_store_one_region_s_code_fails(source: Path, aws: str) -> None:
    """No region is left out in silence."""
    make_buckets()
    run = build(source, aws, US_BUCKET="not-there")
    assert run.status != 0
    assert "not-there" in run.output or "NoSuchBucket" in run.output


@pytest.mark.parametrize("name", ["application", "permissions", "infrastructure/template"])
def test_its_templates_lint_clean_in_every_region(name: str, linter: Linter) -> None:
    """Nothing but that the code is still a folder, which packaging turns into a place."""
    text = (EXAMPLE / f"{name}.yaml").read_text()
    findings = linter.lint(text, name, REGIONS)
    assert [f for f in findings if f.rule != "W3002"] == []
    assert (name == "application") == bool(findings)


# What the handlers of a type ask for only if a property is used that these templates do not use.
UNUSED = (
    "ec2:", "elasticfilesystem:", "s3files:", "firehose:", "s3:REST", "lambda:PassCapacity",
    "lambda:AssociateRuntimeAlias", "Concurrency", "CodeSigningConfig", "LayerVersion",
    "PutRuntimeManagement", "PutFunctionRecursion", "PutFunctionScaling", "PublishVersion",
    "DataProtectionPolicy", "IndexPolic", "ResourcePolic", "LogDelivery", "KmsKey", "Bearer",
    "DeletionProtection", "kms:",
)  # fmt: skip
# What CloudFormation's role has from the pipeline itself.
FROM_THE_PIPELINE = {"s3:GetObject", "s3:GetObjectVersion"}


@pytest.mark.parametrize(
    ("name", "policy"),
    [("infrastructure/template", "InfrastructurePolicy"), ("application", "ApplicationPolicy")],
)
def test_the_permissions_cover_what_the_templates_make(name: str, policy: str) -> None:
    """All that the types' handlers ask for, in the registry's schemas, with the role passed on."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    template = read((EXAMPLE / f"{name}.yaml").read_text())
    permissions = read((EXAMPLE / "permissions.yaml").read_text())
    granted = {
        action
        for _, statement in statements(permissions["Resources"][policy])
        for action in listed(statement["Action"])
    }
    for resource in template["Resources"].values():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", resource["Type"]).schema
        asked = {
            permission
            for moment, handler in schema["handlers"].items()
            if moment != "list"
            for permission in handler["permissions"]
            if not any(word in permission for word in UNUSED)
        }
        assert not asked - granted - FROM_THE_PIPELINE, resource["Type"]


def test_whoever_pushes_cannot_give_the_code_more_rights() -> None:
    """CloudFormation may pass one role, which no template from the repository can change."""
    permissions = read((EXAMPLE / "permissions.yaml").read_text())
    for policy in ("InfrastructurePolicy", "ApplicationPolicy"):
        for _, statement in statements(permissions["Resources"][policy]):
            for action in listed(statement["Action"]):
                if action.startswith("iam:"):
                    assert action == "iam:PassRole"
                    assert statement["Resource"] == {"Fn::GetAtt": ["WorkerRole", "Arn"]}
