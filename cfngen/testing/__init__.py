"""What tests of blueprints need, ours and third parties'."""

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
    "allowed",
    "dangling",
    "of_type",
    "pairs",
    "references",
    "run_buildspec",
    "shapes",
    "statements",
    "strings",
    "unused",
]
