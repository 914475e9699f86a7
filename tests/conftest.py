"""What several test files share."""

from __future__ import annotations

import gc

import pytest
from support import executed

from cfngen.linting.lint import Linter

pytest_plugins = [
    "support.cpu_time",
    "support.moto_server",  # before those that import it
    "support.emulator",
    "support.eventbridge",
]


def pytest_configure() -> None:
    """Look for garbage less often: thousands of tests are alive, and looked at each time."""
    gc.set_threshold(100_000, 50, 1_000)


def pytest_collection_finish() -> None:
    """Leave out what stays alive until the end: the tests, and the modules that they import."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks services on loopback: to start them costs more than most tests."""
    for item in items:
        if "moto_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.payloads)


def pytest_sessionfinish() -> None:
    """Note what programs imported that ran as processes of their own."""
    executed.collect()


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Load the linter's rules once: they take most of a second."""
    return Linter()
