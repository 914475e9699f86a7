"""What mirroring costs: CPU time of the program and all that it starts, beside plain git's."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import pytest
from support.git_repositories import World
from support.many_refs import empty, git, many_refs

pytestmark = pytest.mark.payloads


def cpu() -> float:
    """Return the seconds of CPU of all processes so far that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
def test_cost_grows_with_refs_and_not_with_their_square(world: World, tmp_path: Path) -> None:
    """A first mirroring of 20,000 refs takes at most eight times what `git push --mirror` takes.

    Named one by one, each ref of a push is compared with all others: that takes a hundred times.
    """
    source = many_refs(tmp_path / "source.git", 20_000)
    plain, there = empty(tmp_path / "plain.git"), empty(tmp_path / "there.git")
    begun = cpu()
    pushing = ["git", f"--git-dir={source}", "push", "-q", "--mirror", f"file://{plain}"]
    subprocess.run(pushing, check=True)
    between = cpu()
    run = world.mirror(
        MIRROR_SOURCE_URL=f"file://{source}",
        MIRROR_DESTINATION_URLS=f"file://{there}",
        MIRROR_DIR=str(tmp_path / "cache.git"),
    )
    assert run.status == 0, run.output
    assert git(there, "for-each-ref") == git(plain, "for-each-ref")
    assert cpu() - between < 8 * (between - begun)


def test_refs_are_packed(world: World, tmp_path: Path) -> None:
    """However many refs are fetched, the cache has few files: S3 and EFS are slow at many."""
    source = many_refs(tmp_path / "source.git", 1200)
    urls = {
        "MIRROR_SOURCE_URL": f"file://{source}",
        "MIRROR_DESTINATION_URLS": str(empty(tmp_path / "there.git")),
    }
    assert world.mirror(**urls, MIRROR_DIR=str(tmp_path / "new.git")).status == 0
    assert world.mirror(**urls).status == 0  # equal: nothing is fetched
    git(source, "update-ref", "refs/heads/another", "refs/heads/main")
    assert world.mirror(**urls).status == 0  # a cache that has other refs
    for cache in (tmp_path / "new.git", world.cache.path):
        assert len([path for path in cache.rglob("*") if path.is_file()]) < 40


def test_the_cache_keeps_no_address(world: World, tmp_path: Path) -> None:
    """The source's address, which may have a password, is in no file that is kept."""
    cache = tmp_path / "new.git"
    world.source.commit("main")
    assert world.mirror(MIRROR_DIR=str(cache)).status == 0
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert not [path for path in files if b"backlog" in path.read_bytes()]


def test_a_push_of_many_changes_to_many_refs_is_one(world: World, tmp_path: Path) -> None:
    """Batches are as large as CodeCommit allows, 4,000 refs, and no larger."""
    source = many_refs(tmp_path / "source.git", 4100)
    new = world.new_codecommit("new")
    run = world.mirror(
        MIRROR_SOURCE_URL=f"file://{source}",
        MIRROR_DESTINATION_URLS=str(new.path),
        MIRROR_DIR=str(tmp_path / "cache.git"),
    )
    assert run.status == 0, run.output
    assert new.pushes() == [4000, 100]
