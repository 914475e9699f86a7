"""AWS's cron expressions: when they are due, and when they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cfngen.cloudformation.zones import instant
from cfngen.errors import CfngenError

WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")  # 1 to 7
MONTHS = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip
# Lowest and highest value of each field, and the words that stand for values from the lowest on.
FIELDS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "minutes": (0, 59, ()),
    "hours": (0, 23, ()),
    "days": (1, 31, ()),
    "months": (1, 12, MONTHS),
    "weekdays": (1, 7, WEEKDAYS),
    "years": (1970, 2199, ()),
}


@dataclass(frozen=True)
class Cron:
    """The minutes at which something is due, or the minutes in which something holds."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    def on(self, day: datetime) -> bool:
        """Whether a day of the calendar is one of its days.

        >>> schedule_cron("cron(0 1 ? * MON-FRI *)").on(datetime(2026, 11, 28))  # a Saturday
        False
        """
        return (
            day.day in self.days
            and day.month in self.months
            and day.isoweekday() % 7 + 1 in self.weekdays
            and day.year in self.years
        )

    def holds(self, local: datetime) -> bool:
        """Whether a time on the clocks of its zone is one of its minutes.

        >>> rule_cron("* * 1-4 ? * MON-FRI *").holds(datetime(2026, 11, 27, 4, 59))
        True
        """
        return self.on(local) and local.hour in self.hours and local.minute in self.minutes

    def due(self, where: tzinfo, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield when it is due, in UTC, as EventBridge Scheduler sees it, in order.

        What clocks jump over in spring is left out; what they show twice in autumn is due once,
        taken here as the first of the two (AWS page "Schedule types", daylight saving time).

        >>> from datetime import UTC
        >>> from cfngen.cloudformation.zones import zone
        >>> nightly = schedule_cron("cron(30 2 ? * * *)")
        >>> days = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
        >>> [f"{moment:%d %H:%M}" for moment in nightly.due(zone("Europe/Berlin"), *days)]
        ['28 01:30', '30 00:30']
        """
        day = start.astimezone(where).replace(tzinfo=None, hour=0, minute=0, second=0)
        day = day.replace(microsecond=0) - timedelta(days=1)
        last = end.astimezone(where).replace(tzinfo=None)
        while day <= last:
            if self.on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        moment = instant(day.replace(hour=hour, minute=minute), where)
                        if moment is not None and start <= moment < end:
                            yield moment
            day += timedelta(days=1)


def schedule_cron(text: str) -> Cron:
    """Return what `cron(minutes hours days months weekdays years)` of EventBridge Scheduler means.

    >>> sorted(schedule_cron("cron(0 22-1/1 ? * FRI *)").hours)
    [0, 1, 22, 23]

    Raises:
        CfngenError: it is another expression, or has days that are not supported (`L`, `W`, `#`).
    """
    match = re.fullmatch(r"cron\((.*)\)", text.strip())
    fields = match[1].split() if match else []
    if len(fields) != 6:
        raise CfngenError(f"{text!r} is not cron(…) with six fields, from minutes to years")
    return _cron(text, fields)


def rule_cron(text: str) -> Cron:
    """Return what the `Cron` of CodePipeline's rule DeploymentWindow means.

    Seven fields from seconds to years, or six without years (AWS page "DeploymentWindow"). Seconds
    are not looked at.

    >>> sorted(rule_cron("* * 1-4 ? * MON-FRI *").hours)
    [1, 2, 3, 4]

    Raises:
        CfngenError: it is another expression, or has days that are not supported (`L`, `W`, `#`).
    """
    fields = text.split()
    if len(fields) not in (6, 7):
        raise CfngenError(
            f"{text!r} is not a cron expression of six or seven fields, from seconds to years"
        )
    return _cron(text, [*fields[1:], "*"][:6])


def _cron(text: str, fields: list[str]) -> Cron:
    if all(fields[number] not in ("?", "*") for number in (2, 4)):
        raise CfngenError(
            f"{text!r}: give days of the month or of the week, not both; the other one is ?"
        )
    sets = [_values(text, name, field) for name, field in zip(FIELDS, fields, strict=True)]
    return Cron(text, *sets)


def _values(text: str, name: str, field: str) -> frozenset[int]:
    low, high, names = FIELDS[name]
    values: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\?|\w+)(?:-(\w+))?(?:/([0-9]{1,4}))?", part)
        if not match or (match[1] in "*?" and match[2]):
            raise CfngenError(f"{text!r}: {part!r} is not valid for {name}")
        if match[1] in "*?":
            first, last = low, high
        else:
            first = _value(text, name, match[1], names)
            last = _value(text, name, match[2], names) if match[2] else first
        if match[3] and not match[2]:
            last = high
        if not (low <= first <= high and low <= last <= high) or match[3] == "0":
            raise CfngenError(
                f"{text!r}: {part!r} is not valid for {name}, which go from {low} to {high}"
            )
        if first > last:  # FRI-MON goes over the end of the week
            values |= {*range(first, high + 1), *range(low, last + 1)}
        else:
            values |= set(range(first, last + 1, int(match[3] or 1)))
    return frozenset(values)


def _value(text: str, name: str, word: str, names: tuple[str, ...]) -> int:
    if word.upper() in names:
        return names.index(word.upper()) + FIELDS[name][0]
    if not re.fullmatch("[0-9]{1,4}", word):
        raise CfngenError(f"{text!r}: {word!r} is not valid for {name}")
    return int(word)
