"""When a stage may be entered, as intervals of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from cfngen.cloudformation.cron import Cron
from cfngen.cloudformation.zones import instant, zone

MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=366)

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Switch:
    """A schedule that opens or closes the way into a stage."""

    cron: Cron
    zone: str
    opens: bool


@dataclass(frozen=True)
class Gate:
    """What has to be open for a stage to be entered: all of it.

    Attributes:
        switches: schedules that open and close it.
        shut: whether it is closed until a schedule opens it.
        rules: crons that must hold, each on the clocks of its zone.
    """

    switches: tuple[Switch, ...] = ()
    closed: bool = False
    rules: tuple[tuple[Cron, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self.switches or self.closed or self.rules)

    @property
    def zone(self) -> str:
        """The zone whose clocks it goes by, of which the first is as good as another."""
        zones = [switch.zone for switch in self.switches] + [name for _, name in self.rules]
        return zones[0] if zones else "UTC"

    def hours(self, start: datetime, end: datetime) -> Hours:
        """Return when it is open between two moments.

        Switches are looked at from a year before `start` on, to know how they stand.
        """
        spans: list[Span] = [(start, end)]
        if self.switches or self.closed:
            spans = _both(spans, self._switched(start - YEAR, end))
        for cron, name in self.rules:
            spans = _both(spans, _times_of(cron, zone(name), start, end))
        return Hours(tuple(spans))

    def _switched(self, start: datetime, end: datetime) -> list[Span]:
        # At one moment, what closes goes last: nobody should count on such a race.
        events = sorted(
            (at, not switch.opens)
            for switch in self.switches
            for at in switch.cron.due(zone(switch.zone), start, end)
        )
        spans: list[Span] = []
        opened = None if self.closed else start
        for at, closes in events:
            if closes and opened is not None:
                spans.append((opened, at))
                opened = None
            elif not closes and opened is None:
                opened = at
        return [*spans, (opened, end)] if opened is not None else spans


@dataclass(frozen=True)
class Hours:
    """Intervals in which something is open; each has its beginning and not its end."""

    spans: tuple[Span, ...]
    starts: tuple[datetime, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the beginnings apart, to look them up."""
        object.__setattr__(self, "starts", tuple(start for start, _ in self.spans))

    def entry(self, moment: datetime) -> datetime | None:
        """Return the first moment from `moment` on at which it is open; `None` if it never is."""
        number = bisect_right(self.starts, moment)
        if number and moment < self.spans[number - 1][1]:
            return moment
        return self.spans[number][0] if number < len(self.spans) else None

    def closing(self, moment: datetime) -> datetime | None:
        """Return when it closes after a moment at which it is open; `None` if it is not."""
        number = bisect_right(self.starts, moment)
        return self.spans[number - 1][1] if number and moment < self.spans[number - 1][1] else None


def openings(cron: Cron) -> int:
    """Return how often a cron begins to hold on one of its days."""
    return len(_runs(cron))


def _times_of(cron: Cron, where: tzinfo, start: datetime, end: datetime) -> list[Span]:
    """Return when a cron holds on the clocks of a zone.

    An hour that clocks show twice counts twice, one that they jump over not at all.
    """
    spans: list[Span] = []
    day = (start - DAY).astimezone(where).replace(tzinfo=None)
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    while (noon := _utc(day + DAY / 2, where)) < end + 2 * DAY:
        if cron.on(day):
            before, after = _utc(day, where), _utc(day + DAY, where)
            if after - before == DAY and instant(day, where) and noon - before == DAY / 2:
                spans += [(before + begin, before + finish) for begin, finish in _runs(cron)]
            else:  # a day on which clocks change, minute by minute
                # Midnight itself may be skipped or come twice, so look beyond both ends.
                steps = int((after - before + DAY) / MINUTE)
                minutes = (before - DAY / 2 + n * MINUTE for n in range(steps))
                spans += [(m, m + MINUTE) for m in minutes if _holds(cron, m, where)]
        day += DAY
    return _both(_joined(spans), [(start, end)])


def _holds(cron: Cron, moment: datetime, where: tzinfo) -> bool:
    return cron.holds(moment.astimezone(where).replace(tzinfo=None))


def _runs(cron: Cron) -> list[tuple[timedelta, timedelta]]:
    """Return the stretches of a day in which a cron holds, from midnight on."""
    minutes = [h * 60 + m for h in sorted(cron.hours) for m in sorted(cron.minutes)]
    runs: list[list[int]] = []
    for minute in minutes:
        if runs and runs[-1][1] == minute:
            runs[-1][1] = minute + 1
        else:
            runs.append([minute, minute + 1])
    return [(begin * MINUTE, finish * MINUTE) for begin, finish in runs]


def _utc(local: datetime, where: tzinfo) -> datetime:
    return local.replace(tzinfo=where).astimezone(UTC)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _both(left: list[Span], right: list[Span]) -> list[Span]:
    """Return where two lists of intervals, each in order, overlap."""
    overlaps: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            overlaps.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return overlaps
