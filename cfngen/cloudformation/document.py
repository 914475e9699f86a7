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
class Waiver:
    """Why a finding of a scanner stays as it is.

    Attributes:
        rule: the scanner and its rule, such as `checkov:CKV_AWS_115`, in which `*` is any text.
        reason: why, in whole sentences.
        origin: the line of Python that attached it, which is no part of what it says.
    """

    rule: str
    reason: str
    origin: Origin | None = field(default=None, compare=False)

    @property
    def scanner(self) -> str:
        """The scanner whose rule it is."""
        return self.rule.partition(":")[0]

    @property
    def rule_name(self) -> str:
        """The rule, as the scanner calls it."""
        return self.rule.partition(":")[2]


@dataclass(frozen=True)
class Document:
    """A template as plain data, with what does not fit into data beside it.

    `body` holds dicts, lists, strings, numbers and booleans only. `comments` maps a path in it
    to the text printed above that place. `origins` maps `(section, name)` to the line that
    added it. `waivers` maps the path of a resource, or of a place in one such as a statement, to
    what stays there although scanners find it; a path into a template that a resource carries
    goes through the property that holds it.
    """

    body: dict[str, Any]
    comments: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
    waivers: dict[tuple[str | int, ...], tuple[Waiver, ...]] = field(default_factory=dict)
