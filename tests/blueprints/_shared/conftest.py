"""Worlds to mirror in, for all tests of the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_on_loopback import Aws
from support.git_repositories import World, build_world, copy_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world to copy: made once."""
    return build_world(tmp_path_factory.mktemp("template") / "world")


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    """A world in which everything has been mirrored once."""
    return copy_world(template, tmp_path / "world")


@pytest.fixture
def aws(world: World) -> Iterator[Aws]:
    """CodeCommit's API for the world's destinations."""
    with Aws(world.root / "codecommit") as server:
        world.environment["AWS_ENDPOINT_URL"] = server.url
        yield server
