"""The CPU time of each test: held to a limit, and written down if asked for.

A test that takes more than `MAX_SECONDS` of CPU time and has no mark that `make test` leaves out
fails. What a session, a module or a class shares is on nobody's bill: fixtures of those scopes, and
what `shared` caches.

CPU time is that of this process and of the children that it has waited for, so that a busy machine
changes little. What a slower machine changes is measured: a fixed piece of work, timed as the
session starts and again as a test exceeds the limit, says how much slower it is.

`pytest --cpu-times FILE` appends a line of JSON for each test and fixture, and
`python tests/support/cpu_time.py FILE` sums them up.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

MAX_SECONDS = 3.0
# How much more a test may take before it fails: two runs of one test differ by this on a busy
# machine, and a guard that is red by chance is soon ignored.
TOLERANCE = 1.5
# What `work` takes on the slowest machine that the tests are developed on, in CPU seconds.
REFERENCE_SECONDS = 0.035
MARKS = ("slow", "payloads", "emulator", "scanners")
P = ParamSpec("P")
T = TypeVar("T")


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of the children that it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def work() -> float:
    """Do a fixed piece of work in Python, and return its CPU seconds."""
    begun = time.process_time()
    numbers: dict[str, int] = {}
    for number in range(100_000):
        numbers[f"{number % 997}"] = numbers.get(f"{number % 991}", 0) + number % 7
    return time.process_time() - begun


def slowness() -> float:
    """Return how many times slower than the reference this machine is now; 1 if it is faster."""
    return max(1.0, min(work() for _ in range(3)) / REFERENCE_SECONDS)


class Account:
    """Adds up what is on nobody's bill; what happens inside of it is counted once."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seconds = 0.0
        self.depth = 0

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Charge what the block takes."""
        begun = cpu_seconds()
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            if not self.depth:
                self.seconds += cpu_seconds() - begun


SHARED = Account()


def shared(function: Callable[P, T]) -> Callable[P, T]:
    """Cache what a function returns, as `functools.cache` does, for all tests of a process.

    The test that happens to be the first one does not pay for it.
    """

    @functools.cache
    def first(*given: Any, **more: Any) -> T:
        with SHARED.charged():
            return function(*given, **more)

    @functools.wraps(function)
    def cached(*given: P.args, **more: P.kwargs) -> T:
        return first(*given, **more)

    return cached


class Meter:
    """Measures tests and fixtures, and fails a test that is too slow to have no mark."""

    def __init__(self, path: Path | None) -> None:
        """Measure the machine; write to a file at the end, if there is one."""
        self.path = path
        self.slowness = slowness()
        self.tests: dict[str, float] = defaultdict(float)
        self.fixtures: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Any:
        """Charge what several tests share to nobody."""
        if fixturedef.scope == "function":
            return (yield)
        before = SHARED.seconds
        with SHARED.charged():
            answer = yield
        self.fixtures[f"{fixturedef.argname} ({fixturedef.scope})"] += SHARED.seconds - before
        return answer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Any:
        """Measure what is set up for a test alone."""
        with self.measured(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        """Measure the test, and fail it if it takes too long; what failed already stays so."""
        with self.measured(item):
            answer = yield
        self.check(item)
        return answer

    @contextmanager
    def measured(self, item: pytest.Item) -> Iterator[None]:
        """Add what a block takes to a test's bill, without what is shared."""
        begun, before = cpu_seconds(), SHARED.seconds
        try:
            yield
        finally:
            spent = cpu_seconds() - begun
            self.tests[item.nodeid] += max(0.0, spent - (SHARED.seconds - before))

    def check(self, item: pytest.Item) -> None:
        """Fail a test without a mark that has taken too much."""
        seconds = self.tests[item.nodeid]
        if item.config.getoption("--no-cpu-limit"):
            return
        if seconds <= MAX_SECONDS or any(item.get_closest_marker(mark) for mark in MARKS):
            return
        slower = max(self.slowness, slowness())
        if seconds > MAX_SECONDS * TOLERANCE * slower:
            pytest.fail(
                f"takes {seconds:.1f} s of CPU time (this machine is taken to be {slower:.1f} times"
                f" as slow as the slowest it is developed on); without a mark it may take"
                f" {MAX_SECONDS:g} s. Make it faster, share what it prepares"
                " (support.cpu_time.shared), or mark it slow",
                pytrace=False,
            )

    def pytest_sessionfinish(self) -> None:
        """Write down what everything took."""
        if self.path:
            with self.path.open("a") as file:
                for kind, seconds in (("test", self.tests), ("fixture", self.fixtures)):
                    file.writelines(f"{json.dumps([kind, *row])}\n" for row in seconds.items())
                file.write(f"{json.dumps(['process', '', cpu_seconds()])}\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to write it down."""
    parser.addoption(
        "--cpu-times", metavar="FILE", type=Path, help="append CPU times as JSON lines"
    )
    parser.addoption(
        "--no-cpu-limit", action="store_true", help="let every test take as long as it does"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure, but where this process only hands tests to others."""
    if not getattr(config.option, "numprocesses", None):
        config.pluginmanager.register(Meter(config.getoption("--cpu-times")), "cpu-time-meter")


def summary(lines: list[str]) -> Iterator[str]:
    """Yield what files, tests and fixtures took, most first."""
    sums: dict[str, dict[str, float]] = {
        kind: defaultdict(float) for kind in ("file", "test", "fixture", "process")
    }
    for kind, name, seconds in map(json.loads, lines):
        sums[kind][name] += seconds
        if kind == "test":
            sums["file"][name.partition("::")[0]] += seconds
    for kind, smallest in (("process", 0.0), ("file", 0.5), ("fixture", 0.1), ("test", 1.0)):
        rows = sorted(sums[kind].items(), key=lambda row: -row[1])
        yield from (f"{s:8.1f} {kind} {name}" for name, s in rows if s >= smallest)


if __name__ == "__main__":
    print("\n".join(summary(Path(sys.argv[1]).read_text().splitlines())))  # noqa: T201
