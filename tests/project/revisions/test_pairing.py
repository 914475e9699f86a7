"""Which templates of two folders are compared with which, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.projects import Project, template

from cfngen.errors import CfngenError, Problems
from cfngen.project.reviews import review_of
from cfngen.project.revisions import Comparison, pair
from cfngen.project.revisions.pairing import names, paired
from cfngen.review.model import Certainty

ONE, TWO = template("A"), template("B")
LONG = template(*(f"Bucket{number}" for number in range(20)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make a repository with one template, committed as `base`."""
    made = Project(tmp_path / "project")
    made.write("cfngen.toml", "[templates]\n")
    made.write("output/stack.yaml", ONE)
    made.commit("base")
    monkeypatch.chdir(made.top)
    return made


def compare(base: str = "base", head: str | None = None) -> Comparison:
    """Compare from the working directory."""
    return pair(base, head, Path.cwd())


def both_ways(project: Project) -> list[Comparison]:
    """Return the comparisons of base with the working tree, and with a commit of it."""
    comparisons = [compare()]
    project.commit("head")
    return [*comparisons, compare("base", "head"), compare("base...head")]


def doubts(comparison: Comparison) -> list[str]:
    """Return what could hide a change."""
    facts = comparison.facts
    return [*(side.directory for side in facts.empty), *(file.file for file in facts.uncompared)]


def test_files_of_one_stem_are_two_templates(project: Project) -> None:
    """`shop.yaml` and `shop.json` are told apart by their suffixes, none hides the other."""
    project.write("output/stack.json", '{"Resources": {}}')
    for comparison in both_ways(project):
        assert set(comparison.head) == {"stack.yaml", "stack.json"}
        assert comparison.base["stack.yaml"].text == ONE


def test_a_copy_under_another_suffix_hides_nothing(project: Project) -> None:
    """The template that changes is compared with itself; the copy of its old text is new."""
    project.write("output/stack.yaml", TWO)
    for suffix in (".yml", ".json", ".template", ".YAML", ".txt", ""):
        project.write(f"output/stack{suffix}", ONE)
    for comparison in both_ways(project):
        assert comparison.head["stack.yaml"].text == TWO
        assert set(comparison.base) == {"stack.yaml"}
        assert len(comparison.head) == 7


def test_folders_are_walked(project: Project) -> None:
    """A template in a folder below is one by its path; hidden folders are named, not walked."""
    project.write("output/net/deep/vpc.yml", TWO)
    project.write("output/.hidden/vpc.yml", TWO)
    project.write("output/node_modules/x/vpc.yml", TWO)
    for comparison in both_ways(project):
        assert set(comparison.head) == {"stack", "net/deep/vpc"}
        aside = [left.path for left in comparison.left_out]
        assert aside == ["output/.hidden/", "output/node_modules/"]


@pytest.mark.parametrize(
    "text",
    [
        '{"\\u0052esources": {"A": {"Type": "AWS::SNS::Topic"}}}',
        '"\\x52esources":\n  A:\n    Type: AWS::SNS::Topic\n',
        '? "Resou\\\n  rces"\n: A: {Type: "AWS::SNS::Topic"}\n',
        "? [a]\n: b\n? Resources\n: {}\n",
        "a: &a Resources\n*a : {}\n",
        "Resources: {}\nResources: {}\n",
        "AWSTemplateFormatVersion: 2010-09-09\n",
        "\ufeffResources:\n  A: {Type: 'AWS::SNS::Topic'}\n",
        "a: 1\n---\nResources: {}\n",
    ],
)
def test_what_is_a_template_is_decided_on_the_document(project: Project, text: str) -> None:
    """Escapes, anchors, odd keys and a broken rest hide no template."""
    project.write("output/hidden.yaml", text)
    for comparison in both_ways(project):
        assert "hidden" in comparison.head


def test_what_is_no_template_is_named(project: Project) -> None:
    """Files without `Resources` at the top are left out by name, on both sides."""
    project.write("output/settings.yaml", "a: {Resources: 1}\nb: 'x \\ y'\n")
    project.write("output/README.md", "Resources\n")
    project.write("output/image.png", "\x00\x01")
    for comparison in both_ways(project):
        assert set(comparison.head) == {"stack"}
        assert {(left.path, left.side) for left in comparison.left_out} == {
            ("output/settings.yaml", "head"),
            ("output/README.md", "head"),
            ("output/image.png", "head"),
        }
        assert doubts(comparison) == []


def test_a_broken_template_is_not_gone(project: Project) -> None:
    """A file that has lost its resources is still the template that it was on the other side."""
    project.write("output/stack.yaml", "a: [")
    for comparison in both_ways(project):
        assert comparison.head["stack"].text == "a: ["


def test_all_that_is_no_text_is_refused_together(project: Project) -> None:
    """Templates that are no UTF-8 any more are named, all of them."""
    project.write("output/two.yaml", ONE)
    project.commit("two")
    for name in ("stack", "two"):
        (project.top / f"output/{name}.yaml").write_bytes(b"Resources: \xff")
    with pytest.raises(Problems) as error:
        compare("two")
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "output/stack.yaml",
        "output/two.yaml",
    ]


def test_links_and_special_files_are_not_followed(project: Project) -> None:
    """A link in a template's place, to wherever, is a doubt and no template, as a FIFO is."""
    output = project.top / "output"
    (output / "stack.yaml").unlink()
    (output / "stack.yaml").symlink_to("/dev/zero")
    (output / "inside.yaml").symlink_to("../cfngen.toml")
    (output / "folder").symlink_to("..")
    (output / "notes.md").symlink_to("../cfngen.toml")
    named = ["output/folder", "output/inside.yaml", "output/stack.yaml"]
    for comparison in both_ways(project):
        assert (comparison.base, comparison.head) == ({}, {})
        assert doubts(comparison)[-3:] == named
        assert "output/notes.md" in {left.path for left in comparison.left_out}
    os.mkfifo(output / "pipe.yaml")
    assert doubts(compare())[-3:] == ["output/inside.yaml", "output/pipe.yaml", "output/stack.yaml"]


def test_an_output_folder_that_is_a_link_is_refused(project: Project) -> None:
    """What a folder leads to is not read either."""
    (project.top / "output").rename(project.top / "real")
    (project.top / "output").symlink_to("real")
    with pytest.raises(CfngenError, match="output: a symlink, which is not followed"):
        compare()


def test_a_repository_within_is_not_looked_into(project: Project) -> None:
    """A submodule's templates are no part of the commit: what they are is unknown."""
    Project(project.top / "output" / "other").write("x.yaml", ONE)
    assert doubts(compare()) == ["output/other/"]


def test_a_file_larger_than_any_template(project: Project) -> None:
    """What grows over the limit is a doubt where it was a template, and never read whole."""
    project.write("output/big.yaml", "#" * 4_000_001)
    project.write("output/stack.yaml", ONE + "#" * 4_000_001)
    for comparison in both_ways(project):
        assert "output/stack.yaml" in doubts(comparison)
        assert "output/big.yaml" not in doubts(comparison)


def test_a_template_that_becomes_another_kind_of_file(project: Project) -> None:
    """YAML that becomes JSON is the same template under its stem."""
    (project.top / "output/stack.yaml").unlink()
    project.write("output/stack.json", '{"Resources": {"Z": {"Type": "AWS::SNS::Topic"}}}')
    for comparison in both_ways(project):
        assert set(comparison.base) == set(comparison.head) == {"stack"}
        assert comparison.notes == ()


def test_two_candidates_for_one_template_are_refused(project: Project) -> None:
    """Where nobody can say which file a template has become, nothing is compared."""
    (project.top / "output/stack.yaml").unlink()
    project.write("output/stack.json", '{"Resources": {}}')
    project.write("output/stack.yml", TWO)
    with pytest.raises(
        Problems, match=r"stack\.yaml in base could be any of stack\.json, stack\.y"
    ):
        compare()


def test_a_renamed_template_is_compared_with_what_it_was(project: Project) -> None:
    """A file that is renamed and changed is one template, and the new name is said."""
    project.write("output/old.yaml", LONG)
    project.commit("long")
    (project.top / "output/old.yaml").unlink()
    project.write("output/new.yaml", LONG.replace("Bucket7", "Other"))
    comparison = compare("long")
    assert comparison.base["new"].text == LONG
    assert "old.yaml is new.yaml now" in comparison.notes[0]


def test_copies_that_are_equally_alike_are_a_doubt(project: Project) -> None:
    """Of two copies of a template that is gone nobody knows which is deployed in its place."""
    project.write("output/old.yaml", LONG)
    project.commit("long")
    (project.top / "output/old.yaml").unlink()
    project.write("output/one.yaml", LONG.replace("Bucket7", "Other"))
    project.write("output/two.yaml", LONG.replace("Bucket7", "Other"))
    comparison = compare("long")
    assert doubts(comparison) == ["output/old.yaml"]
    assert comparison.facts.uncompared[0].candidates == ("one.yaml", "two.yaml")


def test_templates_of_one_blueprint_belong_together() -> None:
    """The first line says what a template was made from: that, where only one is of it."""
    first = (
        "# Made by cfngen from blueprint {} of x; change that, then run `cfngen build`; seal 00\n"
    )
    one, other = first.format("one"), first.format("other")
    base = {"a.yaml": one + "a\n" * 9, "b.yaml": other + "b\n" * 9}
    head = {"c.yaml": other + "c\n" * 9, "d.yaml": one + "d\n" * 9}
    assert paired(base, head, ("base", "head")).pairs == {"c.yaml": "b.yaml", "d.yaml": "a.yaml"}


def test_a_moved_file_keeps_its_stem() -> None:
    """A file that goes into another folder is the same template, however much it changed."""
    pairs = paired({"vpc.yaml": ONE}, {"net/vpc.yml": "x"}, ("base", "head")).pairs
    assert pairs == {"net/vpc.yml": "vpc.yaml"}


def test_no_two_templates_have_one_name() -> None:
    """Names are without suffixes where that is clear, and whole paths where it is not."""
    both = [("a.yaml", "a.yaml"), ("b.yaml", ""), ("", "b.json"), ("c", "c"), ("c.yaml", "")]
    result = names(both)
    assert list(result.values()) == ["a", "b.yaml", "b.json", "c", "c.yaml"]
    assert len(set(result.values())) == len(both)


def test_a_link_is_accepted_by_its_name(project: Project) -> None:
    """What base's manifest accepts is no doubt; what the change itself accepts is one still."""
    table = '[review]\nopaque = [{ name = "./linked.yaml", reason = "made elsewhere" }]\n'
    (project.top / "output/linked.yaml").symlink_to("stack.yaml")
    project.write("cfngen.toml", f"{table}[templates]\n")
    comparison = compare()
    assert doubts(comparison) == ["output/linked.yaml"]
    assert comparison.facts.uncompared[0].accepted_as == "./linked.yaml"
    assert "./linked.yaml is accepted without inspection" in comparison.notes[0]
    project.commit("accepting")
    comparison = compare("accepting")
    assert doubts(comparison) == []
    assert comparison.allowed == (("./linked.yaml", "made elsewhere"),)


def test_what_is_accepted_is_no_template(project: Project) -> None:
    """Where a side has a template, a link of an accepted name is a doubt all the same."""
    table = '[review]\nopaque = [{ name = "./stack.yaml", reason = "made elsewhere" }]\n'
    project.write("cfngen.toml", f"{table}[templates]\n")
    project.commit("accepting")
    (project.top / "output/stack.yaml").unlink()
    (project.top / "output/stack.yaml").symlink_to("../cfngen.toml")
    assert "output/stack.yaml" in doubts(compare("accepting"))


@pytest.mark.parametrize(
    "content",
    [
        b"# caf\xe9\nResources:\n  A: {Type: 'AWS::SNS::Topic'}\n",
        "Resources: {}\n".encode("utf-16"),
        b"Transform: [Evil]\n",
        b"a: [\\x52\n",
    ],
)
def test_what_cannot_be_read_is_a_doubt_where_it_is_new(project: Project, content: bytes) -> None:
    """A file called like a template that is no UTF-8, no YAML or made by a macro may be one."""
    (project.top / "output/new.yaml").write_bytes(content)
    for comparison in both_ways(project):
        assert doubts(comparison) == ["output/new.yaml"]
    assert doubts(compare("head")) == []


def test_what_is_no_yaml_behind_the_beginning_of_a_template_is_possibly_unknown(
    project: Project,
) -> None:
    """It may be the source of a template; where the other side has one, it is certainly broken."""
    content = b"Resources:\n  {% for x in y %}\n"
    (project.top / "output/new.yaml").write_bytes(content)
    for comparison in both_ways(project):
        assert doubts(comparison) == []
        (finding,) = review_of(comparison).unknowns
        assert (finding.code, finding.certainty) == ("U101", Certainty.MAY)
        assert "output/new.yaml" in finding.subject
    (project.top / "output/stack.yaml").write_bytes(content)
    (finding,) = review_of(compare("head")).unknowns
    assert (finding.code, finding.certainty) == ("U101", Certainty.WILL)


def test_a_path_longer_than_any_file_has(project: Project) -> None:
    """A nested template whose path is very long is one that is not there, on disk and in git."""
    for comparison in both_ways(project):
        for side in (comparison.base, comparison.head):
            assert side["stack"].beside("x" * 5_000) is None
