"""The data file of regions agrees with what is installed, as far as that knows."""

from __future__ import annotations

import re

import boto3
import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from cfngen.cloudformation import schema_files
from cfngen.cloudformation.regions import all_regions, pipeline_problem, regions


def test_each_list_is_sorted_and_dated() -> None:
    """So that a change of the file reads well."""
    known = regions()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", known.as_of)
    for listed in (known.codepipeline, known.codeconnections, known.opt_in):
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
