"""Which AWS regions have what, as of a day."""

from __future__ import annotations

import pkgutil
import tomllib
from dataclasses import dataclass
from functools import cache

from cfngen.cloudformation.schema_files import schema_regions
from cfngen.errors import did_you_mean

FILE = "data/regions.toml"


@dataclass(frozen=True)
class Regions:
    """Lists of regions and of IDs of Availability Zones, and the day on which they were true."""

    as_of: str
    all: tuple[str, ...]
    codepipeline: tuple[str, ...]
    codeconnections: tuple[str, ...]
    global_bucket_names: tuple[str, ...]
    opt_in: tuple[str, ...]
    codecommit: tuple[str, ...]
    without_arm_builds: tuple[str, ...]
    zones_without_fargate: tuple[str, ...]
    zones_without_arm64_fargate: tuple[str, ...]


@cache
def regions() -> Regions:
    """Return what the data file says of regions; it names its sources."""
    # Not by importlib.resources, which costs twenty milliseconds when it is the first to be used.
    table = tomllib.loads((pkgutil.get_data(__package__, FILE) or b"").decode("utf-8"))
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return Regions(as_of=table["as_of"], **lists)


def all_regions() -> tuple[str, ...]:
    """Return the regions of all partitions, sorted.

    They are those of our list, and those of which the installed cfn-lint has schemas: one that is
    newer than the list knows newer regions.
    """
    return tuple(sorted({*regions().all, *schema_regions()}))


def pipeline_problem(region: str) -> str:
    """Return why CodePipeline cannot act in a region, or nothing."""
    available = regions()
    if region in available.codepipeline:
        return ""
    hint = did_you_mean(region, available.codepipeline)
    return f"{region!r} is no commercial region with CodePipeline, as of {available.as_of}{hint}"


def codecommit_problem(region: str) -> str:
    """Return why there can be no repository of CodeCommit's in a region, or nothing.

    >>> codecommit_problem("eu-south-2")
    "CodeCommit is not available in 'eu-south-2', as of 2026-11-25; did you mean 'eu-south-1'?"
    """
    available = regions()
    if region in available.codecommit:
        return ""
    hint = did_you_mean(region, available.codecommit)
    return f"CodeCommit is not available in {region!r}, as of {available.as_of}{hint}"


def zones_without_tasks() -> tuple[str, ...]:
    """Return the IDs of the Availability Zones where a Fargate task for ARM64 does not run."""
    return (*regions().zones_without_arm64_fargate, *regions().zones_without_fargate)
