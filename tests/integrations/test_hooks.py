"""The hooks for pre-commit, run as pre-commit runs them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.reviews import git

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}
BIN = Path(sys.executable).parent
PRE_COMMIT = ROOT / ".venv/scanners/pre-commit/bin/pre-commit"
OWN_CONFIG = ROOT / ".pre-commit-config.yaml"
GOOD = "output/good.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which all is committed, with a template that is current."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "cfngen.toml").write_text('[templates.good]\nblueprint = "mirror_destination"\n')
    subprocess.run([BIN / "cfngen", "build"], cwd=folder, check=True, capture_output=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return folder


def hooked(project: Path, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    """Run a hook for some files that change, if it is run for them at all."""
    hook = HOOKS[name]
    chosen = [file for file in files if re.search(hook["files"], file)]
    assert chosen
    arguments = chosen if hook.get("pass_filenames", True) else []
    return subprocess.run(
        [*shlex.split(hook["entry"]), *arguments],
        cwd=project,
        env={"PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_the_build_is_held_to_the_blueprints(project: Path) -> None:
    """A template that somebody edits is refused, whichever file of it changes."""
    assert hooked(project, "cfngen-build-check", GOOD).returncode == 0
    path = project / GOOD
    path.write_text(path.read_text().replace("Resources:", "# Edited.\nResources:"))
    for file in (GOOD, "cfngen.toml", "pyproject.toml", "blueprints/x/payload/run.sh"):
        assert hooked(project, "cfngen-build-check", file).returncode == 1


@pytest.mark.slow
def test_what_changes_is_linted(project: Path) -> None:
    """The templates that change are, and no others."""
    assert hooked(project, "cfngen-lint", GOOD).returncode == 0
    (project / "output/bad.yaml").write_text("Resources: {A: {Type: AWS::S3::Bukcet}}\n")
    assert hooked(project, "cfngen-lint", GOOD).returncode == 0
    done = hooked(project, "cfngen-lint", GOOD, "output/bad.yaml", "README.md")
    assert done.returncode == 1
    assert "output/bad.yaml" in done.stdout


@pytest.mark.scanners
def test_pre_commit_takes_them(project: Path) -> None:
    """pre-commit reads the file, and runs the hooks with the files that it chooses itself."""
    if not PRE_COMMIT.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "pre-commit is not installed: run `python tests/scanners/install.py pre-commit`"
        )
    env = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(project),
        "PRE_COMMIT_HOME": str(project.parent / "home"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PRE_COMMIT, *arguments], cwd=project, env=env, capture_output=True, text=True
        )

    done = ran("validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert done.returncode == 0, done.stdout
    done = ran("validate-config", str(OWN_CONFIG))
    assert done.returncode == 0, done.stdout
    # As they are, but for the environment, which pre-commit would fill from an index.
    here = [{**hook, "language": "system"} for hook in HOOKS.values()]
    config = {"repos": [{"repo": "local", "hooks": here}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(project, "add", "--all")
    done = ran("run", "--all-files")
    assert (done.returncode, done.stdout.count("Passed")) == (0, 2), done.stdout
    (project / "output/bad.yaml").write_text("Resources: {A: {Type: AWS::S3::Bukcet}}\n")
    git(project, "add", "--all")
    done = ran("run", "cfngen-lint")
    assert (done.returncode, "output/bad.yaml" in done.stdout) == (1, True), done.stdout


def test_the_projects_own_hooks_run_its_own_tools() -> None:
    """Whoever works here gets what `make check` runs, in the same versions, and nothing else."""
    (repository,) = yaml.safe_load(OWN_CONFIG.read_text())["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        program, *arguments = shlex.split(hook["entry"])
        assert Path(program).parent == Path(".venv/bin")
        assert (BIN / Path(program).name).exists()
        for argument in arguments:
            assert "/" not in argument or (ROOT / argument).exists()


def test_text_files_have_one_kind_of_line_end() -> None:
    """A payload with a carriage return is refused, so Git makes none of them on any system."""
    listed = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in listed.splitlines() if "i/crlf" in line or "i/mixed" in line] == []
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text()
