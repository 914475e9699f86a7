"""What an image as a stack of its own promises to those who run the image."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.cloudformation.schemas import is_custom
from cfngen.patterns.image_stacks import parameter_name
from cfngen.project.registry import find
from cfngen.testing import of_type

# The blueprint of the image · its template · one that runs it · how logical IDs begin.
PAIRS = [
    ("mirror_image", "mirror-image", "fargate_mirror", "Mirror"),
    ("worker_image", "worker-image", "branch_builder", "Worker"),
]
each_pair = pytest.mark.parametrize(("image", "stack", "consumer", "title"), PAIRS)
each_architecture = pytest.mark.parametrize("architecture", ["arm64", "x86_64"])


def body(blueprint: str, **options: Any) -> dict[str, Any]:
    """Return a template as data."""
    found: dict[str, Any] = synthesize(find(blueprint).load(), options).document.body
    return found


@each_pair
@each_architecture
def test_who_runs_the_image_finds_what_its_stack_has_written(
    image: str, stack: str, consumer: str, title: str, architecture: str
) -> None:
    """By the same name on both sides, which says what to deploy, and for which processor."""
    written = body(image, architecture=architecture)["Parameters"]["ImageParameter"]
    read = body(consumer, architecture=architecture)["Parameters"]["ImageParameter"]
    assert written["Default"] == read["Default"] == f"/cfngen/{stack}/{architecture}"
    assert written["Default"] == parameter_name(stack, architecture)
    assert (written["Type"], read["Type"]) == ("String", "AWS::SSM::Parameter::Value<String>")
    assert f"Deploy {stack}.yaml first" in read["Description"]


@each_pair
def test_the_uri_is_by_a_tag_that_never_moves(
    image: str, stack: str, consumer: str, title: str
) -> None:
    """It is known once the image is there, so that nobody reads the name of one that is not."""
    template = body(image)
    (stored,) = of_type(template, "AWS::SSM::Parameter").values()
    assert stored["Name"] == {"Ref": "ImageParameter"}
    assert stored["Type"] == "String", "CloudFormation resolves no SecureString"
    uri = {"Fn::Sub": f"${{{title}ImageRepository.RepositoryUri}}:${{{title}ImageVersion.Tag}}"}
    assert stored["Value"] == template["Outputs"]["ImageUri"]["Value"] == uri
    (repository,) = of_type(template, "AWS::ECR::Repository").values()
    assert repository["ImageTagMutability"] == "IMMUTABLE"


@each_pair
def test_no_click_takes_the_images_from_who_runs_them(
    image: str, stack: str, consumer: str, title: str
) -> None:
    """The repository outlives its stack and is never emptied; a failed creation leaves none."""
    repository = body(image)["Resources"][f"{title}ImageRepository"]
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    assert repository["UpdateReplacePolicy"] == "Retain"
    assert "EmptyOnDelete" not in repository["Properties"]


@each_pair
def test_who_runs_the_image_builds_nothing_and_pulls_from_one_repository(
    image: str, stack: str, consumer: str, title: str
) -> None:
    """It needs no Docker, no function and no bucket for it, and reads where the URI points."""
    template = body(consumer)
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert "AWS::ECR::Repository" not in kinds
    assert not [kind for kind in kinds if is_custom(kind)]
    assert not [name for name in template["Resources"] if name.startswith(f"{title}Image")]
    (task,) = of_type(template, "AWS::ECS::TaskDefinition").values()
    assert task["ContainerDefinitions"][0]["Image"] == {"Ref": "ImageParameter"}
    uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/image:0123456789ab-1"
    agent = resolved(template["Resources"][f"{title}AgentRole"], {"ImageParameter": uri})
    assert "arn:aws:ecr:eu-west-1:111122223333:repository/team/image" in str(agent)


@each_pair
def test_two_images_fit_in_one_account(image: str, stack: str, consumer: str, title: str) -> None:
    """Only the SSM parameter has a name, which a second stack is told."""
    named = {
        name
        for name, resource in body(image)["Resources"].items()
        if {"Name", "RepositoryName", "BucketName", "FunctionName", "RoleName"}
        & set(resource.get("Properties", {}))
    }
    assert named == {f"{title}ImageUri"}
