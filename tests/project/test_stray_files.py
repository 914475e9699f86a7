"""Nothing in the output folder passes for a template of the project, or hides one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cfngen.errors import WriteError
from cfngen.project.stray_files import stray_files

NAMES = ("one.yaml", "a.b.yaml")


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder with what the project makes."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "output"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text("Resources: {}\n")
    return folder


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("one.yml", "one.yaml"),
        ("one.json", "one.yaml"),
        ("one.template", "one.yaml"),
        ("one.YML", "one.yaml"),
        ("one.YAML", "one.yaml"),
        ("One.Json", "one.yaml"),
        ("a.b.yml", "a.b.yaml"),
    ],
)
def test_a_file_of_another_suffix_beside_a_template_is_named(
    output: Path, name: str, template: str
) -> None:
    """Whatever the case of its suffix, with what it may be taken for and what to do."""
    (output / name).write_text("anything\n")
    if len(list(output.iterdir())) == len(NAMES):
        pytest.skip("case does not count on this disk")
    (line,) = stray_files(output, NAMES)
    assert line == (
        f"output/{name}: beside output/{template}, which this project makes: a reviewer or a"
        " deployment may mistake one for the other; remove it"
    )


def test_a_template_that_is_not_built_yet_has_siblings_too(output: Path) -> None:
    """A `.yml` is named before there is a `.yaml`; on a disk without case the file is the same."""
    (output / "one.yaml").rename(output / "one.yml")
    assert len(stray_files(output, NAMES)) == 1


def test_what_is_no_sibling_is_left_alone(output: Path) -> None:
    """Other names, other suffixes, folders, and files elsewhere are nobody's business."""
    for name in ("mine.yml", "one.txt", "one.yaml.orig", "one-two.yml", "a.yml", "b.json"):
        (output / name).touch()
    (output / "one.json").mkdir()
    (output / "sub").mkdir()
    (output / "sub/one.yml").touch()
    assert stray_files(output, NAMES) == []
    assert stray_files(output / "gone", NAMES) == []


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (lambda p: p.symlink_to("/etc/hostname"), "is a symlink to /etc/hostname"),
    "a link to a template": (lambda p: p.symlink_to("one.yaml"), "is a symlink to one.yaml"),
    "a dangling link": (lambda p: p.symlink_to("nowhere"), "is a symlink to nowhere"),
    "a link to a folder": (lambda p: p.symlink_to("."), "is a symlink to ."),
    "a pipe": (os.mkfifo, "is not a regular file"),
}


@pytest.mark.parametrize("what", SPECIAL)
@pytest.mark.parametrize("name", ["left.yaml", "left.JSON", "sub/left.template", "sub/one.yml"])
def test_a_link_or_a_pipe_called_like_a_template_is_named(
    output: Path, what: str, name: str
) -> None:
    """Anywhere in the folder, and without being opened."""
    put, about = SPECIAL[what]
    (output / "sub").mkdir()
    put(output / name)
    assert stray_files(output, NAMES) == [
        f"output/{name}: {about}, so it is not a template; remove it"
    ]


def test_a_link_beside_a_template_is_a_sibling(output: Path) -> None:
    """It is named once, even if it leads to the template itself."""
    (output / "one.yml").symlink_to("one.yaml")
    (output / "one.json").hardlink_to(output / "one.yaml")
    lines = stray_files(output, NAMES)
    assert [line.partition(":")[0] for line in lines] == ["output/one.json", "output/one.yml"]
    assert all("beside output/one.yaml" in line for line in lines)


def test_links_that_are_not_called_like_templates_are_fine(output: Path) -> None:
    """So are those in hidden folders and in `node_modules`; no link is followed."""
    for folder in (".cache", "node_modules", "sub"):
        (output / folder).mkdir()
    (output / ".cache/a.yaml").symlink_to("nowhere")
    (output / "node_modules/a.json").symlink_to("nowhere")
    (output / "sub/notes.md").symlink_to("nowhere")
    (output / "sub/again").symlink_to("..")
    assert stray_files(output, NAMES) == []


def test_folders_of_a_project_inside_of_its_output_are_not_searched(output: Path) -> None:
    """With `output = "."` only the files beside the templates count."""
    (output / "src").mkdir()
    (output / "src/data.json").symlink_to("nowhere")
    assert len(stray_files(output, NAMES, within=output.parent)) == 1
    assert stray_files(output, NAMES, within=output) == []
    (output / "one.yml").touch()
    assert len(stray_files(output, NAMES, within=output)) == 1


def test_a_folder_that_cannot_be_read_is_told(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not looked at is not called clean."""

    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(WriteError, match="output: cannot be read: Permission denied"):
        stray_files(output, NAMES)
