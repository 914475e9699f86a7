"""When a stage with a window is entered, computed by hand around changes of clocks."""

from __future__ import annotations

from typing import Any

import pytest
from support.timelines import at, body, pipeline, rule, schedule, stage, switched, timed, told

from cfngen.cloudformation.cron import rule_cron
from cfngen.timeline.hours import Gate, Hours

ONE_TO_FIVE = ("cron(0 1 ? * * *)", "cron(0 5,6 ? * * *)")


@pytest.mark.parametrize(
    ("zone", "push", "entered"),
    [
        # In winter, Dublin's clocks are those of UTC; the window is 01:00 to 05:00.
        ("Europe/Dublin", "2026-11-24T10:00", "2026-11-25 01:00"),
        ("Europe/Dublin", "2026-11-25T01:00", "2026-11-25 01:00"),
        ("Europe/Dublin", "2026-11-25T04:59", "2026-11-25 04:59"),
        ("Europe/Dublin", "2026-11-25T05:00", "2026-11-26 01:00"),
        # In summer they are an hour ahead: 01:00 there is 00:00.
        ("Europe/Dublin", "2026-07-01T10:00", "2026-07-02 00:00"),
        # On 2026-10-25 the window is 00:00 to 05:00 UTC: 01:00 is at 00:00, the hour from one to
        # two comes twice, and 05:00 is at 05:00.
        ("Europe/Dublin", "2026-10-24T23:00", "2026-10-25 00:00"),
        ("Europe/Dublin", "2026-10-25T04:30", "2026-10-25 04:30"),
        ("Europe/Dublin", "2026-10-25T05:00", "2026-10-26 01:00"),
        # On 2027-03-28 clocks jump from 01:00 to 02:00: it is not opened that night, and next at
        # 01:00 of the 29th, which is 00:00 UTC.
        ("Europe/Dublin", "2027-03-27T10:00", "2027-03-29 00:00"),
        # New York, five hours behind: 06:00 UTC; four from 2027-03-14 02:00 on, so that the window
        # is 06:00 to 09:00 that night, and begins at 05:00 the next.
        ("America/New_York", "2026-11-24T10:00", "2026-11-25 06:00"),
        ("America/New_York", "2027-03-14T08:59", "2027-03-14 08:59"),
        ("America/New_York", "2027-03-14T09:00", "2027-03-15 05:00"),
        # On 2026-11-01 it is one o'clock twice, at 05:00 and 06:00 UTC: opened at the first.
        ("America/New_York", "2026-11-01T04:00", "2026-11-01 05:00"),
        ("America/New_York", "2026-11-01T09:59", "2026-11-01 09:59"),
        ("America/New_York", "2026-11-01T10:00", "2026-11-02 06:00"),
        # Sydney, eleven hours ahead: 01:00 is 14:00 of the day before; ten from 2027-04-04 on.
        ("Australia/Sydney", "2026-11-24T10:00", "2026-11-24 14:00"),
        ("Australia/Sydney", "2027-04-03T18:59", "2027-04-03 18:59"),
        ("Australia/Sydney", "2027-04-03T19:00", "2027-04-04 15:00"),
        # On 2026-10-04 two o'clock is three: opened at 15:00 UTC, closed at 18:00.
        ("Australia/Sydney", "2026-10-03T14:00", "2026-10-03 15:00"),
        ("Australia/Sydney", "2026-10-03T17:59", "2026-10-03 17:59"),
        ("Australia/Sydney", "2026-10-03T18:00", "2026-10-04 14:00"),
    ],
)
def test_schedules_go_by_the_clocks_of_their_zone(zone: str, push: str, entered: str) -> None:
    """In winter, in summer and in the nights between."""
    assert told(switched(*ONE_TO_FIVE, zone), push) == [entered]


@pytest.mark.parametrize(
    ("zone", "push", "entered"),
    [
        ("Europe/Dublin", "2026-11-24T10:00", "2026-11-25 01:00"),
        ("Europe/Dublin", "2026-11-25T04:59", "2026-11-25 04:59"),
        ("Europe/Dublin", "2026-11-25T05:00", "2026-11-26 01:00"),
        # A rule holds, rather than being due: on 2027-03-28 from 02:00, which is 01:00 UTC, on.
        ("Europe/Dublin", "2027-03-27T10:00", "2027-03-28 01:00"),
        ("Europe/Dublin", "2027-03-28T03:59", "2027-03-28 03:59"),
        ("Europe/Dublin", "2027-03-28T04:00", "2027-03-29 00:00"),
        # ... and on 2026-10-25 from 00:00 to 05:00 UTC, the repeated hour included.
        ("Europe/Dublin", "2026-10-24T23:00", "2026-10-25 00:00"),
        ("Europe/Dublin", "2026-10-25T04:59", "2026-10-25 04:59"),
        ("America/New_York", "2027-03-14T08:59", "2027-03-14 08:59"),
        ("America/New_York", "2027-03-14T09:00", "2027-03-15 05:00"),
        ("Australia/Sydney", "2027-04-03T18:59", "2027-04-03 18:59"),
        ("Australia/Sydney", "2027-04-03T19:00", "2027-04-04 15:00"),
        ("Asia/Kolkata", "2026-11-24T10:00", "2026-11-24 19:30"),
    ],
)
def test_rules_hold_on_the_clocks_of_their_zone(zone: str, push: str, entered: str) -> None:
    """An hour that comes twice counts twice, one that does not come not at all."""
    template = body(Pipeline=pipeline(stage("Deploy", **rule("* * 1-4 ? * * *", zone))))
    assert told(template, push) == [entered]


def test_a_closing_that_clocks_jump_over_leaves_a_stage_open_unless_it_is_repeated() -> None:
    """From 23:30 to 02:30 in New York: on 2027-03-14 there is no 02:30.

    Closed once, it stays open for all of the 14th, until 02:30 of the 15th, 06:30 UTC. Closed
    again at 03:30, which is 07:30 UTC that night, it does not.
    """
    opens, zone = "cron(30 23 ? * * *)", "America/New_York"
    once = switched(opens, "cron(30 2 ? * * *)", zone)
    again = switched(opens, "cron(30 2,3 ? * * *)", zone)
    assert told(once, "2027-03-14T12:00") == ["2027-03-14 12:00"]
    assert told(again, "2027-03-14T12:00") == ["2027-03-15 03:30"]
    assert told(again, "2027-03-14T07:29") == ["2027-03-14 07:29"]


def test_a_window_over_midnight_of_some_days_is_open_on_the_morning_of_the_next() -> None:
    """Friday 22:00 to Saturday 03:00 in Berlin, an hour ahead: 21:00 to 02:00 UTC."""
    template = switched("cron(0 22 ? * FRI *)", "cron(0 3,4 ? * SAT *)", "Europe/Berlin")
    # 2026-11-27 is a Friday.
    assert told(template, "2026-11-24T10:00") == ["2026-11-27 21:00"]
    assert told(template, "2026-11-28T01:59") == ["2026-11-28 01:59"]
    assert told(template, "2026-11-28T02:00") == ["2026-12-04 21:00"]


def test_functions_that_are_literal_are_worked_out() -> None:
    """A window's cron from a mapping, and a schedule's input that is joined."""
    template = switched("cron(0 1 ? * * *)", "cron(0 5 ? * * *)", "UTC")
    template["Mappings"] = {"Hours": {"night": {"opens": "cron(0 3 ? * * *)"}}}
    schedule_ = template["Resources"]["Open"]["Properties"]
    schedule_["ScheduleExpression"] = {"Fn::FindInMap": ["Hours", "night", "opens"]}
    before, after = schedule_["Target"]["Input"]["Fn::Sub"].split("${Pipeline}")
    schedule_["Target"]["Input"] = {"Fn::Join": ["", [before, {"Ref": "Pipeline"}, after]]}
    assert told(template, "2026-11-24T10:00") == ["2026-11-25 03:00"]


def test_a_rule_over_midnight_of_some_days_is_open_on_the_wrong_morning() -> None:
    """`22-23,0-2 … FRI` means the early Friday: that is why it is refused when it is drawn."""
    friday = stage("Deploy", **rule("* * 22-23,0-2 ? * FRI *", "UTC"))
    template = body(Pipeline=pipeline(friday))
    assert told(template, "2026-11-26T12:00") == ["2026-11-27 00:00"]
    assert told(template, "2026-11-28T00:30") == ["2026-12-04 00:00"]


def test_a_stage_that_nothing_opens_is_never_entered() -> None:
    """It fails closed; and one that nothing closes is open for ever once it was opened."""
    shut = body(Pipeline=pipeline(stage("Deploy"), shut=("Deploy",)))
    assert told(shut, "2026-11-24T10:00") == ["never"]
    opened = body(
        Pipeline=pipeline(stage("Deploy"), shut=("Deploy",)),
        Open=schedule("cron(0 1 ? * * *)", "UTC", "Deploy", opens=True),
    )
    assert told(opened, "2026-11-24T10:00") == ["2026-11-24 10:00"]


def test_a_stage_that_is_not_shut_at_first_is_open_until_it_is_closed() -> None:
    """Whoever forgets to shut it has it open until the first closing."""
    template = body(
        Pipeline=pipeline(stage("Deploy")),
        Close=schedule("cron(0 5 1 12 ? 2026)", "UTC", "Deploy", opens=False),
    )
    assert told(template, "2026-11-30T10:00") == ["2026-11-30 10:00"]
    assert told(template, "2026-12-01T05:00") == ["never"]


def test_a_window_may_have_been_open_for_long() -> None:
    """From Monday to Saturday, or from March to November: it is known how the switches stand."""
    week = switched("cron(0 0 ? * MON *)", "cron(0 0 ? * SAT *)", "UTC")
    assert told(week, "2026-11-26T10:00") == ["2026-11-26 10:00"]
    assert told(week, "2026-11-28T10:00") == ["2026-11-30 00:00"]
    year = switched("cron(0 0 1 MAR ? *)", "cron(0 0 1 DEC ? *)", "UTC")
    assert told(year, "2026-11-26T10:00") == ["2026-11-26 10:00"]
    assert told(year, "2026-12-26T10:00") == ["2027-03-01 00:00"]


def test_a_schedule_that_is_switched_off_counts_for_nothing() -> None:
    """As in AWS."""
    template = switched(*ONE_TO_FIVE, "UTC")
    template["Resources"]["Open"]["Properties"]["State"] = "DISABLED"
    assert told(template, "2026-11-24T10:00") == ["never"]


def test_schedules_and_rules_of_one_stage_must_all_let_it_in() -> None:
    """Open from one to five, and a rule from four to eight: from four to five."""
    template = switched(*ONE_TO_FIVE, "UTC", stage("Deploy", **rule("* * 4-7 ? * * *")))
    assert told(template, "2026-11-24T10:00") == ["2026-11-25 04:00"]
    assert told(template, "2026-11-25T05:00") == ["2026-11-26 04:00"]


def test_what_is_opened_and_closed_at_one_moment_is_closed() -> None:
    """Nobody should count on who comes first."""
    template = switched("cron(0 1 ? * * *)", "cron(0 1 ? * * *)", "UTC")
    assert told(template, "2026-11-24T10:00") == ["never"]


@pytest.mark.parametrize(
    ("cron", "zone"),
    [
        ("* * 1-4 ? * * *", "Europe/Dublin"),
        ("* * 22-23,0-2 ? * * *", "America/New_York"),
        ("* 30-44 2 ? * SUN *", "Australia/Sydney"),
        ("* 0,15,16 * 25-31 MAR,OCT ? *", "Europe/Berlin"),
        ("* * 2 ? * * *", "Australia/Lord_Howe"),
        ("* * 0,23 ? * * *", "America/Havana"),
    ],
)
def test_the_intervals_of_a_rule_are_those_of_its_minutes(cron: str, zone: str) -> None:
    """Held against the cron itself, minute by minute around each change of clocks in a year."""
    from datetime import timedelta

    from cfngen.cloudformation.zones import zone as zone_of

    found = rule_cron(cron)
    start, end = at("2026-01-01"), at("2027-01-01")
    hours = Gate(rules=((found, zone),)).hours(start, end)
    moment, where = start, zone_of(zone)
    while moment < end:
        ahead = (moment + timedelta(days=1)).astimezone(where).utcoffset()
        changing = ahead != (moment - timedelta(days=1)).astimezone(where).utcoffset()
        local = moment.astimezone(where).replace(tzinfo=None)
        assert (hours.entry(moment) == moment) == found.holds(local), moment
        moment += timedelta(minutes=1 if changing else 47)


def test_intervals_have_their_beginning_and_not_their_end() -> None:
    """One may enter as it opens, and no more as it closes."""
    hours = Hours(((at("2026-11-25T01:00"), at("2026-11-25T05:00")),))
    assert hours.entry(at("2026-11-25T00:00")) == at("2026-11-25T01:00")
    assert hours.entry(at("2026-11-25T01:00")) == at("2026-11-25T01:00")
    assert hours.entry(at("2026-11-25T05:00")) is None
    assert hours.closing(at("2026-11-25T02:00")) == at("2026-11-25T05:00")
    assert hours.closing(at("2026-11-25T05:00")) is None


def test_local_times_are_those_of_the_window_s_zone() -> None:
    """Or of UTC, where there is no window."""
    template: Any = switched(*ONE_TO_FIVE, "Asia/Tokyo")
    (run,) = timed(template, "2026-11-24T10:00").runs
    assert run.stage.gate.zone == "Asia/Tokyo"
    (run,) = timed(body(Pipeline=pipeline(stage("Deploy"))), "2026-11-24T10:00").runs
    assert run.stage.gate.zone == "UTC"
