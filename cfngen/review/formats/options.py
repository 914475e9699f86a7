"""What whoever asks for a review in a format may want of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GITHUB = 65_536  # characters that a comment may have there


def plain(text: str, **_style: object) -> str:
    """Return a text unchanged: the style without colours."""
    return text


@dataclass(frozen=True)
class Options:
    """What a format may heed; each has its own that do not concern it.

    Attributes:
        style: a function such as `click.style(text, fg=..., bold=...)`, for terminals.
        limit: characters that a comment stays below.
        width: columns of the terminal.
        version: of cfngen, for formats that say which tool has run.
        details: whether everything that changes is shown, in templates without a finding too.
    """

    style: Callable[..., str] = plain
    limit: int = GITHUB
    width: int = 100
    version: str = ""
    details: bool = False
