"""Which line of a blueprint is running."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import troposphere

import cfngen
from cfngen.cloudformation.document import Origin

# What is nobody's blueprint: cfngen, and troposphere below it.
LIBRARIES = tuple(
    str(Path(module).resolve().parent) + os.sep
    for module in (cfngen.__file__, str(troposphere.__file__))
)


def caller() -> Origin:
    """Return the first line outside cfngen and troposphere that led here."""
    frame = sys._getframe(1)  # noqa: SLF001 - what `inspect` uses, too, without its cost
    while frame.f_back and _resolved(frame.f_code.co_filename).startswith(LIBRARIES):
        frame = frame.f_back
    return Origin(_resolved(frame.f_code.co_filename), frame.f_lineno)


@cache
def _resolved(file: str) -> str:
    return str(Path(file).resolve())
