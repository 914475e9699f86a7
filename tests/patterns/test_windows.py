"""Windows: what they refuse, and that a pipeline is open in their hours and in no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import combinations, product

import pytest
from support.cloudformation import resolved
from support.pipeline_requests import schedule_requests
from support.shapes import problems
from troposphere.codepipeline import Pipeline

from cfngen.authoring.encoding import encode
from cfngen.cloudformation.cron import rule_cron, schedule_cron
from cfngen.cloudformation.zones import instant, zone, zone_problem
from cfngen.patterns import role
from cfngen.patterns.windows import DAYS, Window, closed, day_range, may_switch, stage_schedules

ZONES = files("tzdata").joinpath("zones").read_text().split()
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
NIGHT = Window("Europe/Dublin", "01:00-05:00")
REASON = {"reason": "Open 01.00-05.00 Europe-Dublin MON-SUN"}
LOST = "arn:aws:sqs:eu-west-1:123456789012:lost"
WINDOWS = [
    NIGHT,
    Window("Europe/Dublin", "01:00-05:00", ("TUE", "WED", "THU", "FRI", "SAT")),
    Window("America/New_York", "22:30-02:30", ("FRI", "SAT")),
    Window("Australia/Sydney", "02:00-03:00", ("SUN",)),
    Window("America/New_York", "23:00-00:00", ("SAT",)),
    Window("Asia/Kolkata", "00:00-24:00", ("SAT", "SUN")),
    Window("Europe/Lisbon", "00:00-24:00", ("SUN", "MON", "WED")),
    Window("America/Havana", "20:00-24:00"),
    Window("UTC", "01:00-00:30"),
]


def intended(window: Window, local: datetime) -> bool:
    """Whether a time on the clocks is in a window, said in the plainest way."""
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if today in window.days and window.begins <= minute < window.ends:
        return True
    return yesterday in window.days and minute + 24 * 60 < window.ends


def offsets(name: str) -> tuple[timedelta | None, ...]:
    """Return how clocks of a zone go in a year: two zones that agree need not both be tried."""
    days = (YEAR[0] + timedelta(days=day, hours=12) for day in range(365))
    return tuple(day.astimezone(zone(name)).utcoffset() for day in days)


def switches(window: Window) -> list[tuple[datetime, bool]]:
    """Return when a window is opened and closed in a year, as EventBridge Scheduler does."""
    opens, closes = (schedule_cron(text) for text in window.schedules())
    where = zone(window.zone)
    found = [(at, True) for at in opens.due(where, *YEAR)]
    return sorted(found + [(at, False) for at in closes.due(where, *YEAR)])


def test_every_known_zone_is_one_of_region_and_city_or_utc() -> None:
    """And abbreviations, which may be several zones, are none."""
    assert len([name for name in ZONES if not zone_problem(name)]) > 400
    for name in ("EST", "CET", "GMT", "PST8PDT", "Etc", "", "Dublin", "utc", "../etc/passwd"):
        assert zone_problem(name), name


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_schedules_open_and_close_when_the_window_does(window: Window) -> None:
    """Minute by minute on every day without a change of clocks, and nearly so on the others."""
    assert window.problems_with("scheduler") == []
    where = zone(window.zone)
    changes = iter(switches(window))
    upcoming = next(changes, None)
    is_open, at = False, YEAR[0]
    wrong: list[datetime] = []
    first = next(at for at, opening in switches(window) if opening)
    while at < YEAR[1]:
        while upcoming and upcoming[0] <= at:
            is_open, upcoming = upcoming[1], next(changes, None)
        local = at.astimezone(where)
        if at >= first and is_open != intended(window, local.replace(tzinfo=None)):
            wrong.append(at)
        at += timedelta(minutes=30)
    for moment in wrong:
        around = (moment + timedelta(hours=hours) for hours in (-26, 2))
        before, after = (there.astimezone(where).utcoffset() for there in around)
        assert before != after, f"{moment.astimezone(where)} is on no day on which clocks change"


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_change_of_clocks_never_leaves_a_window_open(window: Window) -> None:
    """It is never open for longer than its hours, an hour more in autumn, and another at most."""
    opened = None
    for at, opening in switches(window):
        if opening:
            opened = opened or at
        elif opened:
            long = max(end - start for start, end in window.spans())
            assert at - opened <= timedelta(minutes=long + 120), opened
            opened = None


@pytest.mark.slow
def test_in_every_time_zone_a_night_is_closed_in_the_morning() -> None:
    """Whatever clocks do there, an hour after its end a window is closed, every day of the year."""
    alike = {offsets(name): name for name in ZONES if not zone_problem(name)}
    assert len(alike) > 50
    for name, hours in product(alike.values(), ("01:00-02:00", "23:00-02:00")):
        window = Window(name, hours)
        where = zone(name)
        closings = {at for at, opening in switches(window) if not opening}
        day = datetime(2026, 1, 2)  # noqa: DTZ001 - a day of a calendar on a wall
        while day.year == 2026:
            end = [instant(day.replace(hour=hour), where) for hour in (2, 3)]
            assert any(at in closings for at in end if at), (name, day)
            day += timedelta(days=1)


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        (NIGHT, "cron(0 1 ? * * *)", "cron(0 5,6 ? * * *)"),
        (WINDOWS[1], "cron(0 1 ? * TUE-SAT *)", "cron(0 5,6 ? * TUE-SAT *)"),
        (WINDOWS[2], "cron(30 22 ? * FRI,SAT *)", "cron(30 2,3 ? * SAT,SUN *)"),
        # Two whole days are one window: it is not closed at the midnight between.
        (WINDOWS[5], "cron(0 0 ? * SAT *)", "cron(0 0,1 ? * MON *)"),
        (WINDOWS[6], "cron(0 0 ? * WED,SUN *)", "cron(0 0,1 ? * TUE,THU *)"),
        # It opens again half an hour later, so there is no room for a second closing.
        (WINDOWS[8], "cron(0 1 ? * * *)", "cron(30 0 ? * * *)"),
    ],
)
def test_windows_as_schedules(window: Window, opens: str, closes: str) -> None:
    """Days are those on which it opens and closes; it is closed twice, wherever there is room."""
    assert window.schedules() == (opens, closes)


@pytest.mark.parametrize(
    ("window", "cron"),
    [
        (NIGHT, "* * 1-4 ? * * *"),
        (Window("UTC", "22:00-03:00"), "* * 22-23,0-2 ? * * *"),
        (Window("UTC", "23:00-01:00"), "* * 23,0 ? * * *"),
        (Window("UTC", "05:00-06:00", ("MON", "TUE", "WED")), "* * 5 ? * MON-WED *"),
        (Window("UTC", "20:00-24:00", ("SAT", "SUN")), "* * 20-23 ? * SAT,SUN *"),
        (Window("UTC", "20:00-00:00", ("SAT", "SUN")), "* * 20-23 ? * SAT,SUN *"),
        (Window("UTC", "00:00-24:00", ("SAT",)), "* * * ? * SAT *"),
    ],
)
def test_windows_as_rules(window: Window, cron: str) -> None:
    """Seven fields, seconds and minutes free; and the cron holds in the window's hours only."""
    assert window.problems_with("rule") == []
    assert window.rule() == {"Cron": cron, "TimeZone": window.zone}
    holds = rule_cron(cron).holds
    for hours in range(14 * 24):
        local = datetime(2026, 3, 1) + timedelta(hours=hours, minutes=30)  # noqa: DTZ001 - a wall
        assert holds(local) == intended(window, local), local


def test_days_are_a_range_only_where_cron_reads_it_as_one() -> None:
    """Cron's week begins on Sunday, so a range must not end there."""
    assert day_range(("MON", "TUE", "WED")) == "MON-WED"
    assert day_range(("FRI", "SAT", "SUN")) == "FRI,SAT,SUN"
    assert day_range(("SUN", "MON")) == "MON,SUN"
    assert day_range(DAYS) == "MON-SUN"
    assert day_range(("WED", "MON")) == "MON,WED"


def test_the_schedules_switch_one_stage_of_one_pipeline_in_time_or_not_at_all() -> None:
    """An opening that comes too late is dropped, a closing is tried until the next opening."""
    held = role("WindowRole", "scheduler", may_switch("release"))
    made = stage_schedules(
        "Eu",
        NIGHT,
        pipeline=Pipeline("Pipeline"),
        stage="Deploy-eu",
        role=held,
        dead_letter_arn=LOST,
    )
    opening, closing = (encode(s)["Properties"] for s, _ in made.resources)
    for schedule, call, cron, seconds, reason in (
        (opening, "enableStageTransition", "cron(0 1 ? * * *)", 900, {}),
        (closing, "disableStageTransition", "cron(0 5,6 ? * * *)", 20 * 60 * 60, REASON),
    ):
        assert schedule["ScheduleExpression"] == cron
        assert schedule["ScheduleExpressionTimezone"] == "Europe/Dublin"
        target = schedule["Target"]
        arn = f"arn:aws:scheduler:::aws-sdk:codepipeline:{call}"
        assert resolved(target["Arn"]) == arn
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == seconds
        assert target["DeadLetterConfig"] == {"Arn": LOST}
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        given = {"Pipeline": "release", "WindowRole.Arn": "arn:aws:iam::123456789012:role/held"}
        made_by, asked = schedule_requests("x", resolved(schedule, given))
        assert (made_by.problems, asked.problems) == ([], [])
        assert asked.operation == call[0].upper() + call[1:]
        assert asked.members == {
            "pipelineName": "release", "stageName": "Deploy-eu", "transitionType": "Inbound",
            **reason,
        }  # fmt: skip
    shut = encode(closed("Deploy-eu", NIGHT))
    assert shut == {"StageName": "Deploy-eu", "Reason": REASON["reason"]}


def test_every_window_has_a_reason_that_codepipeline_takes() -> None:
    """In every zone, and on every choice of days, none of which reads like another."""
    windows = [Window(name, "22:30-02:30") for name in ZONES if not zone_problem(name)]
    choices = (days for count in range(1, 8) for days in combinations(DAYS, count))
    windows += [Window("America/New_York", "01:00-05:00", days) for days in choices]
    reasons = [window.reason for window in windows]
    assert len(set(reasons)) == len(reasons) > 600
    for reason in reasons:
        request = {"pipelineName": "x", "stageName": "x", "transitionType": "Inbound"}
        assert (
            problems("codepipeline", "DisableStageTransition", {**request, "reason": reason}) == []
        )
    assert WINDOWS[1].reason == "Open 01.00-05.00 Europe-Dublin TUE-SAT"
    assert WINDOWS[2].reason == "Open 22.30-02.30 America-New-York FRI SAT"
