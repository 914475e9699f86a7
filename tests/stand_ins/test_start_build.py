"""What CodeBuild remembers and counts of StartBuild: the one code behind all stand-ins of it."""

from __future__ import annotations

import pytest
from support.start_build import StartBuildError, Tokens, queued

ASKED = {"projectName": "p", "sourceVersion": "1", "idempotencyToken": "t"}


def test_a_token_is_one_build_for_five_minutes_in_one_project_and_region() -> None:
    """With other parameters it is refused, not answered with the old build."""
    now = [0.0]
    tokens = Tokens(lambda: now[0])
    tokens.keep("r", ASKED, "build")
    assert tokens.build("r", ASKED) == "build"
    assert tokens.build("elsewhere", ASKED) == ""
    assert tokens.build("r", {**ASKED, "projectName": "another"}) == ""
    with pytest.raises(StartBuildError, match="mismatch") as refusal:
        tokens.build("r", {**ASKED, "sourceVersion": "2"})
    assert refusal.value.args[0] == "InvalidInputException"
    now[0] = 301
    assert tokens.build("r", ASKED) == ""


def test_builds_wait_in_a_queue_five_times_as_long() -> None:
    """Then there is no more room."""
    usual = {"account": 2, "project": None, "of_project": 0}
    assert not queued(running=1, waiting=0, **usual)
    assert queued(running=2, waiting=9, **usual)
    with pytest.raises(StartBuildError, match="10 builds in queue"):
        queued(running=2, waiting=10, **usual)


def test_a_project_with_a_limit_has_no_queue() -> None:
    """One build more is refused at once."""
    usual = {"account": 20, "running": 1, "waiting": 0, "project": 1}
    assert not queued(of_project=0, **{**usual, "running": 0})
    with pytest.raises(StartBuildError, match="for the project"):
        queued(of_project=1, **usual)
    with pytest.raises(StartBuildError, match="for the account"):
        queued(of_project=0, **{**usual, "running": 20})
