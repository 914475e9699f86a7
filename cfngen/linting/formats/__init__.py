"""The formats of findings: one module each, of the format's name.

A module in this directory *is* a format; nothing lists it elsewhere. It has one function,
`render(report: Report) -> str`. `cfngen build` and `cfngen lint` take its name as `--format`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfngen.linting.report import Report

DEFAULT = "text"


def names() -> tuple[str, ...]:
    """Return the names of the formats, the default one first; none of them is imported."""
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    return (DEFAULT, *sorted(modules - {DEFAULT}))


def render(name: str, report: Report) -> str:
    """Return findings in the format of a name.

    Raises:
        ValueError: there is no such format.
    """
    if name not in names():
        raise ValueError(f"no format {name!r}; there are {', '.join(names())}")
    text: str = import_module(f"{__name__}.{name}").render(report)
    return text
