"""When each stage of a pipeline's template would run; reads a template, knows no blueprint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from cfngen.errors import Problems
from cfngen.escaping import visible
from cfngen.timeline.effort import check_effort
from cfngen.timeline.model import Assumed, Model, Pipeline, Stage, model
from cfngen.timeline.simulation import Longest, Run, Timeline, simulate

__all__ = ["Assumed", "Timeline", "printed", "timeline"]


def timeline(
    body: Any, pushes: Sequence[datetime], assumed: Assumed | None = None, *, name: str = "template"
) -> Timeline:
    """Return what becomes of pushes in the pipelines of a template.

    Args:
        body: the template as plain data, as `cfngen.read` gives it.
        pushes: moments at which the source changes, in UTC.
        assumed: how long things take.
        name: what to call the template, and the stack in names that are made of it.

    Raises:
        Problems: it has no pipeline, or one that cannot be timed.
    """
    assumed = assumed or Assumed()
    try:
        found = model(body, assumed, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Problems([f"{name}: not written as CloudFormation has it ({what})"]) from None
    check_effort(found, name)
    try:
        return simulate(found, assumed, pushes, name)
    except OverflowError:
        raise Problems([f"{name}: its stages take longer than the calendar goes"]) from None


def printed(found: Timeline, form: str, style: Callable[..., str]) -> str:
    """Return a timeline in a form: `text`, `json`, `mermaid` or `svg`.

    Args:
        found: the timeline.
        form: which form.
        style: colours text for a terminal.
    """
    if form == "json":  # which escapes what is hidden, and keeps it
        from cfngen.timeline.formats.data import as_json

        return as_json(found)
    found = _shown(found)
    if form == "svg":
        from cfngen.timeline.formats.svg import as_svg

        return as_svg(found)
    if form == "text":
        from cfngen.timeline.formats.text import as_text

        return as_text(found, style)
    from cfngen.timeline.formats.data import as_mermaid

    return as_mermaid(found)


def _shown(value: Any) -> Any:
    """Return a timeline in whose names nothing is hidden; hours and numbers as they are."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple):
        return tuple(map(_shown, value))
    if isinstance(value, dict):
        return {_shown(key): _shown(item) for key, item in value.items()}
    if isinstance(value, Timeline | Run | Longest | Model | Pipeline | Stage):
        return replace(value, **{f.name: _shown(getattr(value, f.name)) for f in fields(value)})
    return value
