"""Moments and lengths of time, as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cfngen.cloudformation.zones import zone
from cfngen.errors import Problems

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def moments(texts: tuple[str, ...]) -> list[datetime]:
    """Return moments that people wrote, such as `2026-11-24T10:00Z`, in UTC.

    Raises:
        Problems: those that are none, or that do not say in which zone they are.
    """
    moments_, problems = [], []
    for text in texts:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            problems.append(f"--push {text!r} is not a time such as 2026-11-24T10:00Z")
            continue
        if moment.tzinfo is None:
            problems.append(
                f"--push {text!r} does not say in which zone: add Z for UTC, or an offset such as"
                " +01:00"
            )
            continue
        if not 2000 <= moment.year <= 2100:
            problems.append(f"--push {text!r} is not in this century")
            continue
        moments_.append(moment.astimezone(UTC).replace(second=0, microsecond=0))
    if problems:
        raise Problems(problems)
    return moments_


def in_utc(moment: datetime) -> str:
    """Return a moment as `Wed 2026-11-25 01:00 UTC`."""
    return f"{DAYS[moment.weekday()]} {moment:%Y-%m-%d %H:%M} UTC"


def on_clocks(moment: datetime, name: str) -> str:
    """Return a moment on the clocks of a zone, as `Wed 01:00 Europe/Dublin (UTC+0)`."""
    local = moment.astimezone(zone(name))
    return f"{DAYS[local.weekday()]} {local:%H:%M} {name} ({offset(local)})"


def offset(local: datetime) -> str:
    """Return how far clocks are from UTC, as `UTC+5:30`."""
    minutes = int((local.utcoffset() or timedelta()) / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def length(time: timedelta) -> str:
    """Return a length of time as `3 d 4 h 50 min`, without what is nothing."""
    minutes = int(time / timedelta(minutes=1))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"


def iso(moment: datetime | None) -> str | None:
    """Return a moment in UTC as programs read it, `2026-11-25T01:00:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
