"""When each stage of a pipeline's template would run; reads a template, knows no blueprint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cfngen.timeline.model import Assumed, model
from cfngen.timeline.simulation import Timeline, simulate

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
    return simulate(model(body, assumed, name), assumed, pushes, name)


def printed(found: Timeline, form: str, style: Callable[..., str]) -> str:
    """Return a timeline in a form: `text`, `json`, `mermaid` or `svg`.

    Args:
        found: the timeline.
        form: which form.
        style: colours text for a terminal.
    """
    if form == "svg":
        from cfngen.timeline.svg import as_svg

        return as_svg(found)
    if form == "text":
        from cfngen.timeline.text import as_text

        return as_text(found, style)
    from cfngen.timeline.data import as_json, as_mermaid

    return as_json(found) if form == "json" else as_mermaid(found)
