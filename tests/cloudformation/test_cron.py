"""AWS's cron expressions, as its two services read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cfngen.cloudformation.cron import rule_cron, schedule_cron
from cfngen.cloudformation.zones import zone
from cfngen.errors import CfngenError


def due(expression: str, name: str, start: str, end: str) -> list[str]:
    """Return when a schedule is due, in UTC."""
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)]
    found = schedule_cron(expression).due(zone(name), *moments)
    return [f"{moment:%m-%d %H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("expression", "name", "start", "end", "moments"),
    [
        # 2026-11-24 is a Tuesday.
        ("cron(0 1 ? * TUE-SAT *)", "Europe/Dublin", "2026-11-24", "2026-11-29",
         ["11-24 01:00", "11-25 01:00", "11-26 01:00", "11-27 01:00", "11-28 01:00"]),
        ("cron(0 1 ? * 3,5 *)", "Europe/Dublin", "2026-11-23", "2026-11-29",
         ["11-24 01:00", "11-26 01:00"]),
        ("cron(30 22 ? * FRI-SUN *)", "UTC", "2026-11-23", "2026-11-30",
         ["11-27 22:30", "11-28 22:30", "11-29 22:30"]),
        ("cron(0 5,6 25 11 ? 2026)", "UTC", "2026-11-01", "2026-12-31",
         ["11-25 05:00", "11-25 06:00"]),
        ("cron(0 0/6 1 * ? *)", "UTC", "2026-12-01", "2026-12-02",
         ["12-01 00:00", "12-01 06:00", "12-01 12:00", "12-01 18:00"]),
        ("cron(0 9-17/4 ? JAN MON *)", "UTC", "2026-12-31", "2027-01-05",
         ["01-04 09:00", "01-04 13:00", "01-04 17:00"]),
        # Clocks in Dublin jump over 01:00 on 2027-03-28: nothing is due that night.
        ("cron(0 1 * * ? *)", "Europe/Dublin", "2027-03-27", "2027-03-30",
         ["03-27 01:00", "03-29 00:00"]),
        # In Sydney it is 02:30 twice on 2027-04-04, at 15:30 and 16:30 UTC: due once.
        ("cron(30 2 * * ? *)", "Australia/Sydney", "2027-04-02T12:00", "2027-04-05",
         ["04-02 15:30", "04-03 15:30", "04-04 16:30"]),
        # The beginning belongs to the time that is asked about, the end does not.
        ("cron(0 1 * * ? *)", "UTC", "2026-11-24T01:00", "2026-11-25T01:00", ["11-24 01:00"]),
    ],
)  # fmt: skip
def test_when_a_schedule_is_due(
    expression: str, name: str, start: str, end: str, moments: list[str]
) -> None:
    """On the clocks of its zone; a skipped time is left out, a repeated one is due once."""
    assert due(expression, name, start, end) == moments


@pytest.mark.parametrize(
    ("expression", "local", "holds"),
    [
        ("* * 1-4 ? * TUE-SAT *", "2026-11-24T01:00", True),
        ("* * 1-4 ? * TUE-SAT *", "2026-11-24T04:59", True),
        ("* * 1-4 ? * TUE-SAT *", "2026-11-24T05:00", False),
        ("* * 1-4 ? * TUE-SAT *", "2026-11-23T02:00", False),
        ("* * 22-23,0-3 ? * *", "2026-11-23T00:30", True),
        ("0 0 9-17 ? * MON-FRI *", "2026-11-23T09:00", True),
        ("0 0 9-17 ? * MON-FRI *", "2026-11-23T09:01", False),
        ("* * * 24 11 ? 2026", "2026-11-24T12:00", True),
        ("* * * 24 11 ? 2027", "2026-11-24T12:00", False),
    ],
)
def test_when_a_rule_holds(expression: str, local: str, *, holds: bool) -> None:
    """Six fields or seven, seconds first, which are not looked at."""
    assert rule_cron(expression).holds(datetime.fromisoformat(local)) is holds


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rate(1 day)", "'rate(1 day)' is not cron(…) with six fields, from minutes to years"),
        ("at(2026-11-24T10:00:00)", "is not cron(…)"),
        ("cron(0 1 ? * MON)", "is not cron(…) with six fields"),
        (
            "cron(0 1 1 * MON *)",
            "give days of the month or of the week, not both; the other one is ?",
        ),
        ("cron(0 24 ? * MON *)", "'24' is not valid for hours, which go from 0 to 23"),
        ("cron(60 1 ? * MON *)", "'60' is not valid for minutes"),
        ("cron(0 1 L * ? *)", "'L' is not valid for days"),
        ("cron(0 1 ? * MON#1 *)", "'MON#1' is not valid for weekdays"),
        ("cron(0 1 ? * MO *)", "'MO' is not valid for weekdays"),
        ("cron(0 1/0 ? * MON *)", "'1/0' is not valid for hours"),
        ("cron(0 1 ? FOO MON *)", "'FOO' is not valid for months"),
    ],
)
def test_what_is_no_cron_of_a_schedule_is_refused(expression: str, words: str) -> None:
    """The message repeats the expression and says which part of it."""
    with pytest.raises(CfngenError) as refused:
        schedule_cron(expression)
    assert words in str(refused.value)
    assert expression in str(refused.value)


def test_what_is_no_cron_of_a_rule_is_refused() -> None:
    """Five fields are those of another cron."""
    with pytest.raises(
        CfngenError, match="not a cron expression of six or seven fields, from seconds to years"
    ):
        rule_cron("* 1-4 * * *")
