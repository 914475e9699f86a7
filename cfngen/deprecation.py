"""Names that go on working for one release, with a warning that says the new one."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class RenamedWarning(DeprecationWarning):
    """Something goes by another name now; the commands show it, as Python itself would not."""


def warn_renamed(old: str, new: str, stacklevel: int = 2) -> None:
    """Warn that something goes by another name, as the caller of the caller should write it.

    Args:
        old: what was written, such as `cfngen.draw`.
        new: what to write.
        stacklevel: as of `warnings.warn`, counted from this function.
    """
    warnings.warn(f"{old} is now {new}", RenamedWarning, stacklevel=stacklevel)


def renamed_keywords(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keywords by their earlier names, each old name with its new one.

    >>> @renamed_keywords(why="reason")
    ... def note(reason: str = "") -> str:
    ...     return reason
    >>> note(why="It was asked for.")  # warns: note(why=) is now note(reason=)
    'It was asked for.'

    Raises:
        TypeError: of the function, when it is called with both names of one keyword.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: Any, **keywords: Any) -> R:
            for old, new in names.items():
                if old not in keywords:
                    continue
                where = function.__qualname__
                if new in keywords:
                    raise TypeError(f"{where}() got both {old}= and {new}=, which are the same")
                warn_renamed(f"{where}({old}=)", f"{where}({new}=)", stacklevel=3)
                keywords[new] = keywords.pop(old)
            return function(*args, **keywords)

        return call

    return decorate


def renamed_names(module: str, **names: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module in which names go by other names now.

    Args:
        module: the module's `__name__`.
        names: each earlier name with its new one.

    Raises:
        AttributeError: of the function, for a name that the module never had.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = names[name]
        warn_renamed(f"{module}.{name}", f"{module}.{new}", stacklevel=3)
        return getattr(sys.modules[module], new)

    return find


class RenamedAttribute:
    """An attribute of a class that goes by another name now, and warns when the old one is read."""

    def __init__(self, new: str) -> None:
        """Take the new name."""
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the old name from the class body."""
        self.old = name

    def __get__(self, instance: Any, owner: type) -> Any:
        """Return what the new name has, with a warning."""
        if instance is None:
            return self
        name = owner.__name__
        warn_renamed(f"{name}.{self.old}", f"{name}.{self.new}", stacklevel=3)
        return getattr(instance, self.new)
