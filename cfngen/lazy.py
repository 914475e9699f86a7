"""Names of a package that are imported from its modules when they are first used (PEP 562)."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` alone costs as much as starting Python; checkers know the name
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazy_names(
    package: str, modules: Callable[[], Mapping[str, str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions `__getattr__` and `__dir__` of a package.

    A name is looked up in `modules` once, and then is an attribute of the package.

    Args:
        package: the package's `__name__`.
        modules: returns the module of each public name; called when a name is first looked up.

    Example:
        >>> get, names = lazy_names("cfngen.lazy", lambda: {"dataclass": "dataclasses"})
        >>> names(), get("__all__")
        (['dataclass'], ['dataclass'])
        >>> get("dataclass").__module__
        'dataclasses'
    """

    def get(name: str) -> Any:
        if name == "__all__":
            return names()
        if name not in modules():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(modules()[name]), name)
        vars(sys.modules[package])[name] = value
        return value

    def names() -> list[str]:
        return sorted(modules())

    return get, names
