"""Quotas of accounts: their codes, and what they are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore.session import Session

from cfngen.cloudformation import service_quotas
from cfngen.cloudformation.service_quotas import concurrent_builds, fargate_vcpus
from cfngen.patterns.builds import IMAGES

ROOT = Path(__file__).parents[2]


def test_each_code_is_of_one_quota() -> None:
    """They have Service Quotas' form, none is there twice, and the file says as of when."""
    data = service_quotas._data()
    codes = [code for sizes in data["codebuild"].values() for code in sizes.values()]
    codes += data["fargate"].values()
    assert all(re.fullmatch(r"L-[0-9A-F]{8}", code) for code in codes)
    assert len(set(codes)) == len(codes)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", data["as_of"])


def test_every_machine_that_patterns_take_has_a_quota() -> None:
    """All of CodeBuild's general sizes, on both processors; of others nothing is known."""
    shape = Session().get_service_model("codebuild").shape_for("ComputeType")
    sizes = [size for size in shape.enum if size.startswith("BUILD_GENERAL1_")]
    names = {
        quota.name
        for kind, _ in IMAGES.values()
        for size in sizes
        if (quota := concurrent_builds(kind, size))
    }
    assert len(names) == len(IMAGES) * len(sizes) == 10
    assert concurrent_builds("WINDOWS_CONTAINER", sizes[0]) is None
    assert concurrent_builds("ARM_CONTAINER", "BUILD_LAMBDA_1GB") is None


def test_fargate_has_a_quota_for_each_way_to_pay() -> None:
    """On demand and Spot; whatever else is called so has none."""
    assert str(fargate_vcpus()) == "Fargate On-Demand vCPU resource count (L-3032A538)"
    assert str(fargate_vcpus("FARGATE_SPOT")) == "Fargate Spot vCPU resource count (L-36FBB829)"
    assert fargate_vcpus("MINE") is None


@pytest.mark.parametrize(
    "blueprint", ["fargate_mirror", "branch_builder", "mirror_image", "worker_image"]
)
def test_a_readme_names_the_quota_before_it_deploys_anything(blueprint: str) -> None:
    """The code of builds on small ARM machines stands before the first command that deploys."""
    page = (ROOT / "blueprints" / blueprint / "README.md").read_text()
    before = page.partition("--template-file")[0]
    small = concurrent_builds("ARM_CONTAINER", "BUILD_GENERAL1_SMALL")
    assert small
    assert f"quota codebuild {small.code}" in before
