"""No test is about how long something took by the clock: a busy machine would fail it.

What matters is counted, or measured in time of the processor (`time.process_time`). To wait for
something with patience is another thing: such a loop compares a moment with a deadline.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLOCKS = {
    "time.monotonic",
    "time.perf_counter",
    "time.time",
    "datetime.now",
    "datetime.datetime.now",
}


def timed(text: str) -> list[str]:
    """Return the assertions of a test that a difference of moments is small, as they are written.

    A difference with a clock on one side, compared with less than a number.
    """
    return [
        f"line {node.lineno}: {ast.unparse(node.test)}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
        and any(isinstance(part, ast.Compare) and _bounded(part) for part in ast.walk(node.test))
    ]


def _bounded(comparison: ast.Compare) -> bool:
    sides = [comparison.left, *comparison.comparators]
    for operator, left, right in zip(comparison.ops, sides, sides[1:], strict=False):
        small, bound = (left, right) if isinstance(operator, ast.Lt | ast.LtE) else (right, left)
        if isinstance(bound, ast.Constant) and any(
            isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and _clock(part)
            for part in ast.walk(small)
        ):
            return True
    return False


def _clock(value: ast.AST) -> bool:
    calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) in CLOCKS for call in calls)


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_no_test_depends_on_the_machine_s_speed(path: Path) -> None:
    """Whatever else runs on the machine, the test passes."""
    assert not timed(path.read_text())


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("assert time.monotonic() - began < 5", True),
        ("assert 1.9 < time.monotonic() - start < 6", True),
        ("assert 60 >= time.time() - begun", True),
        ("assert abs(stamp - time.time()) < 60", True),
        ("assert time.process_time() - began < 5", False),
        ("assert time.monotonic() < end", False),
        ("assert time.time() - lag >= 7", False),
    ],
)
def test_such_a_test_is_seen(text: str, *, seen: bool) -> None:
    """However it is written; patience is none."""
    assert bool(timed(text)) is seen
