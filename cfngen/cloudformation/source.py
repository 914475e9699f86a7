"""A template's text, with the file it comes from and those beside that file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SUFFIXES = (".yaml", ".yml", ".json", ".template")  # that templates' files have
# Beside hidden folders, what programs install or make: no template is deployed from there.
ASIDE = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))


def _nothing(_path: str) -> Source | None:
    return None


@dataclass(frozen=True)
class Source:
    """One file: its text, what a person would type to open it, and what lies beside it.

    `beside` takes a path as a template would write it, relative to this file, and returns the file
    there; `None` if there is none, or none that may be read. Nothing is fetched. `is_template` is
    false where nothing but the beginning says that it is one.
    """

    text: str = field(repr=False)
    file: str = ""
    beside: Callable[[str], Source | None] = field(default=_nothing, repr=False, compare=False)
    is_template: bool = field(default=True, repr=False, compare=False)


def is_aside(folder: str) -> bool:
    """Whether a folder of that name is hidden, or has what programs install or make."""
    return folder.startswith(".") or folder in ASIDE
