"""What patterns refuse, each in its own words, before a template is made."""

from __future__ import annotations

from typing import Any

import pytest
from troposphere import Ref

from cfngen import Payload
from cfngen.errors import PatternError
from cfngen.patterns import (
    RETENTION_DAYS,
    cache_bucket,
    dead_letters,
    log_group,
    python_function,
)

CODE = Payload("def handler(event, context):\n    pass\n", "teller.py")


@pytest.mark.parametrize("days", [*RETENTION_DAYS, Ref("LogDays")])
def test_the_days_that_cloudwatch_logs_knows_are_taken(days: Any) -> None:
    """And so is what only the deployment knows."""
    assert log_group("Log", days=days).RetentionInDays == days


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (45, "take 30 or 60"),
        (0, "take 1"),
        (5000, "take 3653"),
        (None, "without it they would be kept for ever"),
    ],
)
def test_other_days_are_refused_with_the_nearest(days: Any, told: str) -> None:
    """CloudWatch Logs would refuse them while the stack is made."""
    with pytest.raises(PatternError, match=r"log_group\('Log'\): days: ") as caught:
        log_group("Log", days=days)
    assert str(caught.value).endswith(told)


def test_a_function_has_one_log() -> None:
    """Its own or a shared one: with neither, nobody would know for how long."""
    for given in ({}, {"days": 1, "log": log_group("Log", days=1)}):
        with pytest.raises(PatternError, match=r"python_function\('Teller'\): days: "):
            python_function("Teller", CODE, reason="Tells.", **given)


@pytest.mark.parametrize("seconds", [0, 901])
def test_a_timeout_that_lambda_does_not_take_is_refused(seconds: int) -> None:
    """Lambda takes up to fifteen minutes."""
    with pytest.raises(PatternError, match=r"seconds: .*1 to 900"):
        python_function("Teller", CODE, reason="Tells.", days=1, seconds=seconds)


def test_a_bucket_keeps_for_a_day_at_least() -> None:
    """S3 refuses fewer."""
    with pytest.raises(PatternError, match=r"cache_bucket\('Cache'\): days: 0 is too few"):
        cache_bucket("Cache", days=0)


def test_who_may_write_dead_letters_has_to_be_said() -> None:
    """A queue that takes nothing from a rule would lose what the rule cannot deliver."""
    make: Any = dead_letters
    with pytest.raises(TypeError, match="rules"):
        make("Lost", reason="To test.")
