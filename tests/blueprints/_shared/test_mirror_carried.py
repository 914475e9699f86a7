"""mirror.py as its runs have it: published files, and those that their templates carry."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.git_repositories import Ended, World, ended
from support.mirror_program import carried, published

pytestmark = pytest.mark.payloads

PROXY = published() | carried("history.py", "room.py")
IMAGE = published() | carried()
NEEDED = {
    "backups.py": {"MIRROR_KEEP_DAYS": "90"},
    "history.py": {},
    "metrics.py": {"MIRROR_METRICS": "FargateMirror a-stack"},
    "room.py": {},
}


def mirror(world: World, files: dict[str, str], **settings: str) -> Ended:
    """Run mirror.py with some files, and no others, beside it."""
    folder = world.root / "program"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-B", str(folder / "mirror.py")]
    env = {**world.environment, **settings}
    return ended(
        subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    )


def change(world: World) -> None:
    """Have the source rewrite a branch, and turn another one into a namespace."""
    world.source.commit("main", "another history", anew=True)
    world.source.set("refs/heads/feature", "")
    world.source.commit("feature/one")


def test_a_proxy_needs_no_more_than_it_has(world: World) -> None:
    """With the published files and two carried ones, a destination becomes equal to the source."""
    change(world)
    run = mirror(world, PROXY)
    assert run.status == 0, run.output
    assert world.codecommit().refs() == world.source.refs()


def test_the_image_has_all_that_its_runs_need(world: World) -> None:
    """With the carried files, what the source destroys is kept, and figures are logged."""
    change(world)
    before = world.codecommit().refs()
    run = mirror(world, IMAGE, **NEEDED["backups.py"], **NEEDED["metrics.py"])
    assert run.status == 0, run.output
    (event,) = run.of("measured")
    assert event["RefsRewritten"] == 1
    after = world.codecommit().refs()
    assert after.items() >= world.source.refs().items()
    assert {before["refs/heads/main"], before["refs/heads/feature"]} <= {*after.values()}


def refused(world: World, files: dict[str, str], name: str) -> None:
    """Check that a run ends before it touches anything, with one line about a module."""
    world.source.commit("main")
    before = world.codecommit().refs()
    run = mirror(world, files, **NEEDED[name])
    assert run.status == 2
    (event,) = run.events
    (problem,) = event["problems"]
    assert problem.startswith(f"{name} is missing or of another version")
    assert world.codecommit().refs() == before


@pytest.mark.parametrize("name", sorted({*NEEDED} - {"history.py"}))
def test_a_missing_module_is_named(world: World, name: str) -> None:
    """A run that asks for what is not there ends in words, not in a traceback."""
    refused(world, {other: text for other, text in IMAGE.items() if other != name}, name)


def test_a_template_from_before_history_came_in_pieces_goes_on(world: World) -> None:
    """Its runs have no history.py: a published program of today pushes large history at once."""
    change(world)
    older = {name: text for name, text in PROXY.items() if name != "history.py"}
    run = mirror(world, older, MIRROR_PUSH_BYTES="1000")
    assert run.status == 0, run.output
    assert not run.of("history")
    assert world.codecommit().refs() == world.source.refs()


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("version", ["VERSION = 0", ""], ids=["another", "none"])
def test_another_version_is_refused(world: World, name: str, version: str) -> None:
    """A module that was carried to an archive of another version is not used."""
    line = "VERSION = 1"
    assert IMAGE[name].count(line) == IMAGE["settings.py"].count(line) == 1
    refused(world, IMAGE | {name: IMAGE[name].replace(line, version)}, name)
