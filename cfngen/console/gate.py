"""The names that a gate takes: the concerns and the codes of the review's rules."""

from __future__ import annotations

import click


def gate_names(_context: click.Context, _parameter: click.Parameter, word: str) -> list[str]:
    """Return what completes the last of several names, for the shells."""
    from cfngen.project.registry import review_rules
    from cfngen.review.model import Concern

    first, comma, last = word.rpartition(",")
    names = [*(concern.value for concern in Concern), *review_rules()]
    return [f"{first}{comma}{name}" for name in names if name.startswith(last)]
