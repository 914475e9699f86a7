"""What becomes of pushes: when each stage is entered, and by whom others are superseded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from cfngen.timeline.effort import is_too_much
from cfngen.timeline.hours import Hours
from cfngen.timeline.model import Assumed, Model, Pipeline, Stage

# How far to look for an opening, and for the longest wait.
HORIZON, YEAR = timedelta(days=400), timedelta(days=366)
TOO_MUCH = "how long a push may wait at most is not worked out: there are too many windows"


@dataclass(frozen=True)
class Run:
    """What becomes of one push before and in one stage that deploys.

    Attributes:
        push: number of the push, from 1 on.
        pipeline: logical ID of the pipeline.
        stage: the stage.
        arrived: when the push came before the stage; `None` if it never came so far.
        entered: when it was deployed; `None` if it was not.
        left: when that was over.
        closes: when the window closes that it entered through, if there is one.
        by: the number of the push that superseded it, and when, and before which stage.
    """

    push: int
    pipeline: str
    stage: Stage
    arrived: datetime | None = None
    entered: datetime | None = None
    left: datetime | None = None
    closes: datetime | None = None
    by: tuple[int, datetime, str] | None = None

    @property
    def status(self) -> str:
        """`deploys`, `superseded` or `never`."""
        return "deploys" if self.entered else "superseded" if self.by else "never"

    @property
    def late(self) -> bool:
        """Whether it goes on after its window has closed."""
        return bool(self.left and self.closes and self.left > self.closes)


@dataclass(frozen=True)
class Longest:
    """The longest time that a push takes to a stage, and a push that takes it."""

    pipeline: str
    stage: Stage
    push: datetime
    wait: timedelta | None  # none: it never gets there


@dataclass(frozen=True)
class Timeline:
    """What becomes of some pushes, and the longest wait in the year after the first."""

    name: str
    model: Model
    assumed: Assumed
    pushes: tuple[datetime, ...]
    runs: tuple[Run, ...]
    longest: tuple[Longest, ...]
    hours: dict[tuple[str, str], Hours]

    def of(self, pipeline: str, stage: str) -> list[Run]:
        """Return what becomes of each push in one stage."""
        return self._by_stage.get((pipeline, stage), [])

    @cached_property
    def _by_stage(self) -> dict[tuple[str, str], list[Run]]:
        found: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            found.setdefault((run.pipeline, run.stage.name), []).append(run)
        return found


def simulate(found: Model, assumed: Assumed, pushes: Sequence[datetime], name: str) -> Timeline:
    """Return what becomes of pushes, which must be in UTC, as CodePipeline handles executions.

    One execution is in a stage at a time, but in PARALLEL mode. One that waits before a stage is
    superseded by the next that arrives there, or waits its turn in QUEUED mode (AWS page "How
    pipeline executions work"). Only the way in is gated: what has begun goes on.
    """
    ordered = tuple(sorted(set(pushes)))
    end = ordered[-1] + YEAR + HORIZON
    gated = {
        (pipeline.id, stage.name): stage.gate.hours(ordered[0] - timedelta(days=1), end)
        for pipeline in found.pipelines.values()
        for stage in pipeline.stages
        if stage.gate
    }
    machine = _Machine(found, gated)
    longest: tuple[Longest, ...]
    for root in found.roots:
        machine.run(root, [(push, number) for number, push in enumerate(ordered, start=1)])
    if any(is_too_much([stage.gate for _, stage in path]) for path in _paths(found)):
        found = replace(found, notes=(*found.notes, TOO_MUCH))
        longest = ()
    else:
        longest = tuple(_longest(found, gated, ordered[0]))
    return Timeline(name, found, assumed, ordered, tuple(machine.runs), longest, gated)


class _Machine:
    """Runs pipelines, and those that they start."""

    def __init__(self, found: Model, gated: dict[tuple[str, str], Hours]) -> None:
        self.found = found
        self.gated = gated
        self.runs: list[Run] = []

    def run(self, pipeline: Pipeline, arrivals: list[tuple[datetime, int]]) -> None:
        lost: dict[int, tuple[int, datetime, str] | None] = {}
        everybody = [number for _, number in arrivals]
        for stage in pipeline.stages:
            hours = self.gated.get((pipeline.id, stage.name))
            entered, newly_lost = _enter(stage, hours, pipeline.mode, arrivals)
            lost |= newly_lost
            if stage.deploys:
                came = {number: at for at, number in arrivals}
                self.runs += [
                    self._told(pipeline, stage, hours, n, came.get(n), entered.get(n), lost.get(n))
                    for n in everybody
                ]
            minutes = timedelta(minutes=stage.minutes)
            arrivals = sorted((at + minutes, number) for number, at in entered.items())
            for child in stage.starts:
                self.run(self.found.pipelines[child], arrivals)

    def _told(
        self,
        pipeline: Pipeline,
        stage: Stage,
        hours: Hours | None,
        push: int,
        arrived: datetime | None,
        entered: datetime | None,
        by: tuple[int, datetime, str] | None,
    ) -> Run:
        left = entered + timedelta(minutes=stage.minutes) if entered else None
        closes = hours.closing(entered) if hours and entered else None
        return Run(push, pipeline.id, stage, arrived, entered, left, closes, by)


def _enter(
    stage: Stage, hours: Hours | None, mode: str, arrivals: list[tuple[datetime, int]]
) -> tuple[dict[int, datetime], dict[int, tuple[int, datetime, str] | None]]:
    """Return when each execution enters a stage, and which never do: superseded, and by whom."""
    minutes = timedelta(minutes=stage.minutes)
    entered: dict[int, datetime] = {}
    lost: dict[int, tuple[int, datetime, str] | None] = {}
    free: datetime | None = None
    for place, (at, number) in enumerate(arrivals):
        ready = at if free is None or mode == "PARALLEL" else max(at, free)
        entry = hours.entry(ready) if hours else ready
        following = arrivals[place + 1] if place + 1 < len(arrivals) else None
        overtaken = following and (entry is None or entry > following[0])
        if mode == "SUPERSEDED" and following and overtaken:
            lost[number] = (following[1], following[0], stage.name)
        elif entry is None:
            lost[number] = None
        else:
            entered[number] = entry
            free = entry + minutes
    return entered, lost


def _longest(
    found: Model, gated: dict[tuple[str, str], Hours], start: datetime
) -> Iterator[Longest]:
    """Yield the longest wait for each stage that deploys, for a push within a year.

    The time at which a push gets to a stage jumps where it comes too late for some window by a
    moment, and only there: so it is enough to try the pushes that come to each window as it
    closes, besides the first of the year.
    """
    told: set[tuple[str, str]] = set()
    for path in _paths(found):
        unwaited = timedelta()
        pushes = {start}
        for pipeline, stage in path:
            hours = gated.get((pipeline.id, stage.name))
            pushes |= {end - unwaited for _, end in hours.spans} if hours else set()
            unwaited += timedelta(minutes=stage.minutes)
        worst: dict[int, tuple[timedelta, datetime]] = {}
        never: dict[int, datetime] = {}
        for push in sorted(p for p in pushes if start <= p <= start + YEAR):
            at: datetime | None = push
            for place, (pipeline, stage) in enumerate(path):
                hours = gated.get((pipeline.id, stage.name))
                at = hours.entry(at) if hours and at else at
                if at is None:
                    never.setdefault(place, push)
                    continue
                if at - push > worst.get(place, (timedelta(-1), push))[0]:
                    worst[place] = (at - push, push)
                at += timedelta(minutes=stage.minutes)
        for place, (pipeline, stage) in enumerate(path):
            if not stage.deploys or (pipeline.id, stage.name) in told:
                continue
            told.add((pipeline.id, stage.name))
            if place in never:
                yield Longest(pipeline.id, stage, never[place], None)
            else:
                wait, push = worst[place]
                yield Longest(pipeline.id, stage, push, wait)


def _paths(found: Model) -> Iterator[list[tuple[Pipeline, Stage]]]:
    """Yield the stages that a push goes through, from a root to the end of each pipeline."""

    def follow(
        pipeline: Pipeline, before: list[tuple[Pipeline, Stage]]
    ) -> Iterator[list[tuple[Pipeline, Stage]]]:
        path = list(before)
        for stage in pipeline.stages:
            path.append((pipeline, stage))
            for child in stage.starts:
                yield from follow(found.pipelines[child], path)
        if any(stage.deploys for stage in pipeline.stages):
            yield path

    for root in found.roots:
        yield from follow(root, [])
