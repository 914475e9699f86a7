"""What several test files share."""

from __future__ import annotations

import pytest
from support import executed

from cfngen.linting.lint import Linter

pytest_plugins = [
    "support.cpu_time",
    "support.moto_server",  # before those that import it
    "support.emulator",
    "support.eventbridge",
]


def pytest_sessionfinish() -> None:
    """Note what programs imported that ran as processes of their own."""
    executed.collect()


@pytest.fixture(scope="session")
def linter() -> Linter:
    """Load the linter's rules once: they take most of a second."""
    return Linter()
