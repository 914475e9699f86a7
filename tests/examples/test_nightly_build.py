"""The example of a third party's package: installed, tested, built and linted as by its author."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.blueprint_package import environment

from cfngen import read
from cfngen.patterns._exports import homes

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "nightly-build"
BLUEPRINT = EXAMPLE / "acme_nightly" / "nightly_build" / "blueprint.py"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the example, and install it beside, as pip does."""
    folder = tmp_path_factory.mktemp("nightly-build")
    ignored = shutil.ignore_patterns("__pycache__", "output", "*.egg-info", "build")
    shutil.copytree(EXAMPLE, folder / "checkout", ignore=ignored)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder / "site")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, *options, str(folder / "checkout")],
        env=environment(*map(Path, sys.path)),
        check=True,
    )
    return folder / "checkout"


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Python's in the checkout, with the package installed."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        env=environment(checkout.parent / "site", *map(Path, sys.path)),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_its_own_tests_pass(checkout: Path) -> None:
    """What the example promises is true of it."""
    ended = run(checkout, "pytest", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "4 passed" in ended.stdout


@pytest.mark.slow
def test_it_is_built_and_linted_by_the_command(checkout: Path) -> None:
    """`cfngen build` finds the blueprint by its entry point, and the linter finds nothing."""
    ended = run(checkout, "cfngen", "build")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no findings" in ended.stdout + ended.stderr
    template = read((checkout / "output" / "nightly-build.yaml").read_text())
    assert template["Resources"]["Nightly"]["Type"] == "AWS::Scheduler::Schedule"
    # What was built is what a check expects to find.
    assert run(checkout, "cfngen", "build", "--check").returncode == 0


def test_it_needs_no_policies_and_nothing_that_is_not_public() -> None:
    """The blueprint imports what `cfngen` and `cfngen.patterns` export, and no IAM of its own."""
    nodes = [n for n in ast.walk(ast.parse(BLUEPRINT.read_text())) if isinstance(n, ast.ImportFrom)]
    imported = {(node.module, name.name) for node in nodes for name in node.names}
    assert {module for module, _ in imported} == {
        "cfngen",
        "cfngen.patterns",
        "dataclasses",
        "troposphere",
        "typing",
    }
    assert {name for module, name in imported if module == "cfngen.patterns"} <= set(homes())
    assert {name for module, name in imported if module == "troposphere"} == {"Ref"}
    assert not {"allow", "Statement", "policy_document"} & {name for _, name in imported}


def test_the_guide_shows_the_blueprint_as_it_is() -> None:
    """What `docs/writing-a-blueprint.md` quotes is the example's own text."""
    quoted = BLUEPRINT.read_text()
    assert f"```python\n{quoted}```\n" in (ROOT / "docs" / "writing-a-blueprint.md").read_text()
