"""A test that takes long, and has no mark, fails; the clock and other tests have no part in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The limit is made small here: a machine that is taken to be six times slower changes nothing.
CONFTEST = """\
from support import cpu_time
cpu_time.MAX_SECONDS = 0.01
"""
SOURCE = """\
import subprocess, sys, time
import pytest
from support.cpu_time import shared

CHILD = "import time\\nwhile time.process_time() < 0.1: pass"

def burn():
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    return 1

@pytest.fixture
def own():
    return burn()

@pytest.fixture(scope="session")
def common():
    return burn()

@shared
def once():
    return burn()

def test_itself_red(): burn()
def test_what_is_set_up_red(own): pass
def test_a_child_red(): subprocess.run([sys.executable, "-S", "-c", CHILD], check=True)
@pytest.mark.slow
def test_marked(): burn()
def test_the_session_s(common): pass
def test_shared(): assert once() == once() == 1
def test_waiting(): time.sleep(0.4)
"""


@pytest.mark.slow
def test_what_takes_long_has_a_mark(tmp_path: Path) -> None:
    """A test, what is set up for it alone, and its children count; what is shared does not.

    What everything took is written down, if asked for. Nothing fails if there is no limit.
    """
    times = tmp_path / "times"
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(SOURCE)
    command = [sys.executable, "-m", "pytest", "-rf", "-p", "support.cpu_time", "-c", "/dev/null"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]

    def ran(*options: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [*command, *options], env=environment, capture_output=True, text=True, check=False
        )

    done = ran("--cpu-times", str(times))
    red = set(re.findall(r"^FAILED .*::(\w+)", done.stdout, re.M))
    assert red == set(re.findall(r"test_\w+_red", SOURCE)), done.stdout + done.stderr
    assert len(re.findall(r"^takes 0\.\d s of CPU time", done.stdout, re.M)) == len(red) == 3
    assert "4 passed" in done.stdout
    rows = {(kind, name): s for kind, name, s in map(json.loads, times.read_text().splitlines())}
    assert rows["test", "test_it.py::test_itself_red"] > 0.09
    assert rows["test", "test_it.py::test_shared"] < 0.05
    assert rows["fixture", "common (session)"] > 0.09
    assert rows["process", ""] > 0.6
    assert ran("--no-cpu-limit").returncode == 0
