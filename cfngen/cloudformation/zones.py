"""Time zones, from one edition of the time zone database on every machine."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from cfngen.errors import did_you_mean

OFFSET = re.compile(r"UTC([+-])(\d{2}):(\d{2})\Z")
# What a rule of CodePipeline takes besides is ambiguous: CST is three zones.
NAME_PATTERN = re.compile(r"(?:[A-Z][A-Za-z_+-]*)(?:/[A-Za-z0-9_+-]+){1,2}\Z|UTC\Z")


@cache
def zone(name: str) -> tzinfo:
    """Return a time zone by the name that AWS takes for it: `Region/City`, `UTC`, `UTC+09:00`.

    It is read from the package `tzdata`, not from the machine, so that the answers are the same
    everywhere.

    >>> datetime(2026, 7, 1, 12, tzinfo=zone("Europe/Dublin")).utcoffset()
    datetime.timedelta(seconds=3600)

    Raises:
        KeyError: `zone_problem` says why.
    """
    if match := OFFSET.match(name):
        sign = 1 if match[1] == "+" else -1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])), name)
    if zone_problem(name):
        raise KeyError(name)
    if name == "UTC":
        return UTC
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def zone_problem(name: str) -> str:
    """Return why a name is not a time zone that AWS reads in one way only, or nothing.

    >>> zone_problem("CST")  # there are three of that name
    "'CST' is not UTC, nor a time zone in the form Region/City"
    """
    if OFFSET.match(name) or name in _names():
        return ""
    hint = did_you_mean(name, _names())
    return f"{name!r} is not UTC, nor a time zone in the form Region/City{hint}"


@cache
def _names() -> frozenset[str]:
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(name for name in listed if NAME_PATTERN.match(name))


def instant(local: datetime, where: tzinfo) -> datetime | None:
    """Return when it is that time on the clocks of a zone, in UTC: the first time if it is twice.

    `None` if it never is, because the clocks jump over it.

    >>> berlin = zone("Europe/Berlin")
    >>> instant(datetime(2026, 10, 25, 2, 30), berlin).isoformat()  # which is twice
    '2026-10-25T00:30:00+00:00'
    >>> instant(datetime(2026, 3, 29, 2, 30), berlin) is None
    True
    """
    moment = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    return moment if moment.astimezone(where).replace(tzinfo=None) == local else None


def skipped(hour: int, minute: int, name: str) -> str:
    """Return the next day after 2026 on which clocks jump over that time, or nothing.

    Ten years are looked at. That is for advice only; it decides nothing in a template.

    >>> skipped(2, 30, "Europe/Berlin")
    '2026-03-29'
    """
    where, day = zone(name), datetime(2026, 1, 1, hour, minute)  # noqa: DTZ001 - on a wall
    for _ in range(10 * 365):
        if instant(day, where) is None:
            return day.date().isoformat()
        day += timedelta(days=1)
    return ""
