"""Names that go on working for one release, with a warning that says the new one."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def warn_renamed(old: str, new: str, stacklevel: int = 2) -> None:
    """Warn that something goes by another name, as the caller of the caller should write it.

    Args:
        old: what was written, such as `cfngen.draw`.
        new: what to write.
        stacklevel: as of `warnings.warn`, counted from this function.
    """
    warnings.warn(f"{old} is now {new}", DeprecationWarning, stacklevel=stacklevel)


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
