"""What an alarm does as time passes: evaluated as CloudWatch evaluates it.

Source: AWS pages "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data". An
alarm acts when its state changes, and at no other time.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
STATISTICS = {
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}
MINUTE = 60


def states(
    alarm: Mapping[str, Any], data: Mapping[int, float], minutes: int, *, asked: float = 1
) -> list[str]:
    """Return the states that an alarm goes through, each change once, beginning with OK.

    Args:
        alarm: its properties, as a template has them.
        data: the values of its metric, by the minute.
        minutes: how long it is watched, period by period; what was before is not known.
        asked: what stands for numbers that a parameter decides.
    """
    period = int(alarm["Period"]) // MINUTE
    periods, threshold = (
        float(asked if isinstance(alarm[name], dict) else alarm[name])
        for name in ("EvaluationPeriods", "Threshold")
    )
    values: dict[int, list[float]] = {}
    for minute, value in data.items():
        values.setdefault(minute // period, []).append(value)
    found, breaching = ["OK"], 0
    for number in range(minutes // period):
        breaching = breaching + 1 if _breaches(alarm, values.get(number, []), threshold) else 0
        state = "ALARM" if breaching >= periods else "OK"
        if number >= periods and state != found[-1]:
            found.append(state)
    return found


def rings(
    alarm: Mapping[str, Any], data: Mapping[int, float], minutes: int, *, asked: float = 1
) -> int:
    """Return how often an alarm tells that something is wrong."""
    return states(alarm, data, minutes, asked=asked).count("ALARM") * bool(alarm["AlarmActions"])


def _breaches(alarm: Mapping[str, Any], values: list[float], threshold: float) -> bool:
    """Tell whether a period breaches the threshold."""
    if not values:
        return bool(alarm["TreatMissingData"] == "breaching")
    value = STATISTICS[alarm["Statistic"]](values)
    return bool(COMPARISONS[alarm["ComparisonOperator"]](value, threshold))
