"""What tests of blueprints need, ours and third parties'."""

from cfngen.testing.buildspecs import BuildRun, run_buildspec
from cfngen.testing.templates import allowed, of_type, references, shapes, statements, strings

__all__ = [
    "BuildRun",
    "allowed",
    "of_type",
    "references",
    "run_buildspec",
    "shapes",
    "statements",
    "strings",
]
