"""Deployment windows for stages of a pipeline, by schedules or by a rule of CodePipeline.

By EventBridge Scheduler: the transition into a stage is closed, and schedules open and close it
(AWS page "Disable or enable transitions"). It fails closed. Or by the rule `DeploymentWindow`, of
which the documentation does not say whether an execution waits for it (AWS page of that name).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from awacs import codepipeline as may
from troposphere import AWSObject, GetAtt, Sub
from troposphere.codepipeline import DisableInboundStageTransitions
from troposphere.iam import Role
from troposphere.scheduler import (
    DeadLetterConfig,
    FlexibleTimeWindow,
    RetryPolicy,
    Schedule,
    Target,
)

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.waivers import waive
from cfngen.cloudformation.zones import skipped, zone_problem
from cfngen.deprecation import RenamedAttribute, renamed_keywords, renamed_names

__all__ = ["StageSchedules", "Window", "closed", "may_switch", "stage_schedules"]

__getattr__ = renamed_names(__name__, gatekeeper="stage_schedules", Gatekeeper="StageSchedules")

Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
DAYS: tuple[Day, ...] = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z")
DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
MIN_MINUTES = 30  # minutes; Scheduler is exact to the minute, and may have to try again


def _described(description: str, **default: Any) -> Any:
    """Declare a field that the schema of a blueprint's options describes."""
    return field(metadata={"description": description}, **default)


@dataclass(frozen=True)
class Window:
    """Hours on some days of the week, in a time zone."""

    zone: str = _described("The time zone of its clocks, such as Europe/Dublin")
    hours: str = _described("From when to when, such as 01:00-05:00, or 22:00-03:00 over midnight")
    days: tuple[Day, ...] = _described("The days on which it opens", default=DAYS)

    def __str__(self) -> str:
        """Return it as people say it."""
        return f"{self.hours} {self.zone}, {day_range(self.days)}"

    @property
    def reason(self) -> str:
        """Why a stage is closed outside it, in the few characters that CodePipeline takes.

        Such as `Open 01.00-05.00 Europe-Dublin TUE-SAT`: no colon, slash, comma, underscore or
        plus (AWS page "DisableStageTransition" of the API).
        """
        zone = re.sub("[/_]", "-", self.zone).replace("+", " plus ")
        days = day_range(self.days).replace(",", " ")
        return f"Open {self.hours.replace(':', '.')} {zone} {days}"

    @property
    def begins(self) -> int:
        """The minute of the day at which it opens."""
        return int(self.hours[:2]) * 60 + int(self.hours[3:5])

    @property
    def ends(self) -> int:
        """The minute of the day at which it closes, counted from the day on which it opened."""
        end = int(self.hours[6:8]) * 60 + int(self.hours[9:])
        return end if end > self.begins else end + DAY

    def problems_with(self, mechanism: str) -> list[str]:
        """Return why there cannot be such a window.

        Args:
            mechanism: `scheduler` or `rule`, by which a pipeline is to be kept to it.
        """
        problems = [problem] if (problem := zone_problem(self.zone)) else []
        if not self.days:
            problems.append("a window without days never opens")
        elif len(set(self.days)) < len(self.days):
            problems.append(f"days: one of {', '.join(self.days)} is listed twice")
        if not HOURS.match(self.hours) or self.hours[6:] > "24:00":
            problems.append(
                f"hours: {self.hours!r} is not from a time to another, as in 01:00-05:00"
            )
            return problems
        if self.hours[:5] == self.hours[6:]:
            problems.append(f"hours: {self.hours} never opens: it ends when it begins")
        elif self.ends - self.begins < MIN_MINUTES:
            problems.append(f"hours: {self.hours} is too short; {MIN_MINUTES} minutes at least")
        elif not problems and not self.spans():
            problems.append("a window that is always open has no effect; remove it")
        elif not problems:
            problems += self._rule_problems() if mechanism == "rule" else self._schedule_problems()
        return problems

    def spans(self) -> list[tuple[int, int]]:
        """Return when it opens and closes, in minutes of the week from Monday on, in order.

        What touches is one: a window of whole days opens on the first of them and closes after
        the last. Nothing for a window that is always open.
        """
        starts = sorted(DAYS.index(day) * DAY + self.begins for day in self.days)
        long = self.ends - self.begins
        joined: list[list[int]] = []
        for start in starts:
            if joined and joined[-1][1] >= start:
                joined[-1][1] = start + long
            else:
                joined.append([start, start + long])
        if joined[-1][1] >= joined[0][0] + WEEK:
            if len(joined) == 1:
                return []
            joined[0][0] = joined.pop()[0] - WEEK
        return [(start, end) for start, end in joined]

    @property
    def min_gap(self) -> int:
        """The shortest time between a closing and the next opening, in minutes."""
        spans = self.spans()
        around = [*spans, (spans[0][0] + WEEK, 0)]
        return min(after - end for (_, end), (after, _) in pairwise(around))

    shut = RenamedAttribute("min_gap")

    def rule(self) -> dict[str, str]:
        """Return the configuration of a rule `DeploymentWindow` that holds in its hours.

        Seconds and minutes are `*` and the year is there: right under every reading of the
        documentation. Only for windows of whole hours.
        """
        first, last = self.begins // 60, self.ends // 60 - 1
        parts = [(first, min(last, 23)), *([(0, last - 24)] if last > 23 else [])]
        hours = ",".join(f"{start}-{end}" if start < end else str(start) for start, end in parts)
        hours = "*" if hours == "0-23" else hours
        days = "*" if len(self.days) == 7 else day_range(self.days)
        return {"Cron": f"* * {hours} ? * {days} *", "TimeZone": self.zone}

    def schedules(self) -> tuple[str, str]:
        """Return the cron expressions by which it is opened and closed.

        It is closed once more an hour later, wherever that is before it opens again: a time of
        night that clocks jump over in spring is skipped, and must not leave it open.
        """
        spans = self.spans()
        hour, minute = divmod(spans[0][1] % DAY, 60)
        again = f",{hour + 1}" if self._closes_again else ""
        closing = f"{minute} {hour}{again} ? * {_days(end for _, end in spans)} *"
        hour, minute = divmod(spans[0][0] % DAY, 60)
        return f"cron({minute} {hour} ? * {_days(s for s, _ in spans)} *)", f"cron({closing})"

    @property
    def _closes_again(self) -> bool:
        return self.ends % DAY < 23 * 60 and self.min_gap > 60

    def _rule_problems(self) -> list[str]:
        problems = []
        if self.begins % 60 or self.ends % 60:
            problems.append(
                f"hours: {self.hours}: the rule's cron has whole hours only; take such, or"
                ' windows = "scheduler"'
            )
        if self.ends > DAY and len(self.days) < 7:
            problems.append(
                f"hours: {self.hours} goes over midnight on {day_range(self.days)}: the rule's cron"
                " would open it on the morning of the same days, not of the next ones; take all"
                ' days, or windows = "scheduler"'
            )
        return problems

    def _schedule_problems(self) -> list[str]:
        hour, minute = divmod(self.ends % DAY, 60)
        if not self._closes_again and (day := skipped(hour, minute, self.zone)):
            jump = f"clocks in {self.zone} jump over {hour:02}:{minute:02}, next on {day}"
            return [f"hours: {self.hours}: {jump}, and would not close it; end it at another time"]
        return []


@dataclass(frozen=True)
class StageSchedules:
    """The schedules that open and close one stage of a pipeline."""

    opening: Schedule
    closing: Schedule
    reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [(self.opening, self.reason), (self.closing, "")]


@renamed_keywords(lost="dead_letter_arn")
def stage_schedules(
    title: str, window: Window, *, pipeline: AWSObject, stage: str, role: Role, dead_letter_arn: Any
) -> StageSchedules:
    """Return the schedules that open a stage of a pipeline in a window's hours.

    The pipeline itself is made with `closed`. An opening that did not come through within a
    quarter of an hour is given up; a closing is tried until the window opens again.

    Args:
        title: the end of the logical IDs, after `Open` and `Close`.
        window: the hours.
        pipeline: the pipeline.
        stage: the stage's name.
        role: assumed by the schedules; needs `may_switch`.
        dead_letter_arn: the ARN of the dead-letter queue.
    """
    opens, closes = window.schedules()
    switch = {"PipelineName": f"${{{pipeline.title}}}", "StageName": stage,
              "TransitionType": "Inbound"}  # fmt: skip
    reason = {"Reason": window.reason}
    seconds = min(window.min_gap * 60, 24 * 60 * 60)
    schedules = [
        Schedule(
            f"{name}{title}",
            ScheduleExpression=cron,
            ScheduleExpressionTimezone=window.zone,
            FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
            Target=Target(
                Arn=Sub(f"arn:${{AWS::Partition}}:scheduler:::aws-sdk:codepipeline:{call}"),
                RoleArn=GetAtt(role, "Arn"),
                Input=Sub(json.dumps(request)),
                RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=age, MaximumRetryAttempts=185),
                DeadLetterConfig=DeadLetterConfig(Arn=dead_letter_arn),
            ),
        )
        for name, call, cron, request, age in (
            ("Open", "enableStageTransition", opens, switch, 900),
            ("Close", "disableStageTransition", closes, switch | reason, seconds),
        )
    ]
    return StageSchedules(schedules[0], schedules[1], f"{stage}: {window}.")


def may_switch(pipelines: str) -> Statement:
    """Allow enabling and disabling stage transitions of some pipelines.

    Args:
        pipelines: the end of their ARN, for a `Sub`: a name, or the beginning of names and `*`.
    """
    return waive(
        allow(
            may.EnableStageTransition,
            may.DisableStageTransition,
            on=Sub(
                "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:"
                f"{pipelines}/*"
            ),
        ),
        "cdk-nag:AwsSolutions-IAM5/codepipeline:*",
        reason="The stars stand for the stages of the stack's own pipelines, and for the regions in"
        " their names; all that can be done with them is to open and to close.",
    )


def closed(stage: str, window: Window) -> DisableInboundStageTransitions:
    """Return the declaration that a stage is closed when the pipeline is created."""
    return DisableInboundStageTransitions(StageName=stage, Reason=window.reason)


def day_range(days: tuple[Day, ...]) -> str:
    """Return days as cron and people write them: MON-FRI, or MON,WED."""
    numbers = sorted(DAYS.index(day) for day in days)
    row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1
    # A range must not go over the week's end, which for cron is on Saturday.
    if row and (numbers[-1] < 6 or len(numbers) == len(DAYS)):
        return f"{DAYS[numbers[0]]}-{DAYS[numbers[-1]]}"
    return ",".join(DAYS[number] for number in numbers)


def _days(minutes: Any) -> str:
    days = tuple(DAYS[(minute % WEEK) // DAY] for minute in minutes)
    return "*" if len(days) == 7 else day_range(days)
