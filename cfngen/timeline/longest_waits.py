"""The longest time that a push of one year waits for each stage that deploys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cfngen.timeline.hours import YEAR, Hours
from cfngen.timeline.model import Model, Pipeline, Stage

Path = list[tuple[Pipeline, Stage]]
Gated = dict[tuple[str, str], Hours]  # by pipeline and stage


@dataclass(frozen=True)
class LongestWait:
    """The longest time that a push takes to a stage, and a push that takes it."""

    pipeline: str
    stage: Stage
    push: datetime
    wait: timedelta | None  # none: it never gets there


def longest_waits(model: Model, gated: Gated, start: datetime) -> Iterator[LongestWait]:
    """Yield the longest wait for each stage that deploys, for a push within a year.

    Args:
        model: the pipelines.
        gated: when each stage with a window or a schedule may be entered, beyond that year.
        start: when the year begins, in UTC.
    """
    done: set[tuple[str, str]] = set()
    for path in model.paths():
        worst, never = _worst(path, gated, start)
        for index, (pipeline, stage) in enumerate(path):
            if not stage.deploys or (pipeline.id, stage.name) in done:
                continue
            done.add((pipeline.id, stage.name))
            if index in never:
                yield LongestWait(pipeline.id, stage, never[index], None)
            else:
                wait, push = worst[index]
                yield LongestWait(pipeline.id, stage, push, wait)


def _worst(
    path: Path, gated: Gated, start: datetime
) -> tuple[dict[int, tuple[timedelta, datetime]], dict[int, datetime]]:
    """Return the longest wait for each stage of a path, and a push that never gets there.

    Both by the stage's index. The time at which a push gets to a stage jumps where it comes too
    late for some window by a moment, and only there: so it is enough to try the pushes that come
    to each window as it closes, besides the first of the year.
    """
    worst: dict[int, tuple[timedelta, datetime]] = {}
    never: dict[int, datetime] = {}
    for push in _pushes(path, gated, start):
        at: datetime | None = push
        for index, (pipeline, stage) in enumerate(path):
            hours = gated.get((pipeline.id, stage.name))
            at = hours.entry(at) if hours and at else at
            if at is None:
                never.setdefault(index, push)
                continue
            if at - push > worst.get(index, (timedelta(-1), push))[0]:
                worst[index] = (at - push, push)
            at += timedelta(minutes=stage.minutes)
    return worst, never


def _pushes(path: Path, gated: Gated, start: datetime) -> list[datetime]:
    """Return the pushes of a year that come to a window as it closes, and the first one."""
    unwaited = timedelta()
    pushes = {start}
    for pipeline, stage in path:
        hours = gated.get((pipeline.id, stage.name))
        pushes |= {end - unwaited for _, end in hours.spans} if hours else set()
        unwaited += timedelta(minutes=stage.minutes)
    return sorted(push for push in pushes if start <= push <= start + YEAR)
