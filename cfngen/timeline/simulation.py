"""What becomes of pushes: when each stage is entered, and by whom others are superseded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from cfngen.timeline.effort import is_too_much
from cfngen.timeline.hours import YEAR, Hours
from cfngen.timeline.longest_waits import LongestWait, longest_waits
from cfngen.timeline.model import Durations, Model, Pipeline, Stage

HORIZON = timedelta(days=400)  # how far to look for an opening
TOO_MANY_WINDOWS = "the longest waits are not calculated: there are too many windows"


@dataclass(frozen=True)
class Supersession:
    """How a push was superseded: by which push, when, and before which stage."""

    push: int
    at: datetime
    stage: str


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
        superseded_by: the push that superseded it, if one did.
    """

    push: int
    pipeline: str
    stage: Stage
    arrived: datetime | None = None
    entered: datetime | None = None
    left: datetime | None = None
    closes: datetime | None = None
    superseded_by: Supersession | None = None

    @property
    def status(self) -> str:
        """`deploys`, `superseded` or `never`."""
        return "deploys" if self.entered else "superseded" if self.superseded_by else "never"

    @property
    def wait_ends(self) -> datetime | None:
        """When it enters its stage, or is superseded before it; `None` if it does neither."""
        if self.superseded_by and self.superseded_by.stage == self.stage.name:
            return self.superseded_by.at
        return self.entered

    @property
    def late(self) -> bool:
        """Whether it goes on after its window has closed."""
        return bool(self.left and self.closes and self.left > self.closes)


@dataclass(frozen=True)
class Timeline:
    """What becomes of some pushes, and the longest wait in the year after the first."""

    name: str
    model: Model
    durations: Durations
    pushes: tuple[datetime, ...]
    runs: tuple[Run, ...]
    longest_waits: tuple[LongestWait, ...]
    hours: dict[tuple[str, str], Hours]

    def of(self, pipeline: str, stage: str) -> list[Run]:
        """Return what becomes of each push in one stage."""
        return self._by_stage.get((pipeline, stage), [])

    @cached_property
    def _by_stage(self) -> dict[tuple[str, str], list[Run]]:
        by_stage: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            by_stage.setdefault((run.pipeline, run.stage.name), []).append(run)
        return by_stage


def simulate(model: Model, durations: Durations, pushes: Sequence[datetime], name: str) -> Timeline:
    """Return what becomes of pushes, which must be in UTC, as CodePipeline handles executions.

    One execution is in a stage at a time, but in PARALLEL mode. One that waits before a stage is
    superseded by the next that arrives there, or waits its turn in QUEUED mode (AWS page "How
    pipeline executions work"). Only the way in is gated: what has begun goes on.
    """
    ordered = tuple(sorted(set(pushes)))
    end = ordered[-1] + YEAR + HORIZON
    gated = {
        (pipeline.id, stage.name): stage.gate.hours(ordered[0] - timedelta(days=1), end)
        for pipeline in model.pipelines.values()
        for stage in pipeline.stages
        if stage.gate
    }
    machine = _Machine(model, gated)
    longest: tuple[LongestWait, ...]
    for root in model.roots:
        machine.run(root, [(push, number) for number, push in enumerate(ordered, start=1)])
    if any(is_too_much([stage.gate for _, stage in path]) for path in model.paths()):
        model = replace(model, notes=(*model.notes, TOO_MANY_WINDOWS))
        longest = ()
    else:
        longest = tuple(longest_waits(model, gated, ordered[0]))
    return Timeline(name, model, durations, ordered, tuple(machine.runs), longest, gated)


class _Machine:
    """Runs pipelines, and those that they start."""

    def __init__(self, model: Model, gated: dict[tuple[str, str], Hours]) -> None:
        self.model = model
        self.gated = gated
        self.runs: list[Run] = []

    def run(self, pipeline: Pipeline, arrivals: list[tuple[datetime, int]]) -> None:
        lost: dict[int, Supersession | None] = {}
        everybody = [number for _, number in arrivals]
        for stage in pipeline.stages:
            hours = self.gated.get((pipeline.id, stage.name))
            entered, newly_lost = _enter(stage, hours, pipeline.mode, arrivals)
            lost |= newly_lost
            if stage.deploys:
                came = {number: at for at, number in arrivals}
                self.runs += [
                    self._result(
                        pipeline, stage, hours, n, came.get(n), entered.get(n), lost.get(n)
                    )
                    for n in everybody
                ]
            minutes = timedelta(minutes=stage.minutes)
            arrivals = sorted((at + minutes, number) for number, at in entered.items())
            for child in stage.starts:
                self.run(self.model.pipelines[child], arrivals)

    def _result(
        self,
        pipeline: Pipeline,
        stage: Stage,
        hours: Hours | None,
        push: int,
        arrived: datetime | None,
        entered: datetime | None,
        superseded_by: Supersession | None,
    ) -> Run:
        left = entered + timedelta(minutes=stage.minutes) if entered else None
        closes = hours.closing(entered) if hours and entered else None
        return Run(push, pipeline.id, stage, arrived, entered, left, closes, superseded_by)


def _enter(
    stage: Stage, hours: Hours | None, mode: str, arrivals: list[tuple[datetime, int]]
) -> tuple[dict[int, datetime], dict[int, Supersession | None]]:
    """Return when each execution enters a stage, and which never do: superseded, and by whom."""
    minutes = timedelta(minutes=stage.minutes)
    entered: dict[int, datetime] = {}
    lost: dict[int, Supersession | None] = {}
    free: datetime | None = None
    for index, (at, number) in enumerate(arrivals):
        ready = at if free is None or mode == "PARALLEL" else max(at, free)
        entry = hours.entry(ready) if hours else ready
        following = arrivals[index + 1] if index + 1 < len(arrivals) else None
        overtaken = following and (entry is None or entry > following[0])
        if mode == "SUPERSEDED" and following and overtaken:
            lost[number] = Supersession(following[1], following[0], stage.name)
        elif entry is None:
            lost[number] = None
        else:
            entered[number] = entry
            free = entry + minutes
    return entered, lost
