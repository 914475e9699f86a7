"""mirror.py with history that is too large for one push."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from support.changelog import EARLIER
from support.git_repositories import Repository, World, codecommit_url, ended, terminate

from cfngen.cloudformation.read import read

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


def test_tags_of_pieces_stay_while_nothing_else_leads_to_what_arrived(world: World) -> None:
    """A destination that refuses branches keeps the pieces: it would drop what no ref leads to."""
    large(world.source)
    new = world.new_codecommit("new")
    new.hook("pre-receive", "! grep -q ' refs/heads/'")
    first = world.mirror(**PIECES, MIRROR_ROUNDS="1")
    assert first.status == 1
    brought = sum(len(piece["commits"]) for piece in first.of("history"))
    assert len([ref for ref in new.refs() if ref.startswith(PROGRESS)]) == brought > 2
    (new.path / "hooks/pre-receive").unlink()
    second = world.mirror(**PIECES)
    assert second.status == 0, second.output
    assert not second.of("history")
    assert equal(world)


def test_a_piece_has_no_more_tags_than_a_push_may_have_refs(world: World) -> None:
    """A piece ends where many branches do, as each of them needs a tag."""
    for n in range(12):
        world.source.set(f"refs/heads/side{n}", world.source.refs()["refs/heads/main"])
        world.source.commit(f"side{n}", os.urandom(10_000).hex())
    new = world.new_codecommit("new")
    run = world.mirror(**NEW, MIRROR_PUSH_BYTES=str(2 * PIECE), MIRROR_BATCH="3")
    assert run.status == 0, run.output
    assert equal(world)
    assert max(len(piece["commits"]) for piece in run.of("history")) == 3
    assert max(new.pushes()) == 3


def received(there: Repository) -> int:
    """Return the bytes of packs that have reached a repository."""
    return sum(pack.stat().st_size for pack in there.path.glob("objects/pack/*.pack"))


def test_a_run_that_is_stopped_costs_only_the_piece_it_was_at(world: World) -> None:
    """SIGTERM, as of a timeout, in the middle of a push: the next run sends only the rest."""
    large(world.source)
    new = world.new_codecommit("new")
    new.git("config", "receive.unpackLimit", "1")  # so that what is received are packs
    reached = world.root / "reached"
    new.hook(
        "pre-receive",
        f'echo 1 >> "$GIT_DIR/pushes"; test $(wc -l < "$GIT_DIR/pushes") -lt 3'
        f' || {{ : > "{reached}"; exec sleep 600; }}',
    )
    process = world.start(**PIECES)
    end = time.monotonic() + 60
    while not reached.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    terminate(process)
    first = ended(process)
    assert first.status == 143
    before = sum(piece["bytes"] for piece in first.of("history"))
    assert len(first.of("history")) == 2
    arrived = received(new)
    assert arrived > 0.9 * before
    (new.path / "hooks/pre-receive").unlink()
    second = world.mirror(**PIECES, MIRROR_METRICS="Space stack")
    assert second.status == 0, second.output
    assert equal(world)
    (figures,) = second.of("measured")
    whole = received(new)
    assert figures["Bytes"] < whole - arrived + 5_000
    assert whole > 15 * 10_000


def test_an_older_program_deletes_the_tags_of_pieces_and_does_no_harm(world: World) -> None:
    """It takes them for tags that the source has deleted; what they led to comes with the refs."""
    large(world.source)
    new = world.new_codecommit("new")
    new.hook("pre-receive", 'echo 1 >> "$GIT_DIR/pushes"; test $(wc -l < "$GIT_DIR/pushes") -le 2')
    assert world.mirror(**PIECES, MIRROR_ROUNDS="1").status == 1
    assert new.refs()
    (new.path / "hooks/pre-receive").unlink()
    template = read((EARLIER / "mirror-image.yaml").read_text())
    program = world.root / "earlier.py"
    program.write_text(template["Resources"]["MirrorImage"]["Properties"]["Files"]["mirror.py"])
    command = [sys.executable, "-B", str(program)]
    older = subprocess.run(
        command, env=world.environment | NEW, capture_output=True, text=True, check=False
    )
    assert older.returncode == 0, older.stdout + older.stderr
    assert equal(world)


def test_tags_of_pieces_of_a_source_are_not_mirrored(world: World) -> None:
    """A source that is itself a mirror, and just being filled, has some for a while."""
    main = world.source.refs()["refs/heads/main"]
    world.source.set(f"{PROGRESS}{main[:16]}", main)
    world.source.commit("main")
    run = world.mirror()
    assert run.status == 0, run.output
    assert not [ref for ref in world.codecommit().refs() if ref.startswith(PROGRESS)]


def test_tags_of_pieces_go_though_nothing_else_differs(world: World) -> None:
    """A run that was killed between the last ref and the tags is made good by the next."""
    copy = world.codecommit()
    main = copy.refs()["refs/heads/main"]
    copy.set(f"{PROGRESS}{main[:16]}", main)
    run = world.mirror()
    assert run.status == 0, run.output
    assert copy.refs() == world.source.refs()


def test_tags_of_pieces_go_though_the_source_has_them_too(world: World) -> None:
    """As if two mirrors in a row were killed at the same moment: the lists are the same."""
    main = world.source.refs()["refs/heads/main"]
    for repository in (world.source, world.codecommit()):
        repository.set(f"{PROGRESS}{main[:16]}", main)
    run = world.mirror()
    assert run.status == 0, run.output
    assert not [ref for ref in world.codecommit().refs() if ref.startswith(PROGRESS)]


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
