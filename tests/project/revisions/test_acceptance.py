"""Only what stands in base's manifest is accepted without inspection, wherever base is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.projects import Project, template

from cfngen.project.revisions import Comparison, pair

NAME = "stack/Nested"
TABLE = f'[review]\nopaque = [{{ name = "{NAME}", reason = "reviewed there" }}]\n'
NOTE = f"{NAME} is accepted without inspection from this change on: reviewed there"


def write(path: Path, text: str) -> None:
    """Write a file below directories that may be new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with a manifest that accepts a part, as a change may add one."""
    head = tmp_path / "head"
    write(head / "cfngen.toml", f"{TABLE}[templates]\n")
    write(head / "output/stack.yaml", template("B"))
    write(tmp_path / "base/output/stack.yaml", template("A"))
    monkeypatch.chdir(head)
    return head


def compare(base: str, head: str) -> Comparison:
    """Compare from the working directory."""
    return pair(base, head, Path.cwd())


BOTH = [("../base/output", "output"), ("../base/output/stack.yaml", "output/stack.yaml")]


@pytest.mark.parametrize("names", BOTH)
def test_the_working_directory_accepts_nothing_for_another_one(
    here: Path, names: tuple[str, str]
) -> None:
    """Base is another checkout, whose manifest says nothing: the entry is told of, and no more."""
    comparison = compare(*names)
    assert comparison.accepted == {}
    assert comparison.notes == (NOTE,)


@pytest.mark.parametrize("names", BOTH)
def test_what_the_manifest_above_base_accepts_is_accepted(
    here: Path, names: tuple[str, str]
) -> None:
    """It is found from the templates of base upwards, whatever the working directory has."""
    write(here.parent / "base/output/cfngen.toml", TABLE)
    (here / "cfngen.toml").write_text("[templates]\n", encoding="utf-8")
    assert compare(*names).accepted == {NAME: "reviewed there"}
    assert compare(*names[::-1]).notes == (NOTE,)


def test_one_manifest_for_both_sides_accepts_nothing(here: Path) -> None:
    """Nobody knows what was in it when base was deployed; beside a commit, everybody does."""
    project = Project(here)
    write(here / "before/stack.yaml", template("A"))
    project.commit("one")
    assert compare("before", "output").accepted == {}
    assert compare("HEAD", "output").accepted == {NAME: "reviewed there"}


def test_beside_what_is_deployed_nothing_is_accepted(here: Path) -> None:
    """No manifest stands beside what get-template prints, as no waiver does."""
    printed = json.dumps({"TemplateBody": template("A"), "StagesAvailable": ["Original"]})
    write(here / "deployed/stack.json", printed)
    write(here / "deployed/cfngen.toml", TABLE)
    for names in (("deployed", "output"), ("deployed/stack.json", "output/stack.yaml")):
        comparison = compare(*names)
        assert comparison.accepted == {}
        assert NOTE in comparison.notes
