"""mirror.py with history that is too large for one push."""

from __future__ import annotations

import os

import pytest
from support.git_repositories import Repository, World, codecommit_url

pytestmark = pytest.mark.payloads

PROGRESS = "refs/tags/mirror-progress/"
PIECE = 50_000  # bytes
NEW = {"MIRROR_DESTINATION_URLS": codecommit_url("new")}
PIECES = {**NEW, "MIRROR_PUSH_BYTES": str(PIECE)}


def large(source: Repository) -> None:
    """Give a source 15 commits of 10 kB each, on a line, on side lines and merged."""
    for n in range(6):
        source.commit("main", os.urandom(10_000).hex() + str(n))
    side = source.refs()["refs/heads/main"]
    for n in range(4):
        source.set(f"refs/heads/side{n}", side)
        source.commit(f"side{n}", os.urandom(10_000).hex())
        source.commit(f"side{n}", os.urandom(10_000).hex())
    refs = source.refs()
    tree = source.git("rev-parse", "refs/heads/main^{tree}")
    both = ("-p", refs["refs/heads/main"], "-p", refs["refs/heads/side0"])
    source.set("refs/heads/main", source.git("commit-tree", tree, *both, "-m", "merge"))
    source.commit("main", os.urandom(10_000).hex())
    source.git("tag", "-f", "-a", "-m", "of all", "v1", "refs/heads/main")


def equal(world: World) -> bool:
    """Tell whether the new destination has the source's refs, and no others."""
    return world.codecommit("new").refs() == world.source.refs()


def test_history_comes_in_pieces(world: World) -> None:
    """No push is much larger than is asked for, oldest commits come first, and no tag is left."""
    large(world.source)
    new = world.new_codecommit("new")
    new.git("config", "receive.maxInputSize", str(2 * PIECE))
    run = world.mirror(**PIECES)
    assert run.status == 0, run.output
    assert equal(world)
    pieces = run.of("history")
    assert len(pieces) >= 3
    assert sum(piece["bytes"] for piece in pieces) < 16 * 11_000  # nothing twice
    commits = [commit for piece in pieces for commit in piece["commits"]]
    order = world.source.git("rev-list", "--topo-order", "--reverse", "--all").split()
    assert commits == sorted(commits, key=order.index)


def test_pieces_survive_a_run_that_is_given_up(world: World) -> None:
    """What an earlier run has brought is not brought again, and its tags go when all is there."""
    large(world.source)
    new = world.new_codecommit("new")
    new.hook("pre-receive", 'echo 1 >> "$GIT_DIR/pushes"; test $(wc -l < "$GIT_DIR/pushes") -le 2')
    first = world.mirror(**PIECES, MIRROR_ROUNDS="1")
    assert first.status == 1
    left = [ref for ref in new.refs() if ref.startswith(PROGRESS)]
    assert new.refs().keys() == {*left}
    (new.path / "hooks/pre-receive").unlink()
    second = world.mirror(**PIECES)
    assert second.status == 0, second.output
    assert equal(world)
    brought = [piece["commits"] for run in (first, second) for piece in run.of("history")]
    assert len(brought) == len({tuple(commits) for commits in brought})
    assert len(first.of("history")) == len(left) == 2
    assert second.of("history")


def test_tags_of_pieces_go_though_nothing_else_differs(world: World) -> None:
    """A run that was killed between the last ref and the tags is made good by the next."""
    copy = world.codecommit()
    main = copy.refs()["refs/heads/main"]
    copy.set(f"{PROGRESS}{main[:16]}", main)
    run = world.mirror()
    assert run.status == 0, run.output
    assert copy.refs() == world.source.refs()


def test_a_tag_that_only_looks_like_ours_is_mirrored(world: World) -> None:
    """A source may have tags in a namespace of that name."""
    world.source.set(f"{PROGRESS}mine", world.source.refs()["refs/heads/main"])
    assert world.mirror().status == 0
    assert world.codecommit().refs() == world.source.refs()


def test_a_destination_that_takes_less(world: World) -> None:
    """One that refuses a large push gets smaller ones, though nobody said how much it takes."""
    for _ in range(8):
        world.source.commit("main", os.urandom(500_000).hex())
    new = world.new_codecommit("new")
    new.git("config", "receive.maxInputSize", "2000000")
    run = world.mirror(**NEW)
    assert run.status == 0, run.output
    assert equal(world)
    assert run.of("history")


def test_figures_count_no_tags_of_pieces(world: World) -> None:
    """Refs that are changed for a while are no changes of the source; their bytes are bytes."""
    large(world.source)
    world.new_codecommit("new")
    (event,) = world.mirror(**PIECES, MIRROR_METRICS="Space stack").of("measured")
    assert event["RefsChanged"] == len(world.source.refs())
    assert event["Bytes"] > 10 * 10_000


def test_history_that_fits_is_not_cut(world: World) -> None:
    """What fits into one push comes in one."""
    large(world.source)
    world.new_codecommit("new")
    run = world.mirror(**NEW)
    assert run.status == 0, run.output
    assert not run.of("history")
    assert len(world.codecommit("new").pushes()) == 1
