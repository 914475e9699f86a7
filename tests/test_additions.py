"""Adding a blueprint edits nothing but the manifest: done in a scratch copy, with all its tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADDITIONS = ROOT / "tests" / "additions"
COPIED = (
    "blueprints", "cfngen", "docs", "examples", "integrations", "output", "tests",
    ".cfnlintrc", "CHANGELOG.md", "Makefile", "README.md", "constraints.txt", "pyproject.toml",
)  # fmt: skip
TABLE = '\n[tool.cfngen.templates.heartbeat]\nblueprint = "heartbeat"\n'
# What looks at every blueprint, and its own tests, as far as they are about the new one. The
# emulator deploys it as well, by its deployments.toml; that takes longer.
LOOKS_AT_ALL = (
    "tests/blueprints/heartbeat",
    "tests/linting",
    "tests/test_alarms.py",
    "tests/test_blueprint_shape.py",
    "tests/test_dead_letters.py",
    "tests/test_documented_permissions.py",
    "tests/test_house.py",
    "tests/test_requests.py",
    "tests/test_sizes.py",
    "tests/test_stateful.py",
    "tests/test_time_limits.py",
    "tests/test_variables.py",
)
# What `make pages` writes anew.
PAGES = (("tests/sizes.py",), ("tests/scanners/waivers.py",))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of the project that imports itself."""
    folder = tmp_path / "cfngen"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "additions")
            shutil.copytree(source, folder / name, ignore=ignored, symlinks=True)
        else:
            shutil.copy2(source, folder / name)
    (folder / "cfngen_blueprints").symlink_to("blueprints")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the copy is what is imported."""
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in the copy."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder, env=environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_blueprint_is_a_directory_its_tests_and_one_table(scratch: Path) -> None:
    """Everything that looks at all blueprints finds it, and has nothing against it."""
    shutil.copytree(ADDITIONS / "blueprint", scratch, dirs_exist_ok=True)
    with (scratch / "pyproject.toml").open("a") as manifest:
        manifest.write(TABLE)
    built = run(scratch, "cfngen", "build")
    assert built.returncode == 0, built.stdout + built.stderr
    assert (scratch / "output/heartbeat.yaml").is_file()
    for check in (("ruff", "check", "blueprints", "tests/blueprints/heartbeat"), ("mypy",)):
        checked = run(scratch, *check)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    for page in PAGES:
        subprocess.run([sys.executable, *page], cwd=scratch, env=environment(scratch), check=True)
    tested = run(
        scratch, "pytest", "-q", "-x", "-p", "no:cacheprovider",
        "-m", "not emulator and not scanners", "-k", "heartbeat or page", *LOOKS_AT_ALL,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", tested.stdout)[1]) > 20
