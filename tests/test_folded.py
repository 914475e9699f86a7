"""A test of many cases fails for each of them, by name."""

from __future__ import annotations

import doctest

import pytest
from support import folded


def test_every_case_that_fails_is_named() -> None:
    """Whatever a case fails of; those that hold are not told."""

    @folded.for_each(["1", "x", "", "3"], name=repr)
    def test_small(text: str) -> None:
        assert int(text) < 2

    with pytest.raises(AssertionError) as raised:
        test_small()
    told = [line for line in str(raised.value).splitlines() if line.startswith("'")]
    assert [line.split(": ")[:2] for line in told] == [
        ["'x'", "ValueError"],
        ["''", "ValueError"],
        ["'3'", "AssertionError"],
    ]


def test_no_case_is_no_test() -> None:
    """A table that is empty by mistake does not hold whatever is said of it."""
    with pytest.raises(AssertionError, match="there is no case"):
        folded.for_each([])(print)()


def test_the_example_is_true() -> None:
    """What the docstring shows is what happens."""
    assert doctest.testmod(folded).failed == 0
