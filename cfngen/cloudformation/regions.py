"""Which AWS regions have what, as of a day."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cfngen.errors import did_you_mean

FILE = "data/regions.toml"


@dataclass(frozen=True)
class Regions:
    """Lists of regions, and the day on which they were true."""

    as_of: str
    codepipeline: tuple[str, ...]
    codeconnections: tuple[str, ...]
    global_bucket_names: tuple[str, ...]
    opt_in: tuple[str, ...]


@cache
def regions() -> Regions:
    """Return what is known of the commercial regions; the data file names its sources."""
    table = tomllib.loads(files("cfngen.cloudformation").joinpath(FILE).read_text(encoding="utf-8"))
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return Regions(as_of=table["as_of"], **lists)


def pipeline_problem(region: str) -> str:
    """Return why CodePipeline cannot act in a region, or nothing."""
    known = regions()
    if region in known.codepipeline:
        return ""
    hint = did_you_mean(region, known.codepipeline)
    return f"{region!r} is no commercial region with CodePipeline, as of {known.as_of}{hint}"
