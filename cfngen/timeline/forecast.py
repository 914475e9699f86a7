"""When the stages of a template's pipelines would deploy after pushes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cfngen.cloudformation.template import TemplateBody
from cfngen.errors import Problems
from cfngen.timeline.effort import check_effort
from cfngen.timeline.model import Durations
from cfngen.timeline.reader import read_pipelines
from cfngen.timeline.simulation import Timeline, simulate


def timeline(
    body: Any,
    pushes: Sequence[datetime],
    durations: Durations | None = None,
    *,
    name: str = "template",
) -> Timeline:
    """Return what becomes of pushes in the pipelines of a template.

    Args:
        body: the template as plain data, as `cfngen.read` gives it.
        pushes: moments at which the source changes, in UTC.
        durations: how long things take.
        name: what to call the template, and the stack in names that are made of it.

    Raises:
        Problems: it has no pipeline, or one that cannot be timed.
    """
    durations = durations or Durations()
    try:
        model = read_pipelines(TemplateBody.of(body), durations, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Problems([f"{name}: not written as CloudFormation takes it ({what})"]) from None
    check_effort(model, name)
    try:
        return simulate(model, durations, pushes, name)
    except OverflowError:
        raise Problems([f"{name}: its stages take longer than the calendar goes"]) from None
