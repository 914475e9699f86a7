"""Functions that create resources with safe defaults; they return them and change no template.

What a module of this folder lists in its `__all__` can be imported from here. Names are loaded when
they are first used. Type checkers read `__init__.pyi`, which is made by
`python tests/support/pattern_pages.py`.
"""

from __future__ import annotations

import sys

from cfngen.lazy import lazy_names

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


def _modules() -> dict[str, str]:
    from cfngen.patterns._exports import homes

    return {name: f"cfngen.patterns.{module}" for name, module in homes().items()}


__getattr__, __dir__ = lazy_names(__name__, _modules)
