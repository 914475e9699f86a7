"""What the arguments of a review stand for: revisions, folders and files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.projects import Project, template

from cfngen.errors import CfngenError
from cfngen.project.revisions import Comparison, pair

ONE, TWO = template("A"), template("B")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make a project in a folder of a repository, with a branch beside main."""
    made = Project(tmp_path)
    made.write("infra/cfngen.toml", "[templates]\n")
    made.write("infra/output/stack.yaml", ONE)
    made.write("output/other.yaml", TWO)
    made.commit("one")
    made.git("switch", "--quiet", "--create", "feature")
    made.write("infra/output/stack.yaml", TWO)
    made.commit("two")
    made.git("switch", "--quiet", "main")
    made.write("infra/output/later.yaml", ONE)
    made.commit("three")
    made.git("switch", "--quiet", "feature")
    monkeypatch.chdir(tmp_path / "infra")
    return made


def texts(comparison: Comparison) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of both sides."""
    base, head = comparison.base, comparison.head
    return {n: s.text for n, s in base.items()}, {n: s.text for n, s in head.items()}


def compare(base: str, head: str | None = None) -> Comparison:
    """Compare from the working directory."""
    return pair(base, head, Path.cwd())


def test_a_revision_is_compared_with_the_working_tree(project: Project) -> None:
    """What is not committed counts; only templates of the project's own folder are read."""
    project.write("infra/output/stack.yaml", template("B", "C"))
    comparison = compare("feature")
    assert texts(comparison) == ({"stack": TWO}, {"stack": template("B", "C")})
    assert comparison.labels == ("feature", "output/")
    assert comparison.base["stack"].file == "output/stack.yaml"


def test_two_revisions(project: Project) -> None:
    """Neither side needs to be checked out."""
    assert texts(compare("main", "feature")) == ({"stack": ONE, "later": ONE}, {"stack": TWO})


def test_what_a_branch_has_changed_since_it_left(project: Project) -> None:
    """`A...B` leaves out what A has got since; without B it is about the working tree."""
    comparison = compare("main...feature")
    assert texts(comparison) == ({"stack": ONE}, {"stack": TWO})
    assert comparison.labels == ("main...feature", "feature")
    project.write("infra/output/stack.yaml", ONE)
    assert texts(compare("main...")) == ({"stack": ONE}, {"stack": ONE})


def test_a_folder_beside_a_revision_is_that_folder_in_it(project: Project) -> None:
    """`main FOLDER` and `FOLDER main` compare one folder, not the project's output with it."""
    assert texts(compare("main", "../output")) == ({"other": TWO}, {"other": TWO})
    assert texts(compare("../output", "main")) == ({"other": TWO}, {"other": TWO})
    assert texts(compare("main:output", "feature:output")) == (
        {"stack": ONE, "later": ONE},
        {"stack": TWO},
    )


def test_two_folders(project: Project) -> None:
    """Folders are compared as they are on disk."""
    project.write("old/stack.yaml", ONE)
    assert texts(compare("../old", "output")) == ({"stack": ONE}, {"stack": TWO})
    assert texts(compare("../old")) == ({"stack": ONE}, {"stack": TWO})


def test_two_files(project: Project) -> None:
    """Two files are one template, whatever they are called."""
    project.write("old.yaml", ONE)
    project.write("new.json", TWO)
    assert texts(compare("../old.yaml", "../new.json")) == ({"new": ONE}, {"new": TWO})
    for wrong in ((("../old.yaml"), None), ("../old.yaml", "output")):
        with pytest.raises(CfngenError, match="a file is compared with a file"):
            compare(*wrong)


def test_a_file_is_compared_with_itself_in_a_revision(project: Project) -> None:
    """`main stack.yaml` and `main:stack.yaml feature:stack.yaml` are about one template."""
    os.chdir("output")
    assert texts(compare("main", "stack.yaml")) == ({"stack": ONE}, {"stack": TWO})
    comparison = compare("main:stack.yaml", "feature:stack.yaml")
    assert texts(comparison) == ({"stack": ONE}, {"stack": TWO})
    assert comparison.labels == ("main:stack.yaml", "feature:stack.yaml")
    with pytest.raises(CfngenError, match=r"later\.yaml: not a file in feature"):
        compare("main:later.yaml", "feature:later.yaml")
    with pytest.raises(CfngenError, match="no file, directory or git revision"):
        compare("nowhere:later.yaml", "stack.yaml")


def test_a_path_behind_two_revisions_is_compared_in_both(project: Project) -> None:
    """`main...feature output` is what the branch has changed there, whatever is on disk."""
    expected = texts(compare("main...feature"))
    for path in ("output", "output/stack.yaml"):
        comparison = compare("main...feature", path)
        assert texts(comparison) == expected
        assert comparison.labels[0].startswith(f"main...feature:{path}")
    project.write("infra/output/stack.yaml", template("C"))
    assert texts(compare("main...feature", "output/stack.yaml")) == expected
    assert texts(compare("main...", "output/stack.yaml"))[1] == {"stack": template("C")}
    for both in ("main", "feature:output"):
        with pytest.raises(CfngenError, match="names both sides already; leave out"):
            compare("main...feature", both)


@pytest.mark.parametrize(
    "name",
    ["nowhere", "--upload-pack=touch x", "-h", "", "main nowhere", "no...where"],
)
def test_what_is_no_revision_is_refused(project: Project, name: str) -> None:
    """A name that git does not know, or could take for an option, is refused as what it is."""
    with pytest.raises(CfngenError, match="no file, directory or git revision"):
        compare(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("featuer", "did you mean 'feature'?"),
        ("main..feature", "write `main feature`, or `main...feature`"),
        ("outptu", "did you mean 'output'?"),
        ("outptu/", "did you mean 'output'?"),
        ("qqqq", "; there are feature, main, "),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(project: Project, name: str, hint: str) -> None:
    """A branch nearly spelled so is named; two dots are two arguments here."""
    with pytest.raises(CfngenError) as error:
        compare(name)
    assert hint in str(error.value)


def test_a_branch_that_only_the_remote_has_is_named(project: Project) -> None:
    """A clone of one branch has no `main`, but `origin/main`."""
    project.git("update-ref", "refs/remotes/origin/main", "main")
    project.git("branch", "--quiet", "--delete", "--force", "main")
    with pytest.raises(CfngenError, match="did you mean 'origin/main'"):
        compare("main")


def test_a_folder_outside_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a repository, git's own words say so."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CfngenError, match="not a git repository"):
        compare("main")


def test_a_working_tree_without_an_output_folder(project: Project) -> None:
    """There is no template where they are looked for, and the message says what to do."""
    for file in Path("output").iterdir():
        file.unlink()
    Path("output").rmdir()
    with pytest.raises(CfngenError) as error:
        compare("main")
    assert "output/: no such directory; there are templates in output/, ../output/" in str(
        error.value
    )
    assert "run `cfngen build` first" in str(error.value)


def test_no_git_at_all(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders can be compared where git is not installed; the message says so."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CfngenError, match="git is not installed; compare two directories"):
        compare("main")
    assert texts(compare("output", "../output"))


def test_a_special_file_is_not_read(project: Project) -> None:
    """A FIFO or device in the place of a file is refused, and not waited for."""
    os.mkfifo("pipe.yaml")
    with pytest.raises(CfngenError, match=r"pipe\.yaml: a special file"):
        compare("main", "pipe.yaml")
    with pytest.raises(CfngenError, match="a special file"):
        compare("/dev/zero", "output/stack.yaml")


def test_a_link_in_the_place_of_a_file_is_not_followed(project: Project) -> None:
    """On disk and in a revision alike, a link that is named is refused."""
    Path("linked.yaml").symlink_to("output/stack.yaml")
    project.commit("linked")
    for wrong in (("main", "linked.yaml"), ("output/stack.yaml", "linked:linked.yaml")):
        with pytest.raises(CfngenError, match=r"linked\.yaml"):
            compare(*wrong)


@pytest.mark.parametrize("name", ["main", "HEAD^1", "main...feature", "...main", "main:output"])
def test_a_folder_named_like_a_revision_is_no_base(project: Project, name: str) -> None:
    """What could be either is refused: a change can bring a folder called like its base."""
    project.write(f"infra/{name}/stack.yaml", ONE)
    with pytest.raises(CfngenError, match="both a git revision and a file or directory"):
        compare(name)
    assert texts(compare(f"./{name}"))[0] == {"stack": ONE}


def test_a_branch_and_a_tag_of_one_name(project: Project) -> None:
    """Git takes the tag: where they are not the same, which is meant has to be written."""
    project.git("tag", "main", "feature")
    with pytest.raises(CfngenError, match="main: could be refs/heads/main or refs/tags/main"):
        compare("main")
    assert texts(compare("refs/heads/main"))[0] == {"stack": ONE, "later": ONE}
    project.git("tag", "--force", "main", "refs/heads/main")
    assert texts(compare("main"))[0] == {"stack": ONE, "later": ONE}


def test_no_commit_is_read_as_another(project: Project) -> None:
    """A replacement that somebody has fetched does not count."""
    project.git("replace", "main", "feature")
    assert texts(compare("main"))[0] == {"stack": ONE, "later": ONE}
