"""A timeline for a terminal: what becomes of each push, and a drawing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cfngen.timeline.clock import DAYS, in_utc, length, on_clocks
from cfngen.timeline.model import NOTHING_DEPLOYS, Pipeline, Stage
from cfngen.timeline.simulation import Run, Timeline

Style = Callable[..., str]

WIDTH = 100
HOUR = timedelta(hours=1)
# Minutes that a column may stand for, so that days begin with one.
STEPS = (15, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
CLOSED, OPEN, WAITS, DEPLOYS, LOST = " ", "░", "·", "█", "✕"


def as_text(timeline: Timeline, style: Style) -> str:
    """Return a timeline for a person; `style` colours text if there is a terminal."""
    lines = [
        *_pipelines(timeline, style),
        *_pushes(timeline, style),
        *_drawing(timeline, style),
        *_longest(timeline, style),
        *_small_print(timeline, style),
    ]
    return "".join(f"{line}".rstrip() + "\n" for line in lines)


def deploying(timeline: Timeline) -> list[tuple[Pipeline, Stage]]:
    """Return the stages that deploy, each with its pipeline, in order."""
    pipelines = timeline.model.pipelines.values()
    return [(p, stage) for p in pipelines for stage in p.stages if stage.deploys]


def row_name(timeline: Timeline, pipeline: Pipeline, stage: Stage) -> str:
    """Return what a stage is called: by itself, if that is enough to know it by."""
    alone = sum(other.name == stage.name for _, other in deploying(timeline)) == 1
    return stage.name if alone else f"{pipeline.name} {stage.name}"


def extent(timeline: Timeline) -> tuple[datetime, datetime]:
    """Return from when to when there is something to draw, whole hours."""
    moments = list(timeline.pushes)
    for run in timeline.runs:
        moments += [
            m
            for m in (run.left, run.closes, run.superseded_by.at if run.superseded_by else None)
            if m
        ]
    start = min(moments).replace(minute=0) - HOUR
    return start, max(moments).replace(minute=0) + 2 * HOUR


def _pipelines(timeline: Timeline, style: Style) -> Iterator[str]:
    for pipeline in timeline.model.pipelines.values():
        stages = " → ".join(stage.name for stage in pipeline.stages)
        yield f"{style(pipeline.name, bold=True)}  {pipeline.mode}"
        yield from _wrapped(stages, " → ", "  ")


def _pushes(timeline: Timeline, style: Style) -> Iterator[str]:
    rows = {number: list[tuple[str, ...]]() for number in range(1, len(timeline.pushes) + 1)}
    for pipeline, stage in deploying(timeline):
        for run in timeline.of(pipeline.id, stage.name):
            rows[run.push].append(_row(timeline, pipeline, run))
    widths = [
        max((len(r[n]) for pushed in rows.values() for r in pushed), default=0) for n in (0, 1)
    ]
    for number, push in enumerate(timeline.pushes, start=1):
        yield ""
        yield f"{style(f'push {number}', bold=True)}  {in_utc(push)}"
        for name, where, when in rows[number]:
            yield f"  {name:<{widths[0]}}  {where:<{widths[1]}}  {when}"


def _row(timeline: Timeline, pipeline: Pipeline, run: Run) -> tuple[str, str, str]:
    regions = run.stage.regions
    where = ", ".join(regions) if len(regions) < 3 else f"{regions[0]} and {len(regions) - 1} more"
    when = "never: its window does not open"
    if lost := run.superseded_by:
        # Reported once, where it happened; the stages behind just have nothing.
        here = run.arrived is not None and lost.stage == run.stage.name
        when = f"superseded by push {lost.push}, {in_utc(lost.at)}" if here else "superseded before"
        if not here and _first(timeline, run):
            when = f"superseded by push {lost.push} before {lost.stage}, {in_utc(lost.at)}"
    elif run.entered:
        push = timeline.pushes[run.push - 1]
        local = on_clocks(run.entered, run.stage.gate.zone)
        local = "" if run.stage.gate.zone == "UTC" else f"  {local}"
        when = f"{in_utc(run.entered)}{local}  after {length(run.entered - push)}"
        if run.late and run.closes:
            when += f", past {run.closes:%H:%M}"
    return row_name(timeline, pipeline, run.stage), where, when


def _first(timeline: Timeline, run: Run) -> bool:
    """Whether a run is the first of its push in its pipeline that came to nothing."""
    runs = (r for r in timeline.runs if (r.push, r.pipeline) == (run.push, run.pipeline))
    return next(r for r in runs if r.superseded_by) is run


def _drawing(timeline: Timeline, style: Style) -> Iterator[str]:
    if not timeline.model.deploys:
        yield ""
        yield NOTHING_DEPLOYS
        return
    rows = deploying(timeline)
    names = [row_name(timeline, pipeline, stage) for pipeline, stage in rows]
    gutter = min(max(map(len, names), default=0), 30) + 4
    start, end = extent(timeline)
    columns = WIDTH - gutter
    # One column less, since the first begins with a whole number of them in the day.
    shortest = (end - start) / timedelta(minutes=columns - 1)
    days = STEPS[-1] * -int(-shortest // STEPS[-1])
    step = next((minutes for minutes in STEPS if minutes >= shortest), days)
    column = timedelta(minutes=step)
    start -= timedelta(minutes=(start.hour * 60 + start.minute) % step)
    count = -int((start - end) // column)
    yield ""
    yield " " * gutter + _axis(start, column, count)
    for name, (pipeline, stage) in zip(names, rows, strict=True):
        cells = [_cell(timeline, pipeline, stage, start + n * column, column) for n in range(count)]
        colours = {OPEN: "blue", DEPLOYS: "green", LOST: "red"}
        drawn = "".join(style(cell, fg=colours.get(cell)) for cell in cells)
        yield f"  {name[:30]:<{gutter - 2}}{drawn}"
    yield (
        f"{' ' * gutter}{style(OPEN, fg='blue')} open  {WAITS} waits"
        f"  {style(DEPLOYS, fg='green')} deploys  {style(LOST, fg='red')} superseded"
        f"  a column is {length(column)}"
    )


def _cell(
    timeline: Timeline, pipeline: Pipeline, stage: Stage, start: datetime, step: timedelta
) -> str:
    end = start + step
    cell = CLOSED
    hours = timeline.hours.get((pipeline.id, stage.name))
    entry = hours.entry(start) if hours else None
    if entry and entry < end:
        cell = OPEN
    for run in timeline.of(pipeline.id, stage.name):
        if run.entered and run.left and run.entered < end and start < run.left:
            return DEPLOYS
        if run.arrived is None:
            continue
        until = run.wait_ends
        if run.superseded_by and until and start <= until < end:
            cell = LOST
        elif cell == CLOSED and run.arrived < end and (until is None or start < until):
            cell = WAITS
    return cell


def _axis(start: datetime, column: timedelta, count: int) -> str:
    """Return the days above the columns at which they begin, where there is room for them."""
    line = ""
    for number in range(count):
        moment = start + number * column
        if number and moment.date() == (moment - column).date():
            continue
        text = f"|{DAYS[moment.weekday()]} {moment:%m-%d}"
        tomorrow = moment.replace(hour=0, minute=0) + timedelta(days=1)
        squeezed = not number and (tomorrow - moment) / column <= len(text)
        if len(line) < number + (not number) and number + len(text) <= count and not squeezed:
            line = line.ljust(number) + text
    return line


def _longest(timeline: Timeline, style: Style) -> Iterator[str]:
    if not timeline.longest_waits:
        return
    names = {
        (pipeline.id, stage.name): row_name(timeline, pipeline, stage)
        for pipeline, stage in deploying(timeline)
    }
    width = max(map(len, names.values()))
    yield ""
    yield style("longest wait from a push, in the year after the first", bold=True)
    for longest in timeline.longest_waits:
        name = names[longest.pipeline, longest.stage.name]
        wait = length(longest.wait) if longest.wait is not None else "never deployed"
        yield f"  {name:<{width}}  {wait:<18}  for one on {in_utc(longest.push)}"


def _small_print(timeline: Timeline, style: Style) -> Iterator[str]:
    durations = timeline.durations
    yield ""
    yield style("assumptions", bold=True)
    yield (
        f"  a build takes {durations.build} min, a deployment stage {durations.deploy} min plus its"
        f" bake time, an approval {durations.approval} min"
    )
    for note in timeline.model.notes:
        yield from _wrapped(note, " ", "  ")


def _wrapped(text: str, separator: str, indent: str) -> Iterator[str]:
    """Yield text in lines of the terminal's width, cut at separators."""
    line = ""
    for part in text.split(separator):
        longer = f"{line}{separator}{part}" if line else part
        if len(indent) + len(longer) > WIDTH and line:
            yield f"{indent}{line}"
            longer = part
        line = longer
    yield f"{indent}{line}"
