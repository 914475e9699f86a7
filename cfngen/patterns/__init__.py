"""Functions that create resources with safe defaults; they return them and change no template.

What a module of this folder lists in its `__all__` can be imported from here. Names are loaded when
they are first used. Type checkers read `__init__.pyi`, which is made by
`python tests/support/pattern_pages.py`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` alone costs as much as starting Python; checkers know the name
if TYPE_CHECKING:
    from typing import Any


class _Package(type(sys)):
    """Keeps `patterns.webhook` the function, though a module of that name is imported, too."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, type(sys)):
            from cfngen.patterns._exports import homes

            if name in homes():
                return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    from cfngen.patterns._exports import homes

    if name == "__all__":
        return list(homes())
    if name not in homes():
        raise AttributeError(f"module 'cfngen.patterns' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"cfngen.patterns.{homes()[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from cfngen.patterns._exports import homes

    return list(homes())
