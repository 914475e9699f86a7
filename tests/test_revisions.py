"""Templates as they are in git, in folders and in files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cfngen.errors import CfngenError, Problems
from cfngen.revisions import pair

ONE = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n"
TWO = "Resources:\n  B:\n    Type: AWS::SNS::Topic\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Make a repository whose project is a folder inside of it, with a branch beside main."""
    git(tmp_path, "init", "--quiet")
    folder = tmp_path / "infra" / "output"
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(ONE)
    (folder / "notes.md").write_text("no template")
    (folder / "settings.yaml").write_text("a: 1")
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "other.yaml").write_text(TWO)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "switch", "-qc", "feature")
    (folder / "stack.yaml").write_text(TWO)
    git(tmp_path, "commit", "-qam", "two")
    git(tmp_path, "switch", "-q", "main")
    (folder / "later.yaml").write_text(ONE)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "three")
    git(tmp_path, "switch", "-q", "feature")
    return folder


def test_a_revision_is_compared_with_the_working_tree(output: Path) -> None:
    """What is not committed counts; only templates of the project's own folder are read."""
    (output / "stack.yaml").write_text(ONE + "  C:\n    Type: AWS::SNS::Topic\n")
    base, head = pair("feature", None, output)
    assert base.texts == {"stack": TWO}
    assert "C:" in head.texts["stack"]
    assert (base.label, Path(base.files["stack"]).name) == ("feature", "stack.yaml")


def test_two_revisions(output: Path) -> None:
    """Neither side needs to be checked out."""
    base, head = pair("main", "feature", output)
    assert base.texts == {"stack": ONE, "later": ONE}
    assert head.texts == {"stack": TWO}


def test_what_a_branch_has_changed_since_it_left(output: Path) -> None:
    """`A...B` leaves out what A has got since."""
    base, head = pair("main...feature", None, output)
    assert base.texts == {"stack": ONE}
    assert head.texts == {"stack": TWO}
    (output / "stack.yaml").write_text(ONE)
    base, head = pair("main...", None, output)
    assert (base.texts, head.texts) == ({"stack": ONE}, {"stack": ONE})


def test_a_folder_that_is_gone_is_one_without_templates(output: Path) -> None:
    """A project that has no output yet, or none any more, can be compared."""
    for file in output.iterdir():
        file.unlink()
    output.rmdir()
    assert pair("main", "feature", output)[1].texts == {"stack": TWO}
    with pytest.raises(CfngenError, match="no such folder; run `cfngen build`"):
        pair("main", None, output)


def test_folders_and_files(output: Path, tmp_path: Path) -> None:
    """Two files are one template, whatever they are called; a folder stands for its templates."""
    (tmp_path / "old.yaml").write_text(ONE)
    (tmp_path / "new.yaml").write_text(TWO)
    base, head = pair(str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml"), output)
    assert (base.texts, head.texts) == ({"new": ONE}, {"new": TWO})
    base, head = pair(str(output), str(tmp_path / "output"), output)
    assert (base.texts, head.texts) == ({"stack": TWO}, {"other": TWO})
    with pytest.raises(CfngenError, match="a file is compared with a file"):
        pair(str(tmp_path / "old.yaml"), None, output)


def test_a_file_is_compared_with_itself_in_a_revision(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`main stack.yaml` and `main:stack.yaml feature:stack.yaml` are about one template."""
    monkeypatch.chdir(output)
    base, head = pair("main", "stack.yaml", output)
    assert (base.texts, head.texts) == ({"stack": ONE}, {"stack": TWO})
    base, head = pair("main:stack.yaml", "feature:stack.yaml", output)
    assert (base.texts, head.texts) == ({"stack": ONE}, {"stack": TWO})
    assert base.label == "main:stack.yaml"
    with pytest.raises(CfngenError, match=r"later\.yaml: not in feature"):
        pair("main:later.yaml", "feature:later.yaml", output)
    with pytest.raises(CfngenError, match="no git revision"):
        pair("nowhere:later.yaml", "stack.yaml", output)


def test_a_broken_template_is_not_gone(output: Path) -> None:
    """A file that has lost its resources is still the template that it was on the other side."""
    (output / "stack.yaml").write_text("a: [")
    (output / "new.yaml").write_text("b: 1")
    base, head = pair("main", None, output)
    assert head.texts["stack"] == "a: ["
    assert "later" in base.texts
    assert set(head.others) == {"settings", "new"}


@pytest.mark.parametrize(
    "name",
    ["nowhere", "--upload-pack=touch x", "-h", "", "main nowhere", "no...where"],
)
def test_what_is_no_revision_is_said(output: Path, name: str) -> None:
    """A name that git does not know, or could take for an option, is told as what it is."""
    with pytest.raises(CfngenError, match="no file, no folder and no git revision"):
        pair(name, None, output)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("featuer", "did you mean 'feature'?"),
        ("main..feature", "write `main feature`, or `main...feature`"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(output: Path, name: str, hint: str) -> None:
    """A branch nearly spelled so is named; two dots are two arguments here."""
    with pytest.raises(CfngenError) as told:
        pair(name, None, output)
    assert hint in str(told.value)


def test_a_folder_outside_of_git(tmp_path: Path) -> None:
    """Without a repository, git's own words say so."""
    with pytest.raises(CfngenError, match="not a git repository"):
        pair("main", None, tmp_path)


def test_no_git_at_all(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders can be compared where git is not installed; the message says so."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CfngenError, match="git is not installed; compare two folders"):
        pair("main", None, output)


def test_all_that_cannot_be_read_is_told(output: Path) -> None:
    """Files that are no text are told together, on disk and in a revision."""
    for name in ("one.yaml", "two.yaml"):
        (output / name).write_bytes(b"Resources: \xff")
    with pytest.raises(Problems) as told:
        pair("main", None, output)
    assert len(told.value.problems) == 2
    git(output, "add", ".")
    git(output, "commit", "-qm", "four")
    with pytest.raises(Problems, match=r"one\.yaml in feature: not UTF-8"):
        pair("feature", None, output)
