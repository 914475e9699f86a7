"""A timeline in the format that a user chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from cfngen.escaping import escape_controls
from cfngen.timeline.longest_waits import LongestWait
from cfngen.timeline.model import Model, Pipeline, Stage
from cfngen.timeline.simulation import Run, Supersession, Timeline

TYPES = (LongestWait, Model, Pipeline, Run, Stage, Supersession, Timeline)


def format_timeline(timeline: Timeline, output_format: str, style: Callable[..., str]) -> str:
    """Return a timeline as `text`, `json`, `mermaid` or `svg`.

    Args:
        timeline: the timeline.
        output_format: which of them.
        style: colours text for a terminal.
    """
    if output_format == "json":  # which escapes what is hidden, and keeps it
        from cfngen.timeline.formats.data import as_json

        return as_json(timeline)
    timeline = _visible(timeline)
    if output_format == "svg":
        from cfngen.timeline.formats.svg import as_svg

        return as_svg(timeline)
    if output_format == "text":
        from cfngen.timeline.formats.text import as_text

        return as_text(timeline, style)
    from cfngen.timeline.formats.data import as_mermaid

    return as_mermaid(timeline)


def _visible(value: Any) -> Any:
    """Return a timeline in whose names nothing is hidden; hours and numbers as they are."""
    if isinstance(value, str):
        return escape_controls(value)
    if isinstance(value, tuple):
        return tuple(map(_visible, value))
    if isinstance(value, dict):
        return {_visible(key): _visible(item) for key, item in value.items()}
    if isinstance(value, TYPES):
        return replace(value, **{f.name: _visible(getattr(value, f.name)) for f in fields(value)})
    return value
