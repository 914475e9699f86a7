"""The data file of regions agrees with what is installed, as far as that knows."""

from __future__ import annotations

import re
from pathlib import Path

import boto3
import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from cfngen.cloudformation import schema_files
from cfngen.cloudformation.regions import (
    all_regions,
    codecommit_problem,
    pipeline_problem,
    regions,
    zones_without_tasks,
)

ROOT = Path(__file__).parents[2]


def test_each_list_is_sorted_and_dated() -> None:
    """So that a change of the file reads well."""
    known = regions()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", known.as_of)
    for listed in (
        *(known.codepipeline, known.codeconnections, known.opt_in, known.codecommit),
        *(known.without_arm_builds, known.zones_without_fargate, known.zones_without_arm64_fargate),
    ):
        assert list(listed) == sorted(set(listed))


def test_codepipeline_is_where_the_sdk_finds_it() -> None:
    """The endpoints in botocore, of the commercial partition."""
    found = boto3.session.Session().get_available_regions("codepipeline")
    assert set(regions().codepipeline) == set(found)


def test_codeconnections_is_where_the_registry_has_connections() -> None:
    """Of the regions with CodePipeline."""
    kind = "AWS::CodeConnections::Connection"
    having = {r for r in REGIONS if kind in PROVIDER_SCHEMA_MANAGER.get_resource_types(r)}
    assert set(regions().codeconnections) == having & set(regions().codepipeline)


def test_the_regions_are_those_the_linter_lints_for() -> None:
    """Every region that cfn-lint takes is taken, and no other; ours are listed, not scraped."""
    assert set(all_regions()) == set(regions().all) == set(REGIONS)
    assert list(regions().all) == sorted(set(regions().all))


def test_a_newer_linter_brings_newer_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for our list to deploy where cfn-lint has schemas already."""
    newer = {*schema_files.schema_regions(), "mars-north-1"}
    monkeypatch.setattr("cfngen.cloudformation.regions.schema_regions", lambda: newer)
    assert "mars-north-1" in all_regions()


def test_a_region_that_is_nearly_one_is_guessed() -> None:
    """The message says as of when the list is."""
    assert pipeline_problem("eu-west-1") == ""
    assert "did you mean 'eu-west-1'?" in pipeline_problem("eu-west1")
    assert regions().as_of in pipeline_problem("eu-west1")


def of_every_partition(service: str) -> set[str]:
    """Return where botocore has endpoints of a service."""
    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    return {r for p in partitions for r in session.get_available_regions(service, p)}


def test_codecommit_is_where_the_sdk_finds_it() -> None:
    """The endpoints in botocore, of every partition; another region is a problem in a sentence."""
    assert set(regions().codecommit) == of_every_partition("codecommit")
    assert codecommit_problem("eu-west-1") == ""
    assert regions().as_of in codecommit_problem("eu-south-2")


def test_builds_on_arm_are_missed_only_where_codebuild_is() -> None:
    """A stack elsewhere is refused for CodeBuild itself, and in words that say so."""
    assert set(regions().without_arm_builds) < of_every_partition("codebuild")


@pytest.mark.parametrize("blueprint", ["fargate_mirror", "branch_builder"])
def test_the_subnets_of_a_readme_are_in_zones_with_fargate(blueprint: str) -> None:
    """Its query leaves out every zone of the commercial partition that the data file does."""
    page = (ROOT / "blueprints" / blueprint / "README.md").read_text()
    (query,) = re.findall(r"\?!contains\(`\[(.*?)\]`, AvailabilityZoneId\)", page)
    left_out = {zone.strip('"') for zone in query.split(",")}
    assert left_out == {zone for zone in zones_without_tasks() if not zone.startswith("cn")}
