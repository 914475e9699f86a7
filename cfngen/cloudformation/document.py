"""A template as plain data, before it is text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cfngen.paths import display_path


@dataclass(frozen=True)
class Origin:
    """The line of Python that put something into a template."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return `file:line`, as editors and terminals make it clickable."""
        return f"{self.file}:{self.line}"

    def display(self) -> str:
        """Return the same with the path as a person would type it."""
        return f"{display_path(self.file)}:{self.line}" if "\0" not in self.file else str(self)


@dataclass(frozen=True)
class Document:
    """A template as plain data, with what does not fit into data beside it.

    `body` holds dicts, lists, strings, numbers and booleans only. `comments` maps a path in it
    to the text printed above that place. `origins` maps `(section, name)` to the line that
    added it.
    """

    body: dict[str, Any]
    comments: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
