"""Every test here needs the emulator, and most take a second or more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.codecommit_git import CodeCommitGit
from support.deployments import REGIONS
from support.emulator import Emulator
from support.evidence import collect
from support.machines import Machines

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder; one that fails is run once more, and the summary says so.

    Each is dozens of processes that wait for one another: on a machine that stands still for some
    seconds, one may give up. A defect fails both times.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.emulator)
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def account(emulator: Emulator) -> Iterator[Emulator]:
    """Give an emulator that has nothing, and nothing is left in it.

    Whatever happened in it, no request was against a service's model, and no event was lost
    without a word.
    """
    yield emulator
    collect(emulator)
    invalid, undelivered = emulator.call("invalid"), emulator.call("undelivered")
    emulator.reset()
    assert invalid == []
    assert undelivered == []


@pytest.fixture
def git(account: Emulator, tmp_path: Path) -> Iterator[CodeCommitGit]:
    """Give CodeCommit's git."""
    with CodeCommitGit(account, tmp_path / "git", *REGIONS, beside="github.com") as hosts:
        yield hosts


@pytest.fixture
def machines(account: Emulator, git: CodeCommitGit, tmp_path: Path) -> Iterator[Machines]:
    """Give machines for builds and tasks."""
    (tmp_path / "machines").mkdir()
    made = Machines(account, git, tmp_path / "machines")
    yield made
    made.close()
