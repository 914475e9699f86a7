"""The function, run; and what the template promises."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from cfngen import generate
from cfngen.testing import of_type

PAYLOAD = Path(__file__).parents[3] / "blueprints/heartbeat/payload/heartbeat.py"


def test_it_writes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With the time of the event."""
    handler = runpy.run_path(str(PAYLOAD))["handler"]
    handler({"time": "2026-11-30T00:00:00Z"}, None)
    assert json.loads(capsys.readouterr().out) == {"event": "alive", "at": "2026-11-30T00:00:00Z"}


def test_it_runs_every_hour() -> None:
    """By one schedule."""
    (schedule,) = of_type(generate("heartbeat").document.body, "AWS::Scheduler::Schedule").values()
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
