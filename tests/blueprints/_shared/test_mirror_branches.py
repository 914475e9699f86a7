"""mirror.py told which branches to mirror: what does not match stays as it is on both sides."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.git_repositories import Barrier, Repository, World, codecommit_url, ended

pytestmark = pytest.mark.payloads

BRANCHES = "main,release/*"
KEEPS = {"MIRROR_KEEP_DAYS": "90", "MIRROR_BRANCHES": BRANCHES}


def names(repository: Repository, kind: str = "heads") -> set[str]:
    """Return the branches, or the tags, of a repository."""
    start = f"refs/{kind}/"
    return {ref.removeprefix(start) for ref in repository.refs() if ref.startswith(start)}


def has(repository: Repository, commit: str) -> bool:
    """Tell whether an object is in a repository."""
    command = ["git", f"--git-dir={repository.path}", "cat-file", "-e", commit]
    return not subprocess.run(command, check=False, capture_output=True).returncode


@pytest.mark.parametrize("cache", ["kept", "none"])
def test_only_branches_that_match_are_mirrored(world: World, cache: str) -> None:
    """Others are neither fetched nor pushed; all tags are mirrored."""
    if cache == "none":
        shutil.rmtree(world.cache.path)
    new = world.new_codecommit("new")
    for branch in ("release/1", "release/deep/er", "wip/1", "mainline", "my-release/1"):
        world.source.commit(branch)
    world.source.git("tag", "far", "refs/heads/feature")
    away = world.source.commit("wip/1")
    run = world.mirror(MIRROR_BRANCHES=BRANCHES, MIRROR_DESTINATION_URLS=codecommit_url("new"))
    assert run.status == 0, run.output
    assert names(new) == {"main", "release/1", "release/deep/er"}
    assert names(new, "tags") == {"light", "v1", "far"}
    assert names(world.cache) == names(new)
    assert not has(world.cache, away)
    assert run.of("started")[0]["branches"] == ["main", "release/*"]


@pytest.mark.parametrize(
    ("patterns", "mirrored"),
    [
        ("*", {"main", "feature", "a+b", "über/日本", "x/main", "ab"}),
        ("main", {"main"}),
        ("m*n,feature", {"main", "feature"}),
        ("*main", {"main", "x/main"}),
        ("x/* main", {"x/main", "main"}),  # parted by a space
        ("a+b", {"a+b"}),  # no regular expression
        ("über/*, none", {"über/日本"}),
        ("main,main,m*", {"main"}),
        (",", {"main", "feature", "a+b", "über/日本", "x/main", "ab"}),  # names nothing
    ],
)
def test_what_matches(world: World, patterns: str, mirrored: set[str]) -> None:
    """One * stands for any characters, slashes and none included; all else stands for itself."""
    shutil.rmtree(world.cache.path)
    new = world.new_codecommit("new")
    for branch in ("a+b", "ab", "über/日本", "x/main"):
        world.source.commit(branch)
    run = world.mirror(MIRROR_BRANCHES=patterns, MIRROR_DESTINATION_URLS=codecommit_url("new"))
    assert run.status == 0, run.output
    assert names(new) == mirrored == names(world.cache)


NO_NAMES = [
    *("a..b", "/a", "a/", "a//b", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "a~1", "a^", "a:b"),
    *("a?", "a[b", "a\\b", "a@{b", "*a*", "**", "a\x7f", "a\x01"),
]
ODD_NAMES = ["-x", "a@b", "{a}", "a;$(id)", "'a'", "a|b", "(", "refs/heads/main", "-", "@"]


def test_what_no_branch_can_be_called(world: World) -> None:
    """It ends the run before anything is asked, and git agrees with it."""
    run = world.mirror(MIRROR_BRANCHES=",".join(["main", *NO_NAMES]))
    assert run.status == 2
    problems = [f"MIRROR_BRANCHES: {name!r} is no branch" for name in NO_NAMES]
    assert run.of("failed")[0]["problems"] == problems
    for name in NO_NAMES:
        check = ["git", "check-ref-format", "--refspec-pattern", f"refs/heads/{name}"]
        assert subprocess.run(check, check=False).returncode, name


def test_what_looks_odd_and_is_a_name(world: World) -> None:
    """No name is read as an option or an expression, nor taken for none."""
    for name in ODD_NAMES:
        world.source.commit(name)
    run = world.mirror(MIRROR_BRANCHES=",".join(ODD_NAMES))
    assert run.status == 0, run.output
    assert {*ODD_NAMES} <= names(world.codecommit())


def test_what_does_not_match_stays_at_the_destination(world: World) -> None:
    """Whatever the source does to it; what matches is made the same, deletions included."""
    world.source.commit("release/1")
    world.source.commit("release/2")
    assert world.mirror().status == 0
    there = world.codecommit()
    before = there.refs()
    there.set("refs/heads/by-hand", before["refs/heads/main"])
    world.source.set("refs/heads/feature", "")  # does not match
    world.source.set("refs/heads/release/1", "")  # does
    world.source.commit("main", "another history", anew=True)
    world.source.commit("wip")
    run = world.mirror(MIRROR_BRANCHES=BRANCHES)
    assert run.status == 0, run.output
    after = there.refs()
    assert names(there) == {"main", "feature", "by-hand", "release/2"}
    assert after["refs/heads/feature"] == before["refs/heads/feature"]
    assert after["refs/heads/main"] == world.source.refs()["refs/heads/main"]


def test_a_branch_that_does_not_match_is_no_work(world: World) -> None:
    """If nothing else has changed, nothing is fetched."""
    shutil.rmtree(world.cache.path)
    world.source.commit("wip")
    world.source.commit("feature", "rewritten", anew=True)
    run = world.mirror(MIRROR_BRANCHES=BRANCHES)
    assert [event["event"] for event in run.events] == ["started", "equal"]
    assert not world.cache.path.exists()


def test_a_cache_from_before_is_cut_to_what_matches(world: World) -> None:
    """A branch that is kept no more is in nobody's way, and comes back with the next change."""
    world.source.commit("release")
    assert world.mirror().status == 0
    world.codecommit().set("refs/heads/release", "")
    world.source.set("refs/heads/release", "")
    world.source.commit("release/1")
    run = world.mirror(MIRROR_BRANCHES=BRANCHES)
    assert run.status == 0, run.output
    assert not run.of("fetching_again")
    assert names(world.cache) == {"main", "release/1"}
    world.source.commit("feature")
    assert world.mirror().status == 0
    assert world.codecommit().refs() == world.source.refs()


def test_a_branch_in_the_way_that_is_not_ours_is_named(world: World) -> None:
    """The server's reason is in the log, and nothing is deleted to make room."""
    world.codecommit().set("refs/heads/release", world.source.refs()["refs/heads/main"])
    world.source.commit("release/1")
    run = world.mirror(MIRROR_BRANCHES=BRANCHES, MIRROR_ROUNDS="2")
    assert run.status == 1
    assert "refs/heads/release/1" in run.of("failed")[0]["reason"]
    assert "release" in names(world.codecommit())


def test_a_name_that_the_source_does_not_have(world: World) -> None:
    """It is no error: other repositories may have it, or this one later."""
    world.source.commit("main")
    run = world.mirror(MIRROR_BRANCHES="main,develop")
    assert run.status == 0, run.output
    world.source.commit("develop")
    assert world.mirror(MIRROR_BRANCHES="main,develop").status == 0
    assert {"main", "develop"} <= names(world.codecommit())


def test_a_name_that_goes_while_the_source_is_read(world: World, tmp_path: Path) -> None:
    """The run fetches again without it."""
    world.source.commit("main")
    world.source.commit("develop")
    barrier = Barrier(tmp_path / "barrier", "fetch")
    process = world.start(MIRROR_BRANCHES="main,develop", PATH=barrier.path(world))
    barrier.wait()
    world.source.set("refs/heads/develop", "")
    barrier.release()
    run = ended(process)
    assert run.status == 0, run.output
    assert len(run.of("fetching_again")) == 1
    assert not run.of("cache_dropped")
    assert "develop" not in names(world.codecommit())


# --- nothing matches ---------------------------------------------------------------------------


def test_a_source_without_branches_that_match(world: World) -> None:
    """Its tags are mirrored, now and later: what has never had such branches is no fault."""
    shutil.rmtree(world.cache.path)
    new = world.new_codecommit("new")
    where = {
        "MIRROR_BRANCHES": "release/*",
        "MIRROR_DESTINATION_URLS": codecommit_url("new"),
    }
    assert world.mirror(**where).status == 0
    world.source.git("tag", "v2", "refs/heads/main")
    world.source.git("tag", "-d", "v1")
    run = world.mirror(**where)
    assert run.status == 0, run.output
    assert set(new.refs()) == {"refs/tags/light", "refs/tags/v2"}


def test_a_source_that_lost_the_branches_that_match(world: World) -> None:
    """It wipes nothing, as one that lost all branches."""
    before = world.codecommit().refs()
    world.source.set("refs/heads/feature", "")
    run = world.mirror(MIRROR_BRANCHES="feature", MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "no branches to mirror" in run.of("failed")[0]["reason"]
    assert world.codecommit().refs() == before


def test_a_source_that_lost_all_its_tags(world: World) -> None:
    """So does one that has nothing at all any more, if it had tags alone."""
    shutil.rmtree(world.cache.path)
    new = world.new_codecommit("new")
    where = {"MIRROR_BRANCHES": "none", "MIRROR_DESTINATION_URLS": codecommit_url("new")}
    assert world.mirror(**where).status == 0
    for ref in world.source.refs():
        world.source.set(ref, "")
    run = world.mirror(**where, MIRROR_ROUNDS="1")
    assert run.status == 1
    assert names(new, "tags") == {"light", "v1"}


# --- the default branch ------------------------------------------------------------------------


def test_a_default_branch_that_is_not_mirrored(world: World) -> None:
    """The destination's own default stays, and AWS is not asked to change it."""
    world.source.set_head("refs/heads/feature")
    world.source.commit("main")
    run = world.mirror(MIRROR_BRANCHES="main")
    assert run.status == 0, run.output
    assert not run.of("default_branch")
    assert world.codecommit().head == "refs/heads/main"


def test_a_default_branch_at_the_destination_that_is_not_mirrored(world: World) -> None:
    """It stays where the source's default is not mirrored either, whatever else is."""
    world.source.commit("release/1")
    run = world.mirror(MIRROR_BRANCHES="release/*")
    assert run.status == 0, run.output
    assert not run.of("default_branch")
    assert world.codecommit().head == "refs/heads/main"


@pytest.mark.usefixtures("aws")
def test_a_default_branch_that_is_mirrored(world: World) -> None:
    """It becomes the destination's, though that had another one that is not mirrored."""
    world.codecommit().set_head("refs/heads/feature")
    run = world.mirror(MIRROR_BRANCHES="main")
    assert run.status == 0, run.output
    assert world.codecommit().head == "refs/heads/main"


# --- what a mirror has of its own --------------------------------------------------------------


def test_a_branch_that_is_not_mirrored_any_more_is_not_deleted_by_the_source(
    world: World,
) -> None:
    """So it stays as it is, and is kept under no other name, where what is deleted is kept."""
    world.source.commit("release/1")
    assert world.mirror(MIRROR_KEEP_DAYS="90").status == 0
    before = world.codecommit().refs()
    world.source.set("refs/heads/release/1", "")
    world.source.set("refs/heads/feature", "")
    run = world.mirror(**KEEPS, MIRROR_NOW="2026-01-01")
    assert run.status == 0, run.output
    kept = f"mirror-backup/2026-01-01/release/1@{before['refs/heads/release/1'][:12]}"
    assert names(world.codecommit()) == {"main", "feature", kept}
    assert [event["event"] for event in world.mirror(**KEEPS, MIRROR_NOW="2026-01-02").events] == [
        "started", "equal",
    ]  # fmt: skip
    assert world.mirror(**KEEPS, MIRROR_NOW="2026-12-31").of("expired")[0]["refs"] == 1
    assert names(world.codecommit()) == {"main", "feature"}


def test_a_stand_in_that_a_killed_run_has_left_is_deleted(world: World) -> None:
    """Though no pattern names it."""
    there = world.codecommit()
    there.set("refs/heads/mirror-stand-in", there.refs()["refs/heads/main"])
    run = world.mirror(MIRROR_BRANCHES=BRANCHES)
    assert run.status == 0, run.output
    assert "mirror-stand-in" not in names(there)
