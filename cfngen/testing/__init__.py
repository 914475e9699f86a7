"""What tests of blueprints need, ours and third parties'."""

from cfngen.linting.rule import Problem
from cfngen.linting.rules.api_limits import beyond_api
from cfngen.linting.rules.budgets import over_budget
from cfngen.testing.buildspecs import BuildRun, run_buildspec
from cfngen.testing.templates import (
    allowed,
    dangling,
    of_type,
    pairs,
    references,
    shapes,
    statements,
    strings,
    unused,
)

__all__ = [
    "BuildRun",
    "Problem",
    "allowed",
    "beyond_api",
    "dangling",
    "of_type",
    "over_budget",
    "pairs",
    "references",
    "run_buildspec",
    "shapes",
    "statements",
    "strings",
    "unused",
]
