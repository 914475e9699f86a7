"""Which options cannot be combined, as their dataclasses report."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cfngen.errors import BlueprintError


def problems_of(options: Any) -> list[str]:
    """Return which options cannot be combined or are invalid, a line each.

    A dataclass of options says so in a method `problems(self) -> Iterable[str]`, and so may each
    dataclass that it is made of. Every one of them is called, so none may rely on another having
    nothing to report. A line begins with the field that it is about; for a nested dataclass, its
    path is put before it.

    Example:
        >>> @dataclasses.dataclass(frozen=True)
        ... class Zone:
        ...     size: int = 24
        ...
        ...     def problems(self) -> Iterable[str]:
        ...         if self.size > 28:
        ...             yield f"size = {self.size}: 28 at most"
        >>> @dataclasses.dataclass(frozen=True)
        ... class Options:
        ...     zones: tuple[Zone, ...] = ()
        >>> problems_of(Options(zones=(Zone(), Zone(30))))
        ['zones[1].size = 30: 28 at most']

    Raises:
        BlueprintError: `problems` cannot be called without arguments, or returns one text.
    """
    return list(dict.fromkeys(_combined(options, ())))


def key_of(steps: Iterable[str | int]) -> str:
    """Return a place in a table as it would be written: `subnets[0].zone`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(parts).removeprefix(".")


def _combined(value: Any, steps: tuple[str | int, ...]) -> Iterator[str]:
    """Yield the problems of the dataclasses that a value is made of, the innermost first."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _combined(item, (*steps, key))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _combined(item, (*steps, number))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _combined(getattr(value, field.name), (*steps, field.name))
        check = getattr(type(value), "problems", None)
        if inspect.isfunction(check):
            for problem in _called(check, value):
                yield placed(type(value), steps, problem)


def _called(check: Callable[[Any], Iterable[str]], value: Any) -> Iterable[str]:
    where = f"{check.__module__}.{check.__qualname__}"
    try:
        inspect.signature(check).bind(value)
    except TypeError:
        raise BlueprintError(
            f"{where}: cfngen calls it to learn which options cannot be combined, so it takes no"
            " arguments besides self; give it another name if it is for something else"
        ) from None
    problems = check(value)
    if isinstance(problems, str) or not isinstance(problems, Iterable):
        raise BlueprintError(f"{where}: must return several texts, not {problems!r}")
    return problems


def placed(kind: type[Any], steps: tuple[str | int, ...], problem: str) -> str:
    """Return a problem of a part with the part's place: `zones[1].size: 28 at most`."""
    if not steps:
        return problem
    first = re.match(r"\w*", problem)
    named = first is not None and first[0] in {field.name for field in dataclasses.fields(kind)}
    return f"{key_of(steps)}{'.' if named else ': '}{problem}"
