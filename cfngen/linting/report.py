"""What the linter found in some templates, as the formats print it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cfngen.linting.lint import Finding


def unstyled(text: str, **_attributes: object) -> str:
    """Return a text as it is: the style of what is not a terminal."""
    return text


@dataclass(frozen=True)
class Report:
    """Findings, and what a format may want to know beside them.

    Args:
        findings: in the order in which they are printed, those of one template together.
        templates: the names of all templates that were linted, those without a finding as well.
        version: the version of cfngen.
        style: a function such as `click.style(text, fg=..., bold=...)`, for what people read.
    """

    findings: Sequence[Finding]
    templates: Sequence[str] = ()
    version: str = ""
    style: Callable[..., str] = unstyled
