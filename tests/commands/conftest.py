"""Fixtures of the tests of the command line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from support.blueprint_package import (
    package,
    project,
)
from support.command_line import BLUEPRINTS, MANIFEST, Cli, Said

from cfngen.cli import main
from cfngen.linting import processes
from cfngen.linting.lint import Linter


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints of a third party."""
    folder = tmp_path_factory.mktemp("cli-site")
    package(folder, BLUEPRINTS, distribution="cli-prints", module="cli_prints")
    return folder


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints that cannot be imported, or are none."""
    folder = tmp_path_factory.mktemp("broken-site")
    texts = {"cli_broken": "import nowhere_to_be_found\n", "cli_bare": "def {name}(): ...\n"}
    package(folder, texts, distribution="broken-prints", module="broken_prints")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of two templates."""
    return project(tmp_path / "project", MANIFEST)


@pytest.fixture
def cli(
    site: Path,
    root: Path,
    linter: Linter,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """The command in this process, with rules of the linter that are loaded once."""

    class Shared(contextlib.AbstractContextManager["Shared"]):
        def __init__(self, root: Path, *, append_rules: bool = True) -> None:
            self.root, self.append_rules = root, append_rules

        def __exit__(self, *exception: object) -> None:
            """Keep the rules."""

        def lint(self, jobs: list[processes.Job]) -> list[object]:
            return [linter.lint(*job) for job in jobs]

    monkeypatch.setattr(processes, "Linters", Shared)
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(root)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)

    def run(*arguments: str) -> Said:
        code = main(arguments)
        return Said(code, *capsys.readouterr())

    return run
