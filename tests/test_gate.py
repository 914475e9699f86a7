"""The gate that we recommend: `build --check`, then a review that fails on every concern.

Each test is a change that somebody could try to bring past it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import Project

from cfngen.cli import main

pytestmark = pytest.mark.slow  # each lints what it builds

CONCERNS = "refused,data,replace,broaden,unknown"
MANIFEST = """\
[templates.branch-events]
blueprint = "branch_events"
options.repositories = ["shop"]

[templates.stores]
blueprint = "artifact_stores"
"""
ADMIN = """{"\\u0052esources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]},
  "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}}}}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a project once, and commit it as `base`."""
    project = Project(tmp_path_factory.mktemp("gate") / "project")
    project.write("cfngen.toml", MANIFEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.top)
        assert main(["build"]) == 0
    project.commit("base")
    return project.top


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Copy the project, so that it can be changed."""
    shutil.copytree(built, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "project")


def gate(capsys: pytest.CaptureFixture[str]) -> tuple[int, int, str]:
    """Return what both commands exit with, and all that they say."""
    codes = main(["build", "--check"]), main(["review", "base", "--fail-on", CONCERNS])
    streams = capsys.readouterr()
    return *codes, streams.out + streams.err


def test_what_nobody_changed_passes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate is open for a change of words."""
    project.write("README.md", "# Shop\n")
    check, review, words = gate(capsys)
    assert (check, review) == (0, 0)
    assert "Nothing changes" in words


def wider(project: Project) -> None:
    """Let a role do more, by the manifest, and build it."""
    text = MANIFEST.replace('["shop"]', '["shop"]\noptions.pull_requests = true')
    project.write("cfngen.toml", text)
    assert main(["build"]) == 0


@pytest.mark.parametrize("suffix", [".yml", ".json", ".template", ".YAML"])
def test_a_copy_of_the_old_template_beside_the_new(
    project: Project, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    """Both commands fail: one names the copy, the other compares what is deployed."""
    wider(project)
    old = project.git("show", "base:output/branch-events.yaml")
    project.write(f"output/branch-events{suffix}", f"{old}\n")
    check, review, words = gate(capsys)
    assert (check, review) == (1, 1)
    assert f"output/branch-events{suffix}: beside output/branch-events.yaml" in words
    assert "1 stack changes, 3 templates compared (1 nested), 1 template is new" in words


def moved(project: Project) -> None:
    """Move the output folder, and let buckets go with their stack."""
    project.write("cfngen.toml", f'output = "templates"\n\n{MANIFEST}')
    shutil.move("output", "templates")
    file = project.top / "templates/stores.yaml"
    file.write_text(file.read_text().replace("DeletionPolicy: Retain", "DeletionPolicy: Delete"))


def linked(project: Project) -> None:
    """Put a link in a template's place."""
    file = project.top / "output/stores.yaml"
    shutil.move(file, project.top / "stores.txt")
    file.symlink_to("../stores.txt")


def device(project: Project) -> None:
    """Put a device in the place of a template that is new."""
    (project.top / "output/more.yaml").symlink_to("/dev/zero")


def pipe(project: Project) -> None:
    """Put a FIFO there, which nobody writes to."""
    os.mkfifo(project.top / "output/more.yaml")


def disguised(project: Project) -> None:
    """Add a template whose first key is spelt with an escape."""
    project.write("output/more.json", ADMIN)


def below(project: Project) -> None:
    """Add the same in a folder below."""
    project.write("output/a/b/more.template", ADMIN)


def renamed(project: Project) -> None:
    """Rename a template, and let its buckets go."""
    project.write("cfngen.toml", MANIFEST.replace("templates.stores", "templates.shelves"))
    assert main(["build", "--prune"]) == 0
    file = project.top / "output/shelves.yaml"
    file.write_text(file.read_text().replace("DeletionPolicy: Retain", "DeletionPolicy: Delete"))


def inside(project: Project) -> None:
    """Open the key that a stack set makes in other regions to everybody."""
    file = project.top / "output/stores.yaml"
    text = file.read_text()
    body = text.index("TemplateBody: |")
    start = text.index("Principal:", body)
    end = text.index("Action:", start)
    indent = text[text.rindex("\n", 0, start) + 1 : start]
    file.write_text(f"{text[:start]}Principal: '*'\n{indent}{text[end:]}")


@pytest.mark.parametrize(
    ("attack", "concern"),
    [
        (moved, "data"),
        (linked, "unknown"),
        (device, "unknown"),
        (pipe, "unknown"),
        (disguised, "broaden"),
        (below, "broaden"),
        (renamed, "data"),
        (inside, "broaden"),
        (wider, "broaden"),
    ],
)
def test_no_change_hides_from_the_review(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    attack: Callable[[Project], None],
    concern: str,
) -> None:
    """The review alone fails on the change, and claims in no format that nothing changes."""
    attack(project)
    capsys.readouterr()
    assert main(["review", "base", "--fail-on", CONCERNS]) == 1
    streams = capsys.readouterr()
    assert "Nothing changes" not in streams.out
    assert f"{concern} (" in streams.err
