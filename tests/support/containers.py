"""The restrictions that a task definition puts on its program, without a container."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def confined(*writable: Path) -> list[str]:
    """Return a command's beginning that makes all but some folders read-only, for user 1000.

    Without the program that does it, the test is skipped.
    """
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in writable:
        command += ["--bind", str(folder), str(folder)]
    command += ["--unshare-user", "--unshare-pid", "--uid", "1000", "--gid", "1000"]
    command += ["--cap-drop", "ALL"]
    if not shutil.which("bwrap"):
        pytest.skip("no bwrap here (Debian's bubblewrap): the task is not confined")
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"bwrap may not confine anything here: {tried.stderr.strip()}")
    return command
