"""docs/faults.md is true: each fault has its test, and the alarms ring that it names."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.alarm_states import rings, states
from support.shapes_of_ours import ROOT, Shape, all_shapes

PAGE = ROOT / "docs/faults.md"
EACH, UNTIL = "each time", "stays in ALARM until "
STARTING = ("branch_builder", "fargate_mirror")
# What headings and cells say of templates, in parentheses.
CONDITIONS: dict[str, Callable[[Shape], bool]] = {
    "Fargate": lambda shape: shape.blueprint == "fargate_mirror",
    "directly": lambda shape: shape.blueprint in STARTING and "Starter" not in shape.resources,
    "events": lambda shape: (
        any("EventPattern" in rule and name.startswith("Push") for name, rule in _rules(shape))
        or "Repository" in shape.resources
    ),
    "events of a repository or a bucket": lambda shape: "Push" in shape.resources,
    "proxy": lambda shape: shape.blueprint == "backlog_proxy",
    "queue": lambda shape: "Starter" in shape.resources,
    "sources elsewhere": lambda shape: "SourceUrl" in shape.body["Parameters"],
    "windows": lambda shape: bool(shape.of_type("Scheduler::Schedule")),
    "workers": lambda shape: shape.blueprint == "branch_builder" and "Starter" in shape.resources,
}
# What comes of a fault, by namespace, metric and statistic.
MOMENT = "one value as it happens"
LASTING = "a value each minute, as long as it lasts"
MISSING = "no value, as long as it lasts"
COME = {
    ("AWS/ApiGateway", "5XXError", "Sum"): MOMENT,
    ("AWS/CodeBuild", "FailedBuilds", "Sum"): MOMENT,
    ("AWS/CodeBuild", "SucceededBuilds", "Sum"): MISSING,
    ("AWS/Events", "FailedInvocations", "Sum"): MOMENT,
    ("AWS/Lambda", "Errors", "Sum"): MOMENT,
    ("AWS/Lambda", "Invocations", "Sum"): MISSING,
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"): LASTING,
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"): LASTING,
    ("AWS/SQS", "NumberOfMessagesSent", "Sum"): MOMENT,
    ("FargateMirror", "Failures", "SampleCount"): MISSING,
    ("FargateMirror", "Failures", "Sum"): MOMENT,
    ("FargateMirror", "LagSeconds", "Maximum"): MOMENT,
    ("FargateMirror", "RefsRewritten", "Sum"): MOMENT,
    ("FargateMirror", "WaitingSeconds", "Maximum"): LASTING,
}
MUCH = 1e6
HOUR = 60
BLUEPRINTS = {shape.blueprint for shape in all_shapes()}


@dataclass(frozen=True)
class Fault:
    """A row of the page.

    Attributes:
        heading: what it stands under.
        what: the fault.
        alarms: what rings, each with the condition of the templates that have it, or nothing.
        reason: what stands there instead.
        again: what the last but one column says.
        test: file and name of the test.
    """

    heading: str
    what: str
    alarms: tuple[tuple[str, str], ...]
    reason: str
    again: str
    test: tuple[str, str]

    def shapes(self, condition: str) -> list[Shape]:
        """Return the templates that it is about, as far as they have an alarm."""
        named = set(re.findall(r"`(\w+)`", self.heading)) & BLUEPRINTS
        heading = [part for part in CONDITIONS if self.heading.endswith(f", {part})")]
        return [
            shape
            for shape in all_shapes()
            if (shape.blueprint in named or not named)
            and all(CONDITIONS[part](shape) for part in heading)
            and (not condition or any(CONDITIONS[c](shape) for c in condition.split(", ")))
        ]


def _rules(shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from shape.of_type("Events::Rule").items()


def faults() -> Iterator[Fault]:
    """Yield the rows of the page."""
    heading = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            heading = line
        if not line.startswith("| ") or line.startswith("| Fault |"):
            continue
        what, _, _, ringing, again, test = line.removeprefix("| ").removesuffix(" |").split(" | ")
        alarms = tuple(re.findall(r"`(\w+)`(?: \(([^)]+)\))?", ringing))
        found = re.fullmatch(r"`(tests/[\w/]+\.py)::(\w+)`", test)
        assert found, line
        yield Fault(heading, what, alarms, ringing, again, (found[1], found[2]))


FAULTS = list(faults())


def test_each_fault_that_is_told_is_a_test() -> None:
    """Every line of the page names a test that is there."""
    assert len(FAULTS) > 100
    for fault in FAULTS:
        path, name = fault.test
        assert f"def {name}(" in (ROOT / path).read_text(), fault.what


def heard(shape: Shape, name: str) -> dict[str, Any] | None:
    """Return an alarm that tells somebody; nothing for a rule that does; fail if neither is so."""
    alarm = shape.of_type("CloudWatch::Alarm").get(name)
    topics = set(shape.of_type("SNS::Topic"))
    if alarm:
        assert [action["Ref"] in topics for action in alarm["AlarmActions"]] == [True]
        assert alarm["OKActions"] == alarm["AlarmActions"], (
            f"{shape}: the end of {name} is not told"
        )
        return alarm
    rule = shape.of_type("Events::Rule").get(name)
    assert rule, f"{shape} has no {name}"
    assert any(target["Arn"].get("Ref") in topics for target in rule["Targets"]), f"{name}: {shape}"
    return None


@functools.cache
def again(written: str) -> str:
    """Return what an alarm does if its fault comes twice: before it is over, and after."""
    alarm = json.loads(written)
    come = COME[alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]]
    # Two faults, at the second and the fourth of eight parts of time, each longer than a period
    # and than all periods that are looked at; a parameter may ask for 26 of those.
    asked = 26.0
    periods = asked if isinstance(alarm["EvaluationPeriods"], dict) else alarm["EvaluationPeriods"]
    part = int(int(alarm["Period"]) // 60 * (float(periods) + 2))
    everything = range(8 * part)
    first, second = range(2 * part, 3 * part), range(4 * part, 5 * part)
    if come == MISSING:
        apart = {m: 1.0 for m in everything if m not in first and m not in second}
        lasting = {m: 1.0 for m in everything if m not in range(first.start, second.stop)}
    elif come == LASTING:
        apart = dict.fromkeys((*first, *second), MUCH)
        lasting = dict.fromkeys(range(first.start, second.stop), MUCH)
    else:
        apart = lasting = {first.start: MUCH, second.start: MUCH}
    assert rings(alarm, apart, 8 * part, asked=asked) == 2, "it rings once for good"
    assert states(alarm, apart, 8 * part, asked=asked)[-1] == "OK"
    twice = rings(alarm, lasting, 8 * part, asked=asked)
    assert twice in (1, 2)
    return EACH if twice == 2 else UNTIL


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_what_the_page_says_rings(number: int) -> None:
    """In each shape that the row is about there is the alarm, with an action; it rings as told.

    The fault comes twice: whether the alarm tells of it again, before anybody has done anything, is
    what the page says. Once the first is over, each alarm does.
    """
    fault = FAULTS[number]
    if not fault.alarms:
        assert fault.again == "—", fault.what
        assert re.fullmatch(r"nothing (has to|can): \w+( .+){2,}", fault.reason), fault.what
        return
    for name, condition in fault.alarms:
        shapes = fault.shapes(condition)
        assert shapes, f"{fault.what}: nothing is {condition}"
        for shape in shapes:
            alarm = heard(shape, name)
            told = again(json.dumps(alarm, sort_keys=True)) if alarm else EACH
            assert fault.again.startswith(told), f"{fault.what}: {name} of {shape}: {told}"
            assert told == UNTIL or fault.again == EACH


def test_every_alarm_is_about_a_fault() -> None:
    """No alarm of any shape is missing from the page."""
    told: dict[tuple[str, str], set[str]] = {}
    for fault in FAULTS:
        for name, condition in fault.alarms:
            for shape in fault.shapes(condition):
                told.setdefault((shape.blueprint, str(shape)), set()).add(name)
    for shape in all_shapes():
        alarms = set(shape.of_type("CloudWatch::Alarm"))
        missing = alarms - told.get((shape.blueprint, str(shape)), set())
        assert not missing, f"{shape}: docs/faults.md has no row for {missing}"


def test_silence_is_told_wherever_a_schedule_makes_a_sound() -> None:
    """Where a schedule starts work, an alarm rings once that has not been heard of for long.

    So it does if a rule is disabled, or what it starts is not there any more, which no other metric
    counts. Without a schedule, silence is what nobody having pushed sounds like.
    """
    seen = set()
    for shape in all_shapes():
        scheduled = [name for name, rule in _rules(shape) if "ScheduleExpression" in rule]
        silent = [
            alarm
            for alarm in shape.of_type("CloudWatch::Alarm").values()
            if alarm["TreatMissingData"] == "breaching"
        ]
        assert len(silent) == len(scheduled), f"{shape}: {scheduled}"
        for alarm in silent:
            asked = 26.0
            minutes = 200 * HOUR
            sounds = {m: 1.0 for m in range(0, minutes, HOUR) if m < 50 * HOUR}
            assert rings(alarm, sounds, 50 * HOUR, asked=asked) == 0, "it rings for nothing"
            assert rings(alarm, sounds, minutes, asked=asked) == 1
            seen.add(shape.blueprint)
    assert seen == {"backlog_proxy", "branch_builder", "fargate_mirror"}
