"""Time zones are those of one database, and what clocks do twice or not at all is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cfngen.cloudformation.zones import instant, skipped, zone, zone_problem


def on_wall(text: str) -> datetime:
    """Return a time as clocks show it."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "local", "utc"),
    [
        # Dublin is on UTC in winter and an hour ahead in summer.
        ("Europe/Dublin", "2026-11-25T01:00", "2026-11-25T01:00"),
        ("Europe/Dublin", "2026-07-25T01:00", "2026-07-25T00:00"),
        # On 2027-03-28 clocks there go from 01:00 to 02:00.
        ("Europe/Dublin", "2027-03-28T00:59", "2027-03-28T00:59"),
        ("Europe/Dublin", "2027-03-28T01:00", None),
        ("Europe/Dublin", "2027-03-28T01:59", None),
        ("Europe/Dublin", "2027-03-28T02:00", "2027-03-28T01:00"),
        # On 2026-10-25 they go from 02:00 back to 01:00: 01:30 is at 00:30 and 01:30 UTC.
        ("Europe/Dublin", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("Europe/Dublin", "2026-10-25T02:00", "2026-10-25T02:00"),
        # New York: five hours behind in winter, four in summer; 02:00 to 03:00 on 2027-03-14.
        ("America/New_York", "2027-03-14T01:59", "2027-03-14T06:59"),
        ("America/New_York", "2027-03-14T02:30", None),
        ("America/New_York", "2027-03-14T03:00", "2027-03-14T07:00"),
        # ... and 02:00 back to 01:00 on 2026-11-01: first at 05:30, then at 06:30.
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        # Sydney: eleven hours ahead in summer, ten in winter; 02:00 to 03:00 on 2026-10-04.
        ("Australia/Sydney", "2026-10-04T02:30", None),
        ("Australia/Sydney", "2026-10-04T03:00", "2026-10-03T16:00"),
        # ... and 03:00 back to 02:00 on 2027-04-04: first at 15:30 of the day before, then 16:30.
        ("Australia/Sydney", "2027-04-04T02:30", "2027-04-03T15:30"),
        ("UTC", "2026-11-25T01:00", "2026-11-25T01:00"),
        ("UTC+09:00", "2026-11-25T01:00", "2026-11-24T16:00"),
        ("UTC-03:30", "2026-11-25T01:00", "2026-11-25T04:30"),
    ],
)
def test_when_clocks_show_a_time(name: str, local: str, utc: str | None) -> None:
    """The first time, if they show it twice; never, if they jump over it."""
    found = instant(on_wall(local), zone(name))
    assert found == (datetime.fromisoformat(f"{utc}+00:00") if utc else None)


def test_a_zone_comes_from_the_package_and_not_from_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine without a time zone database, or with an old one, gives the same answers."""

    class OnlyFiles:
        """A ZoneInfo that does not ask the machine."""

        from_file = ZoneInfo.from_file

        def __init__(self, key: str) -> None:
            raise AssertionError(f"the machine's database was asked for {key}")

    monkeypatch.setattr("cfngen.cloudformation.zones.ZoneInfo", OnlyFiles)
    zone.cache_clear()
    try:
        assert datetime(2026, 7, 1, tzinfo=zone("Asia/Tokyo")).utcoffset() == timedelta(hours=9)
    finally:
        zone.cache_clear()


@pytest.mark.parametrize(
    "name", ["CST", "Mars/Base", "Europe", "europe/dublin", "../../x", "UTC+9"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    """No abbreviation, since it may be several zones, and nothing that is no name at all."""
    assert zone_problem(name).startswith(
        f"{name!r} is not UTC, nor a time zone in the form Region/City"
    )
    with pytest.raises(KeyError):
        zone(name)


def test_times_that_clocks_jump_over_are_found_years_ahead() -> None:
    """The first day of that kind after 2026 began, or nothing."""
    assert skipped(1, 30, "Europe/Dublin") == "2026-03-29"
    assert skipped(2, 30, "America/New_York") == "2026-03-08"
    assert skipped(2, 30, "Australia/Sydney") == "2026-10-04"
    assert skipped(2, 30, "Asia/Tokyo") == ""
    assert skipped(12, 0, "Europe/Dublin") == ""
    assert zone("UTC") is UTC
