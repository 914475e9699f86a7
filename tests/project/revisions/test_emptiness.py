"""A side without templates: an error, a doubt, or the first templates of a project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.projects import Project, template

from cfngen.cli import main
from cfngen.errors import CfngenError
from cfngen.project.revisions import pair

ONE = template("A")
GATE = "refused,data,replace,broaden,unknown"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make an empty repository with a commit."""
    made = Project(tmp_path)
    made.commit("empty")
    monkeypatch.chdir(tmp_path)
    return made


def reviewed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code of a review with the whole gate, and both streams."""
    code = main(["review", *arguments, "--fail-on", GATE])
    streams = capsys.readouterr()
    return code, streams.out, streams.err


@pytest.mark.parametrize("arguments", [["a", "b"], ["one", "two"], ["one...two"], ["one:a", "b"]])
def test_no_template_on_either_side_is_an_error(
    project: Project, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Nothing was compared, so nothing is green: the folders and what was looked for are named."""
    for folder in ("a", "b"):
        project.write(f"{folder}/README.md", "no template")
    project.commit("one")
    project.commit("two")
    code, out, err = reviewed(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "nothing to compare: no template in " in err
    assert ".yaml, .yml, .json and .template files" in err
    assert ("output/ in one" in err) or ("b/" in err)


def test_a_branch_of_a_repository_without_output(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """`main...feature` where templates are elsewhere is an error that says where they are."""
    project.write("templates/db.yaml", ONE)
    project.commit("main-side")
    project.write("templates/db.yaml", template("B"))
    project.commit("feature")
    code, _, err = reviewed(capsys, "main-side...feature")
    assert code == 2
    assert "output/ in main-side...feature and output/ in feature" in err
    assert "there are templates in templates/" in err


def test_the_first_templates_are_simply_new(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where base has no template anywhere, all are new, and the check is green."""
    project.write("cfngen.toml", "[templates]\n")
    project.write("output/one.yaml", ONE)
    code, out, _ = reviewed(capsys, "empty")
    assert code == 0
    assert out.startswith("No template was compared; 1 template is new\n")


def test_an_empty_table_of_templates_is_no_manifest_to_miss(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest that lists no template yet has no output that could be missing."""
    project.write("cfngen.toml", "[templates]\n")
    project.commit("begun")
    project.write("output/one.yaml", ONE)
    assert reviewed(capsys, "begun")[0] == 0


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("cfngen.toml", '[templates.shop]\nblueprint = "shop"\n', "although it has a manifest"),
        ("cfn/db.yaml", ONE, "although it has templates in cfn/"),
    ],
)
def test_a_base_that_should_have_templates_is_a_doubt(
    project: Project, capsys: pytest.CaptureFixture[str], path: str, text: str, words: str
) -> None:
    """Output that was never committed, or is elsewhere, is not a first adoption."""
    project.write(path, text)
    project.commit("before")
    project.write("output/one.yaml", template("B"))
    code, out, err = reviewed(capsys, "before")
    assert code == 1
    assert "Nothing changes" not in out
    assert "1 unknown" in out.splitlines()[0]
    assert words in " ".join(out.split())
    assert "unknown (output/)" in err


def test_a_head_without_any_template_is_a_doubt(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """All templates may be gone, or be where nobody looked."""
    project.write("output/one.yaml", ONE)
    project.commit("before")
    (project.top / "output/one.yaml").unlink()
    project.write("output/README.md", "")
    code, out, _ = reviewed(capsys, "before")
    assert code == 1
    assert out.startswith("No template was compared; 1 template is removed")


def test_a_moved_output_folder_is_compared_and_reported(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Base's folder comes from base's manifest: moving it hides nothing."""
    project.write("cfngen.toml", 'output = "old"\n[templates]\n')
    project.write("old/one.yaml", ONE)
    project.commit("before")
    shutil.move(project.top / "old", project.top / "new")
    project.write("cfngen.toml", 'output = "new"\n[templates]\n')
    project.write("new/one.yaml", template("B"))
    for arguments in (["before"], ["before", "after"], ["before...after"]):
        code, out, _ = reviewed(capsys, *arguments)
        assert code == 1
        assert "data" in out.splitlines()[0]
        assert "the output directory was old/ and is new/ now" in out
        if arguments == ["before"]:
            project.commit("after")


def test_a_manifest_that_is_new_or_gone(project: Project) -> None:
    """Where one side has no manifest, the other's says where both are looked at."""
    project.write("cfn/one.yaml", ONE)
    project.commit("without")
    project.write("cfngen.toml", 'output = "cfn"\n[templates]\n')
    project.commit("with")
    for base, head in (("without", "with"), ("with", "without"), ("without", None)):
        comparison = pair(base, head, project.top)
        assert set(comparison.base) == set(comparison.head) == {"one"}


def test_a_manifest_of_base_that_cannot_be_read(project: Project) -> None:
    """What is wrong with base's manifest is said of base."""
    project.write("cfngen.toml", "output = 1\n")
    project.write("output/one.yaml", ONE)
    project.commit("before")
    project.write("cfngen.toml", "[templates]\n")
    with pytest.raises(CfngenError, match=r"before: .*output"):
        pair("before", None, project.top)


def test_the_verdict_counts_what_was_compared(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two templates that are equal are two that were compared."""
    project.write("output/one.yaml", ONE)
    project.write("output/two.yaml", ONE)
    project.commit("before")
    assert reviewed(capsys, "before")[1].startswith(
        "Nothing changes for the stacks that are running, 2 templates compared\n"
    )


def test_a_folder_that_the_project_has_left_hides_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Templates that change where the output directory was are a doubt, whatever is compared."""
    project.write("cfngen.toml", "")
    project.write("output/one.yaml", ONE)
    project.commit("before")
    project.write("decoy/one.yaml", ONE)
    project.write("output/one.yaml", template("B"))
    project.write("cfngen.toml", 'output = "decoy"\n')
    project.commit("after")
    for arguments in (["before"], ["before", "after"], ["before...after"]):
        code, out, err = reviewed(capsys, *arguments)
        assert (code, "Nothing changes" in out) == (1, False)
        assert "unknown (output/one.yaml)" in err


def test_a_base_without_a_manifest_has_output(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The usual folder is meant, if it is there, and not the one that head's manifest names."""
    project.write("output/one.yaml", ONE)
    project.write("examples/demo.yaml", ONE)
    project.commit("before")
    project.write("output/one.yaml", template("B"))
    project.write("cfngen.toml", 'output = "examples"\n')
    code, out, err = reviewed(capsys, "before")
    assert (code, "Nothing changes" in out) == (1, False)
    assert "unknown (output/one.yaml)" in err


def test_a_manifest_that_is_a_link(project: Project) -> None:
    """A link to a file of the same commit is followed, as on disk; another is an error."""
    project.write("settings/cfngen.toml", 'output = "cfn"\n')
    project.write("cfn/one.yaml", ONE)
    (project.top / "cfngen.toml").symlink_to("settings/cfngen.toml")
    project.commit("linked")
    assert set(pair("linked", "linked", project.top).base) == {"one"}
    (project.top / "cfngen.toml").unlink()
    (project.top / "cfngen.toml").symlink_to("/etc/nothing")
    project.commit("elsewhere")
    with pytest.raises(CfngenError, match=r"cfngen\.toml"):
        pair("elsewhere", "linked", project.top)


def test_templates_elsewhere_are_found_behind_many_files(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many files only mention Resources, a template behind them is found."""
    for number in range(230):
        project.write(f"aaa/{number}.yaml", "a: 1 # Resources\n")
    project.write("cfn/db.yaml", ONE)
    project.commit("before")
    project.write("output/one.yaml", ONE)
    assert reviewed(capsys, "before")[0] == 1
