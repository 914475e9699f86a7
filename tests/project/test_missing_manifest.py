"""Where no templates are listed, nothing is written, deployed or removed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.blueprint_package import BUCKET, package, project, snapshot

from cfngen import synthesize
from cfngen.cli import main
from cfngen.errors import ManifestError
from cfngen.project import manifest, registry
from cfngen.project.missing_manifest import near_misses, require_templates

ONE = '[templates.one]\nblueprint = "none_bucket"\n'


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints of a third party."""
    folder = tmp_path_factory.mktemp("none-site")
    package(folder, {"none_bucket": BUCKET}, distribution="none-prints", module="none_prints")
    return folder


@pytest.fixture(autouse=True)
def _installed(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)


def built(folder: Path) -> None:
    """Put there what a build of `ONE` makes, without the linter."""
    entry = registry.find("none_bucket")
    text = synthesize(entry.load(), name="one", distribution=entry.distribution).text
    (folder / "output").mkdir()
    (folder / "output/one.yaml").write_text(text)


def problems(folder: Path, *, prune: bool = False) -> list[str]:
    """Return what is wrong with a project that lists no templates."""
    with pytest.raises(ManifestError) as caught:
        require_templates(manifest.find(folder), prune=prune)
    return list(caught.value.problems)


WRITING = [
    ["build"],
    ["build", "none-bucket"],
    ["build", "--check"],
    ["build", "--prune"],
    ["build", "--force", "--output", "elsewhere"],
    ["build", "--format", "json"],
    ["deploy-script"],
    ["deploy-script", "none-bucket"],
    ["deploy-script", "--format", "json", "--parameters-file", "answers/"],
]


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
@pytest.mark.parametrize("text", [None, "", 'output = "cfn"\n', "[review]\nopaque = []\n"])
def test_commands_that_write_or_deploy_need_a_list(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    command: list[str],
    text: str | None,
) -> None:
    """Without a manifest, or a table of templates in it: exit 2, no output, no file touched."""
    built(tmp_path)
    if text is not None:
        project(tmp_path, text)
        (tmp_path / "output").rename(tmp_path / "cfn")
    before = snapshot(tmp_path)
    capfd.readouterr()
    assert main(command) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    if text is None:
        assert shown.err.startswith(f"error: no cfngen.toml in {tmp_path} or above it, and no ")
    else:
        assert shown.err.startswith("error: cfngen.toml: lists no templates, so there are none")
    assert "`cfngen list` shows the blueprints" in shown.err
    assert snapshot(tmp_path) == before


READING = [
    ["list"],
    ["list", "--format", "json"],
    ["show", "none-bucket"],
    ["schema", "none_bucket"],
    ["deploy-role", "none-bucket"],
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_commands_that_only_show_need_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """The installed blueprints can be looked at anywhere, and nothing is written."""
    assert main(command) == 0
    assert capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_list_says_that_nothing_is_listed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`list` without a manifest does not look like one of a project, and names a near miss."""
    (tmp_path / "cfgen.toml").touch()
    main(["list"])
    shown = capfd.readouterr()
    assert "none is listed, so `cfngen build` makes none" in shown.out.splitlines()[0]
    assert shown.err == "there is cfgen.toml; is it meant to be cfngen.toml?\n"
    main(["list", "--format", "json"])
    assert '"listed": false' in capfd.readouterr().out
    project(tmp_path, ONE)
    main(["list", "--format", "json"])
    shown = capfd.readouterr()
    assert '"listed": true' in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("name", ["cfngen.toml", "pyproject.toml"])
def test_the_example_can_be_pasted(tmp_path: Path, name: str) -> None:
    """What the message shows is a manifest, of the kind that is there, that is understood."""
    if name == "pyproject.toml":
        project(tmp_path, "[tool.cfngen]\n", name)
    with pytest.raises(ManifestError) as caught:
        require_templates(manifest.find(tmp_path))
    (note,) = caught.value.__notes__
    assert f"into {name}:" in note
    example = note.split("\n\n")[1]
    assert tomllib.loads(example)
    with (tmp_path / name).open("a") as stream:
        stream.write(example)
    place = manifest.find(tmp_path)
    require_templates(place, prune=True)
    (entry,) = manifest.read(place).templates.values()
    assert f"# makes {entry.file_name} in the output directory" in example


def test_a_misspelt_table_is_told_as_one(tmp_path: Path) -> None:
    """`[template.x]` is an unknown key, with what was meant."""
    (line,) = problems(project(tmp_path, "[template.one]\n"))
    assert line.startswith("cfngen.toml: template: unknown key; did you mean 'templates'?")


NEAR = [
    "cfgen.toml",
    "cfngen.tml",
    "cfngen.yaml",
    "cfngen.yml",
    "cfngen.json",
    "cfn-gen.toml",
    ".cfngen.toml",
    "cfngen.toml.txt",
    "cfnegn.toml",
]
FAR = [
    "config.toml",
    "cfnlint.toml",
    ".cfnlintrc",
    "cdk.json",
    "codegen.yml",
    "cfngen.py",
    "cfngen.log",
    "cfn.toml",
    "Cargo.toml",
    "cfngen",
    "cfngen\x1b.toml",
]


@pytest.mark.parametrize("name", NEAR)
def test_a_near_miss_is_named(tmp_path: Path, name: str) -> None:
    """A file that is nearly called like a manifest is named, here and in a folder above."""
    (tmp_path / name).touch()
    (tmp_path / "a/b").mkdir(parents=True)
    assert problems(tmp_path)[1:] == [f"there is {name}; is it meant to be cfngen.toml?"]
    assert problems(tmp_path / "a/b")[1:] == problems(tmp_path)[1:]


def test_a_name_in_another_case_is_a_near_miss_where_case_counts(tmp_path: Path) -> None:
    """`Cfngen.toml` is no manifest on most disks of servers."""
    (tmp_path / "Cfngen.toml").touch()
    if (tmp_path / "cfngen.toml").exists():
        pytest.skip("case does not count on this disk")
    assert problems(tmp_path)[1:] == ["there is Cfngen.toml; is it meant to be cfngen.toml?"]


def test_other_files_are_no_near_misses(tmp_path: Path) -> None:
    """Files of other tools, and of this one, are not taken for a manifest."""
    for name in FAR:
        (tmp_path / name).touch()
    project(tmp_path, "[tool.cfn-lint]\n[tool.ruff]\n", "pyproject.toml")
    assert len(problems(tmp_path)) == 1


def test_a_misspelt_table_of_pyproject_is_a_near_miss(tmp_path: Path) -> None:
    """`[tool.cfgen]` is named with its file."""
    project(tmp_path, "[tool.cfgen.templates.a]\n", "pyproject.toml")
    meant = "there is [tool.cfgen] in pyproject.toml; is it meant to be [tool.cfngen]?"
    assert problems(tmp_path)[1:] == [meant]


def test_beside_a_manifest_only_its_own_folder_is_looked_at(tmp_path: Path) -> None:
    """What is above a project is none of its business."""
    (tmp_path / "cfgen.toml").touch()
    inner = project(tmp_path / "a", "[tool.cfngen]\n", "pyproject.toml")
    assert near_misses(manifest.find(inner)) == []
    (inner / "cfngen.yml").touch()
    assert near_misses(manifest.find(inner)) == [
        "there is a/cfngen.yml; is it meant to be cfngen.toml?"
    ]


def test_an_empty_table_is_a_list_of_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`[templates]` without templates: build and plan have nothing to do, and say so; exit 0."""
    project(tmp_path, "[templates]\n")
    for command, what in ((["build"], "build"), (["deploy-script"], "deploy")):
        assert main(command) == 0
        shown = capfd.readouterr()
        assert shown.out == ""
        assert f"cfngen.toml: lists no template, so there is nothing to {what}" in shown.err
    assert main(["deploy-script", "--format", "json"]) == 0
    assert capfd.readouterr().out == "[]\n"
    assert main(["build", "--check"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["cfngen.toml"]


@pytest.mark.parametrize("more", [[], ["--check"], ["--force"]])
def test_an_empty_table_removes_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], more: list[str]
) -> None:
    """--prune with an emptied table ends with 2; a check only says that something is left."""
    built(tmp_path)
    project(tmp_path, "[templates]\n")
    before = snapshot(tmp_path)
    capfd.readouterr()
    assert main(["build", "--prune", *more]) == 2
    assert "cfngen.toml: lists no template, so --prune would remove every" in capfd.readouterr().err
    assert main(["build", "--check"]) == 1
    shown = capfd.readouterr().err
    assert shown == "out of date: one.yaml; remove these files\n"
    assert main(["build"]) == 0
    shown = capfd.readouterr().err
    assert "output/one.yaml: no longer listed; remove it\n" in shown
    assert snapshot(tmp_path) == before
