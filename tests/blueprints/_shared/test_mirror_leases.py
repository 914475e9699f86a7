"""The hook that stops a push if the destination is not any more what was read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import executed
from support.executed import ROOT

LEASES = ROOT / "blueprints/_shared/mirror/leases.py"
OLD, NEW, OTHER, NONE = "1" * 40, "2" * 40, "3" * 40, "0" * 40

pytestmark = pytest.mark.payloads


@pytest.mark.parametrize(
    ("there", "expected", "status", "stale"),
    [
        (OLD, OLD, 0, ""),
        (NONE, "", 0, ""),
        (OTHER, OLD, 1, "refs/heads/main"),
        (OTHER, "", 1, "refs/heads/main"),
        (NONE, OLD, 1, "refs/heads/main"),
    ],
    ids=["as read", "still absent", "moved", "made meanwhile", "deleted meanwhile"],
)
def test_a_push_is_stopped_if_a_ref_has_moved(
    tmp_path: Path, there: str, expected: str, status: int, stale: str
) -> None:
    """Git tells what is there; what was read is in a file, and what differs goes into another."""
    (tmp_path / "expected").write_text(f"refs/heads/main {expected}\n")
    lines = f"refs/heads/main {NEW} refs/heads/main {there}\n"
    done = subprocess.run([sys.executable, LEASES, tmp_path], input=lines, text=True)
    assert done.returncode == status
    assert (tmp_path / "stale").read_text() == stale
    executed.note(LEASES.read_bytes())
