"""No test is about how long something took by the clock: a busy machine would fail it.

What matters is counted, or measured in time of the processor (`time.process_time`). To wait for
something with patience is another thing: such a loop compares a moment with a deadline.
"""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import TypeGuard

import pytest
from support.folded import for_each

TESTS = Path(__file__).parent
CLOCKS = {
    "time.monotonic",
    "time.perf_counter",
    "time.time",
    "datetime.now",
    "datetime.datetime.now",
}


def timed(text: str) -> list[str]:
    """Return the assertions of a test that compare a length of time with a number, as written.

    A length of time is a difference of which one side is a moment that a clock told, or a name that
    is assigned such a difference.
    """
    if not any(clock in text for clock in CLOCKS):
        return []
    tree = ast.parse(text)
    moments, lengths = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {part.id for part in ast.walk(ast.Tuple(node.targets)) if _is_name(part)}
            if _is_clock(node.value):
                moments |= names
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _has_length(node.value, moments, set()):
            lengths |= {target.id for target in node.targets if _is_name(target)}
    return [
        f"line {node.lineno}: {ast.unparse(node.test)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
        and any(
            isinstance(part, ast.Compare) and _compared(part, moments, lengths)
            for part in ast.walk(node.test)
        )
    ]


def _compared(comparison: ast.Compare, moments: set[str], lengths: set[str]) -> bool:
    sides = [comparison.left, *comparison.comparators]
    return any(
        isinstance(number, ast.Constant) and _has_length(other, moments, lengths)
        for pair in itertools.pairwise(sides)
        for number, other in (pair, pair[::-1])
    )


def _has_length(value: ast.AST, moments: set[str], lengths: set[str]) -> bool:
    for part in ast.walk(value):
        if _is_name(part) and part.id in lengths:
            return True
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub):
            sides = [part.left, part.right]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue  # still a moment
            if any(_is_clock(side) or (_is_name(side) and side.id in moments) for side in sides):
                return True
    return False


def _is_name(value: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(value, ast.Name)


def _is_clock(value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) in CLOCKS


@for_each(sorted(TESTS.rglob("*.py")), name=lambda path: str(path.relative_to(TESTS)))
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
        ("assert time.monotonic() - failed > 30", True),
        ("began = time.monotonic()\ntook = time.monotonic() - began\nassert took < 5", True),
        ("a = time.time()\nb = time.time()\nassert 1 > b - a", True),
        ("began = time.process_time()\ntook = time.process_time() - began\nassert took < 5", False),
        ("end = time.time() + 5\nassert time.time() < end", False),
        ("began = time.time()\nassert began - 1 < stamp < time.time() + 1", False),
        ("began = time.time()\nassert lag <= 2 + time.time() - began", False),
    ],
)
def test_such_a_test_is_seen(text: str, *, seen: bool) -> None:
    """However it is written; patience is none."""
    assert bool(timed(text)) is seen
