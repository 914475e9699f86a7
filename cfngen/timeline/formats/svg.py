"""A timeline as a picture: one SVG file that asks for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape

from cfngen.cloudformation.zones import zone
from cfngen.timeline.clock import DAYS, in_utc, iso, length, on_clocks
from cfngen.timeline.formats.text import deploying, extent, row_name
from cfngen.timeline.model import NOTHING_DEPLOYS, Pipeline, Stage
from cfngen.timeline.simulation import Run, Timeline

WIDTH, GUTTER, MARGIN, TOP, ROW = 1000, 200, 24, 118, 54
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Hours between ticks, so that they stand no closer than `CLOSE`.
TICKS, CLOSE = (1, 2, 3, 6, 12, 24, 48, 168), 46
DAY_WIDE = 90
FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
INK, FAINT, GRID, PAPER = "#1f2933", "#61707f", "#e3e8ee", "#ffffff"
HALO = f' paint-order="stroke" stroke="{PAPER}" stroke-width="3"'  # where lines cross
OPEN, WAITS, DEPLOYS, LOST = "#d7ebff", "#9aa7b4", "#14804a", "#c62828"


def as_svg(timeline: Timeline) -> str:
    """Return a timeline as an SVG picture, with a title and a description for those who hear it."""
    return "\n".join(_Picture(timeline).lines()) + "\n"


class _Picture:
    """Draws one row for each stage that deploys."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.rows = deploying(timeline)
        self.start, self.end = extent(timeline)
        self.bottom = TOP + ROW * max(len(self.rows), 1)
        self.height = self.bottom + 72

    def lines(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}"'
            f' width="{WIDTH}" height="{self.height}" role="img" aria-labelledby="title text"'
            f' font-family="{escape(FONT)}" font-size="13" fill="{INK}">'
        )
        name = escape(self.timeline.name)
        yield f'<title id="title">When {name} would deploy</title>'
        yield f'<desc id="text">{escape(self.summary())}</desc>'
        yield _box(0, 0, WIDTH, self.height, PAPER, 8)
        mode = " · ".join(dict.fromkeys(p.mode for p, _ in self.rows))
        yield _text(MARGIN, 34, self.timeline.name, size=18, weight="600")
        clocks = "times in UTC, openings on local clocks"
        yield _text(MARGIN, 54, f"{mode} · {clocks}" if mode else clocks, colour=FAINT)
        yield from self.axis()
        for number, (pipeline, stage) in enumerate(self.rows):
            yield from self.row(TOP + ROW * number, pipeline, stage)
        yield from self.pushes()
        if not self.rows:
            yield _text(MARGIN, TOP + ROW / 2, NOTHING_DEPLOYS, weight="600")
        yield from self.legend()
        yield "</svg>"

    def summary(self) -> str:
        """Return the picture in words."""
        return " ".join(self.sentence(run) for run in self.timeline.runs) or NOTHING_DEPLOYS

    def sentence(self, run: Run) -> str:
        if run.entered:
            what = f"is deployed by {run.stage.name} on {in_utc(run.entered)}"
        elif run.superseded_by:
            what = (
                f"is superseded by push {run.superseded_by.push} before {run.superseded_by.stage}"
            )
        else:
            what = f"never gets to {run.stage.name}"
        return f"Push {run.push} {what}."

    def x(self, moment: datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        inside = WIDTH - GUTTER - MARGIN
        return round(GUTTER + inside * min(max(share, 0), 1), 1)

    def axis(self) -> Iterator[str]:
        per_hour = (WIDTH - GUTTER - MARGIN) / ((self.end - self.start) / HOUR)
        step = next((hours for hours in TICKS if hours * per_hour >= CLOSE), TICKS[-1])
        moment = self.start.replace(hour=0)
        number, free_from = 0, float(GUTTER)  # from where on there is room for a day
        while moment <= self.end:
            x = self.x(moment)
            midnight = moment.hour == 0
            if moment < self.start:
                tomorrow = self.x(moment.replace(hour=0) + DAY)
                if number == 0 and tomorrow - GUTTER > DAY_WIDE:
                    yield self.day(GUTTER, moment)
                    free_from = GUTTER + DAY_WIDE
            else:
                yield _line(x, TOP - 14, x, self.bottom, "#c3ccd6" if midnight else GRID)
                if midnight and x >= free_from and x < WIDTH - DAY_WIDE:
                    yield self.day(x, moment)
                    free_from = x + DAY_WIDE
                if step < 24:
                    yield _text(x, TOP - 20, f"{moment:%H:%M}", 11, FAINT, anchor="middle")
            number += step
            moment = self.start.replace(hour=0) + number * HOUR

    def day(self, x: float, moment: datetime) -> str:
        return _text(
            x, TOP - 36, f"{DAYS[moment.weekday()]} {moment.day} {moment:%b}", weight="600"
        )

    def row(self, y: float, pipeline: Pipeline, stage: Stage) -> Iterator[str]:
        middle = y + ROW / 2
        yield _line(MARGIN, y, WIDTH - MARGIN, y, GRID)
        name = row_name(self.timeline, pipeline, stage)
        regions = stage.regions
        where = (
            ", ".join(regions) if len(regions) < 3 else f"{regions[0]} and {len(regions) - 1} more"
        )
        yield _text(MARGIN, middle - 2, _short(name), weight="600")
        yield _text(MARGIN, middle + 15, where, 11, FAINT)
        hours = self.timeline.hours.get((pipeline.id, stage.name))
        for start, end in hours.spans if hours else ():
            if end <= self.start or start >= self.end:
                continue
            left, right = self.x(start), self.x(end)
            yield _box(left, y + 8, right - left, ROW - 16, OPEN, 4)
            if start >= self.start and right - left > 30:
                local = start.astimezone(zone(stage.gate.zone))
                yield _text(left + 4, y + ROW - 13, f"{local:%H:%M}", 10, FAINT)
        for run in self.timeline.of(pipeline.id, stage.name):
            yield from self.run(middle, run)

    def run(self, y: float, run: Run) -> Iterator[str]:
        until, lost = run.wait_ends, run.superseded_by
        if run.arrived:
            x, end = self.x(run.arrived), self.x(until or self.end)
            yield _line(x, y - 4, end, y - 4, WAITS, 'stroke-width="2" stroke-dasharray="3 4"')
        if run.entered and run.left:
            x = self.x(run.entered)
            bar_width = max(self.x(run.left) - x, 6)
            after = length(run.entered - self.timeline.pushes[run.push - 1])
            local = on_clocks(run.entered, run.stage.gate.zone)
            hint = f"push {run.push}: {in_utc(run.entered)}, {local}, after {after}"
            yield f"<g><title>{escape(hint)}</title>"
            yield _box(x, y - 14, bar_width, 20, DEPLOYS, 3)
            yield _text(x + bar_width + 4, y - 1, str(run.push), 11, DEPLOYS, "600") + "</g>"
        elif run.arrived and lost and until:
            x = self.x(until)
            hint = f"push {run.push}: superseded by push {lost.push}, {in_utc(lost.at)}"
            cross = f"M{x - 5:g} {y - 9:g}l10 10m0 -10l-10 10"
            yield f"<g><title>{escape(hint)}</title>"
            yield f'<path d="{cross}" stroke="{LOST}" stroke-width="2.5" fill="none"/>'
            yield _text(x + 9, y - 1, str(run.push), 11, LOST, "600") + "</g>"

    def pushes(self) -> Iterator[str]:
        for number, push in enumerate(self.timeline.pushes, start=1):
            x = self.x(push)
            yield f"<g><title>push {number}: {iso(push)}</title>"
            yield _line(x, TOP - 8, x, self.bottom, INK, 'stroke-width="1.5"')
            yield f'<path d="M{x - 6:g} {TOP - 14}h12l-6 8z" fill="{INK}"/>'
            yield _text(x, self.bottom + 15, f"push {number}", 11, anchor="middle") + "</g>"

    def legend(self) -> Iterator[str]:
        y = self.bottom + 44
        yield _line(MARGIN, self.bottom, WIDTH - MARGIN, self.bottom, GRID)
        x = float(GUTTER)
        yield _box(x, y - 11, 22, 14, OPEN, 3) + _text(x + 28, y, "window is open", 12, FAINT)
        x += 150
        yield _line(x, y - 4, x + 22, y - 4, WAITS, 'stroke-width="2" stroke-dasharray="3 4"')
        yield _text(x + 28, y, "waits", 12, FAINT)
        x += 90
        yield _box(x, y - 13, 8, 18, DEPLOYS, 3) + _text(x + 14, y, "is deployed", 12, FAINT)
        x += 110
        yield f'<path d="M{x:g} {y - 9}l10 10m0 -10l-10 10" stroke="{LOST}" stroke-width="2.5"/>'
        yield _text(x + 16, y, "is superseded", 12, FAINT)
        durations = self.timeline.durations
        small = f"a build takes {durations.build} min, a deployment {durations.deploy} min"
        yield _text(WIDTH - MARGIN, y, small, 11, FAINT, anchor="end")


def _short(text: str, width: int = 24) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _text(
    x: float,
    y: float,
    text: str,
    size: int = 13,
    colour: str = "",
    weight: str = "",
    anchor: str = "",
) -> str:
    attributes = f' font-size="{size}"' if size != 13 else ""
    attributes += f' fill="{colour}"' if colour else ""
    attributes += f' font-weight="{weight}"' if weight else ""
    attributes += f' text-anchor="{anchor}"' if anchor not in ("", "start") else ""
    attributes += HALO if weight and size < 13 else ""
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str, round_: int) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{round(width, 1):g}" height="{height:g}"'
        f' rx="{round_}" fill="{colour}"/>'
    )


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, more: str = "") -> str:
    more = f" {more}" if more else ""
    return f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{colour}"{more}/>'
