"""mirror.py, run with real git against repositories that keep CodeCommit's rules."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.aws_on_loopback import Aws
from support.git_repositories import (
    MIRROR_PY,
    Barrier,
    Repository,
    World,
    codecommit_url,
    ended,
    gone,
    hung,
    terminate,
)

pytestmark = pytest.mark.payloads

HOSTILE = [
    *('a"b$(id)', "-x", "`id`", "a;b", "über/日本", "line\u2028two"),
    *("refs/heads/main", "refs/tags/v1", "heads/main", "HEAD"),  # ambiguous to git
]
ZEROS = f"refs/tags/{'0' * 40}"  # which CodeCommit takes for no branch


def same(world: World, name: str = "copy") -> bool:
    """Tell whether a destination has the source's branches and tags, and no other refs."""
    return world.codecommit(name).refs() == {
        ref: value
        for ref, value in world.source.refs().items()
        if ref.startswith(("refs/heads/", "refs/tags/"))
    }


# --- what is mirrored --------------------------------------------------------------------------


@pytest.mark.usefixtures("aws")
def test_first_run(world: World) -> None:
    """An empty repository gets all branches, tags and the default branch of the source."""
    shutil.rmtree(world.cache.path)
    world.source.set_head("refs/heads/feature")
    new = world.new_codecommit("new")
    run = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url("new"))
    assert run.status == 0, run.output
    assert same(world, "new")
    assert new.git("cat-file", "-t", "refs/tags/v1") == "tag"
    assert new.head == "refs/heads/feature"
    assert [event["event"] for event in run.events] == [
        "started", "fetched", "pushed", "default_branch", "equal",
    ]  # fmt: skip


def test_second_run(world: World) -> None:
    """Nothing is fetched or pushed, and AWS is not asked anything, when nothing has changed."""
    shutil.rmtree(world.cache.path)
    run = world.mirror()
    assert run.status == 0, run.output
    assert world.codecommit().pushes() == []
    assert [event["event"] for event in run.events] == ["started", "equal"]
    assert not world.cache.path.exists()


def test_nothing_is_fetched_if_only_other_lines_differ(world: World) -> None:
    """Refs are compared one by one if the lists are not the same: here the source has no HEAD."""
    shutil.rmtree(world.cache.path)
    world.source.set_head("refs/heads/none")
    run = world.mirror()
    assert run.status == 0, run.output
    assert [event["event"] for event in run.events] == ["started", "equal"]
    assert run.of("equal")[0]["refs"] == len(world.source.refs())
    assert not world.cache.path.exists()


def test_refs_of_other_kinds_make_no_difference(world: World) -> None:
    """A source with refs of pull requests, and a destination with notes, are equal at a glance."""
    main = world.source.refs()["refs/heads/main"]
    mirrored = world.source.refs()
    for n in range(3):
        world.source.set(f"refs/pull/{n}/head", main)
    world.codecommit().set("refs/notes/commits", main)
    run = world.mirror()
    assert run.status == 0, run.output
    assert [event["event"] for event in run.events] == ["started", "equal"]
    assert run.of("equal")[0]["refs"] == len(mirrored)
    assert world.codecommit().pushes() == []


def test_new_commit(world: World) -> None:
    """Only what differs is pushed."""
    world.source.commit("main")
    assert world.mirror().status == 0
    assert same(world)
    assert world.codecommit().pushes() == [1]


def _delete_branch(source: Repository) -> None:
    source.set("refs/heads/feature", "")


def _force_push(source: Repository) -> None:
    source.commit("main", "another history", anew=True)


def _roll_back(source: Repository) -> None:
    source.set("refs/heads/main", source.refs()["refs/heads/feature"])


def _move_tag(source: Repository) -> None:
    source.set("refs/tags/light", source.refs()["refs/heads/feature"])
    source.git("tag", "-f", "-a", "-m", "again", "v1", "refs/heads/feature")


def _delete_tag(source: Repository) -> None:
    source.git("tag", "-d", "v1")


def _tag_of_tag_and_tree(source: Repository) -> None:
    source.git("tag", "-a", "-m", "of a tag", "v2", "refs/tags/v1")
    source.git("tag", "tree", "refs/heads/main^{tree}")


def _branch_into_folder(source: Repository) -> None:
    source.set("refs/heads/feature", "")
    source.commit("feature/one")


def _folder_into_branch(source: Repository) -> None:
    source.commit("deep/er/branch")
    source.set("refs/heads/deep/er/branch", "")
    source.commit("deep")


@pytest.mark.parametrize(
    "change",
    [
        _delete_branch,
        _force_push,
        _roll_back,
        _move_tag,
        _delete_tag,
        _tag_of_tag_and_tree,
        _branch_into_folder,
        _folder_into_branch,
    ],
)
def test_any_change(world: World, change: Callable[[Repository], None]) -> None:
    """The destination follows whatever happens to a ref of the source."""
    change(world.source)
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)


def test_folder_into_branch_and_back(world: World) -> None:
    """A branch that becomes a folder of branches, and the other way round, is followed twice."""
    world.source.commit("a/b")
    assert world.mirror().status == 0
    world.source.set("refs/heads/a/b", "")
    world.source.commit("a")
    assert world.mirror().status == 0
    assert same(world)


@pytest.mark.parametrize("ref", [*(f"refs/heads/{name}" for name in HOSTILE), ZEROS])
def test_hostile_names(world: World, ref: str) -> None:
    """A branch is made, moved and deleted whatever it is called, and others besides it."""
    for value in (
        world.source.refs()["refs/heads/feature"],
        world.source.refs()["refs/heads/main"],
        "",
    ):
        world.source.set(ref, value)
        world.source.commit("main")
        run = world.mirror()  # every line is JSON
        assert run.status == 0, run.output
        assert same(world)


def test_tag_called_like_a_commit(world: World) -> None:
    """A tag whose name is the id of a branch's commit does not take its place."""
    new = world.source.commit("feature")
    world.source.set(f"refs/tags/{new}", world.source.refs()["refs/heads/main"])
    assert world.mirror().status == 0
    world.source.git("tag", "-f", "light", new)
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)


@pytest.mark.parametrize("name", ["0123456789abcdef" * 2 + "01234567", "/".join(["x" * 128] * 2)])
def test_branch_that_codecommit_does_not_take(world: World, name: str) -> None:
    """One called like a commit, or by more than 256 characters, stops no other and is named."""
    ref = f"refs/heads/{name}"
    world.source.set(ref, world.source.commit("another"))
    run = world.mirror()
    assert run.status == 1
    assert list(run.of("differs")[-1]["refs"]) == [ref]
    assert not run.of("retrying")  # no other round would mend it
    reason = run.of("failed")[0]["reason"]
    assert reason.startswith(
        f"1 refs differ; {ref[:300]}: CodeCommit takes no branch whose name is"
    )
    assert world.codecommit().pushes() == [1]  # it was in no push, which it might have spoilt
    world.source.set(ref, "")
    assert same(world)


def test_branches_that_only_codecommit_does_not_take(world: World) -> None:
    """Another destination gets them, and a tag may be called so."""
    main = world.source.commit("main")
    world.source.set(f"refs/heads/{'f' * 40}", main)
    world.source.set(f"refs/tags/{'e' * 40}", main)
    world.codecommit().hook("pre-receive", "exit 0")
    assert world.mirror(MIRROR_DESTINATION_URLS=str(world.codecommit().path)).status == 0
    assert same(world)


def test_a_bad_line_cannot_be_forged(world: World) -> None:
    """A refused branch with quotes in its name is reported, as one line of JSON."""
    world.codecommit().hook("update", 'case "$1" in refs/heads/a*) exit 1;; esac')
    world.source.set('refs/heads/a"b$(id)', world.source.refs()["refs/heads/main"])
    run = world.mirror(MIRROR_ROUNDS="1")
    assert run.status == 1
    assert list(run.of("differs")[0]["refs"]) == ['refs/heads/a"b$(id)']


@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX"])
def test_names_can_be_read_in_the_log(world: World, locale: str) -> None:
    """What is written in another alphabet stands in the log as it is, whatever the locale is."""
    world.codecommit().hook("update", 'case "$1" in refs/heads/*機能*) exit 1;; esac')
    world.source.set("refs/heads/über/機能-😀", world.source.refs()["refs/heads/main"])
    run = world.mirror(MIRROR_ROUNDS="1", LC_ALL=locale, PYTHONIOENCODING="utf-8")
    assert list(run.of("differs")[0]["refs"]) == ["refs/heads/über/機能-😀"]
    assert "refs/heads/über/機能-😀" in run.output


@pytest.mark.parametrize(
    "name",
    [
        "\u202egnp.exe",
        "a\u2066b",
        "a\u2028b",
        "a\u0085b",
        "zero\u200bwidth",
        "a\u3000b",
        "\ue000",
        "\U000e0041",
    ],
)
def test_names_cannot_disguise_themselves(world: World, name: str) -> None:
    """What is not seen, ends a line or turns the direction of writing is escaped in the log."""
    world.codecommit().hook("pre-receive", "exit 1")
    world.source.set(f"refs/heads/{name}", world.source.refs()["refs/heads/main"])
    run = world.mirror(MIRROR_ROUNDS="1")
    assert list(run.of("differs")[0]["refs"]) == [f"refs/heads/{name}"]
    assert name not in run.output
    assert all(char.isprintable() or char == "\n" for char in run.output)


def test_bytes_that_are_not_text(world: World) -> None:
    """A branch whose name is not UTF-8 is mirrored like any other."""
    main = world.source.refs()["refs/heads/main"]
    line = b"create refs/heads/caf\xe9 " + main.encode() + b"\n"
    command = ["git", f"--git-dir={world.source.path}", "update-ref", "--stdin"]
    subprocess.run(command, input=line, check=True)
    run = world.mirror()
    assert run.status == 0, run.output
    assert (
        b"refs/heads/caf\xe9"
        in subprocess.run(
            ["git", f"--git-dir={world.codecommit().path}", "for-each-ref"],
            capture_output=True,
            check=True,
        ).stdout
    )


def test_other_namespaces_stay_out(world: World) -> None:
    """Refs of pull requests and notes do not leave the source, and stay in the destination."""
    main = world.source.refs()["refs/heads/main"]
    world.source.set("refs/pull/1/head", main)
    world.source.set("refs/notes/commits", main)
    world.codecommit().set("refs/internal/x", main)
    world.source.commit("main")
    assert world.mirror().status == 0
    refs = world.codecommit().refs()
    assert refs.pop("refs/internal/x") == main
    assert {ref.split("/")[1] for ref in refs} == {"heads", "tags"}
    assert {ref.split("/")[1] for ref in world.cache.refs()} == {"heads", "tags"}


def test_over_http(world: World, aws: Aws) -> None:
    """All of it works through git's HTTP protocol, which hands leases to another process."""
    config = world.root / "home/.gitconfig"
    config.write_text(config.read_text().replace(f"{world.root}/codecommit/", f"{aws.url}/"))
    world.codecommit().git("config", "http.receivepack", "true")
    _force_push(world.source)
    _move_tag(world.source)
    _branch_into_folder(world.source)
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    world.codecommit().hook("update", "exit 1")
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="2")
    assert run.status == 1
    assert "hook declined" in run.of("differs")[-1]["refs"]["refs/heads/main"][2]


# --- the default branch ------------------------------------------------------------------------


def test_renamed_default_branch(world: World, aws: Aws) -> None:
    """A renamed default branch is renamed: CodeCommit would not delete the old one otherwise."""
    world.source.set("refs/heads/-trunk", world.source.refs()["refs/heads/main"])
    world.source.set_head("refs/heads/-trunk")
    world.source.set("refs/heads/main", "")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert world.codecommit().head == "refs/heads/-trunk"
    assert aws.calls == [
        (
            "CodeCommit_20150413.UpdateDefaultBranch",
            {"repositoryName": "copy", "defaultBranchName": "-trunk"},
        )
    ]


@pytest.mark.usefixtures("aws")
def test_default_branch_into_folder(world: World) -> None:
    """A default branch that becomes a folder gives way through a stand-in."""
    world.source.set("refs/heads/main", "")
    world.source.commit("main/line")
    world.source.set_head("refs/heads/main/line")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert world.codecommit().head == "refs/heads/main/line"


def test_default_branch_through_remote_helper(world: World, aws: Aws) -> None:
    """Addresses of git-remote-codecommit name region, profile and repository."""
    config = world.root / "aws-config"
    config.write_text("[profile deploy]\naws_access_key_id=AKIDX\naws_secret_access_key=x\n")
    world.source.set_head("refs/heads/feature")
    shutil.copytree(world.codecommit().path, world.codecommit("deploy@copy").path)
    run = world.mirror(
        MIRROR_DESTINATION_URLS="codecommit::us-east-1://deploy@copy",
        AWS_CONFIG_FILE=str(config),
    )
    assert run.status == 0, run.output
    assert aws.calls[0][1]["repositoryName"] == "copy"
    assert "deploy@" not in run.output


def test_default_branch_elsewhere(world: World) -> None:
    """A destination outside CodeCommit is told nothing; the log says so, and nothing fails."""
    world.source.set_head("refs/heads/feature")
    run = world.mirror(MIRROR_DESTINATION_URLS=str(world.codecommit().path))
    assert run.status == 0, run.output
    assert run.of("default_branch")[0]["set"] is False


def test_default_branch_refused(world: World) -> None:
    """A failed UpdateDefaultBranch fails the run, after all else went through."""
    world.source.set_head("refs/heads/feature")
    world.source.set("refs/tags/light", "")
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="1")  # no AWS answers
    assert run.status == 1
    assert "feature cannot be made the default branch" in run.of("failed")[0]["reason"]
    assert same(world)


# --- what must never happen --------------------------------------------------------------------


def test_emptied_source(world: World) -> None:
    """A source that lost all its branches wipes nothing."""
    before = world.codecommit().refs()
    for ref in world.source.refs():
        world.source.set(ref, "")
    run = world.mirror(MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "the source has no branches" in run.of("failed")[0]["reason"]
    assert world.codecommit().refs() == before


def test_tags_without_branches(world: World) -> None:
    """A source with tags alone is no reason to delete branches either."""
    before = world.codecommit().refs()
    for ref in ("refs/heads/main", "refs/heads/feature"):
        world.source.set(ref, "")
    assert world.mirror(MIRROR_ROUNDS="1").status == 1
    assert world.codecommit().refs() == before


def test_empty_source_and_destination(world: World) -> None:
    """A new project, empty on both sides, is mirrored already."""
    for ref in world.source.refs():
        world.source.set(ref, "")
    world.new_codecommit("new")
    assert world.mirror(MIRROR_DESTINATION_URLS=codecommit_url("new")).status == 0


@pytest.mark.parametrize("cache", ["kept", "none"])
def test_unreachable_source(world: World, cache: str) -> None:
    """If the source cannot be read, the destination and a good cache stay as they are."""
    world.source.commit("main")
    world.source.path.rename(world.root / "away")
    if cache == "none":
        shutil.rmtree(world.cache.path)
    before = world.codecommit().refs()
    run = world.mirror()
    assert run.status == 1
    assert "cannot read the source" in run.of("failed")[0]["reason"]
    assert len(run.of("retrying")) == 4  # each but the last of five rounds
    assert world.codecommit().refs() == before
    assert world.codecommit().pushes() == []
    assert not run.of("cache_dropped")


def test_failed_fetch(world: World) -> None:
    """A fetch that fails for good pushes nothing, though the source answers otherwise."""
    new = world.source.commit("main")
    shutil.rmtree(world.source.path / "objects" / new[:2])
    run = world.mirror()
    assert run.status == 1
    assert not run.of("cache_dropped")  # the source is to blame
    assert world.codecommit().pushes() == []


@pytest.mark.parametrize("command", ["fetch", "for-each-ref", "push"])
@pytest.mark.parametrize("history", ["grown", "rewritten"])
def test_race(world: World, tmp_path: Path, command: str, history: str) -> None:
    """A run that is overtaken before or after its fetch never brings old commits back."""
    older = world.source.commit("main", "older")
    barrier = Barrier(tmp_path / "barrier", command)
    slow = world.start(PATH=barrier.path(world))
    try:
        barrier.wait()
        newer = world.source.commit("main", "newer", anew=history == "rewritten")
        world.source.set("refs/heads/feature", "")
        world.source.set("refs/heads/late", newer)
        fast = world.mirror(MIRROR_DIR=str(tmp_path / "other.git"))
        assert fast.status == 0, fast.output
        assert same(world)
        barrier.release()
        run = ended(slow)
    finally:
        slow.kill()
    assert run.status == 0, run.output
    assert same(world)
    assert older not in world.codecommit().past("refs/heads/main")
    assert world.codecommit().past("refs/heads/main")[-1] == newer
    assert len(world.codecommit().past("refs/heads/late")) == 1


def test_a_branch_that_comes_back(world: World, tmp_path: Path) -> None:
    """A branch that is at the source when deletions are due is not deleted."""
    feature = world.source.refs()["refs/heads/feature"]
    world.source.set("refs/heads/feature", "")
    world.source.commit("main")
    barrier = Barrier(tmp_path / "barrier", "push")
    process = world.start(PATH=barrier.path(world))
    try:
        barrier.wait()
        world.source.set("refs/heads/feature", feature)
        barrier.release()
        assert ended(process).status == 0
    finally:
        process.kill()
    assert same(world)
    assert world.codecommit().pushes() == [1]


def test_no_credentials_in_the_log(world: World) -> None:
    """Passwords in addresses reach neither the log nor the errors relayed from git."""
    secret = "s3cr%3Fet"
    run = world.mirror(
        MIRROR_SOURCE_URL=f"https://user:{secret}@127.0.0.1:9/repo.git",
        MIRROR_DESTINATION_URLS=f"https://user:{secret}@127.0.0.1:9/a https://{secret}@[::1]:9/b",
        MIRROR_ROUNDS="1",
    )
    assert run.status == 1
    assert "127.0.0.1" in run.output
    assert secret not in run.output
    assert "user" not in run.output


def test_long_errors_are_cut(world: World) -> None:
    """A server that talks without end does not fill the log."""
    world.codecommit().hook("pre-receive", "yes complaint | head -c 100000 >&2; kill -9 $PPID")
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "complaint" in run.output
    assert len(run.output) < 5000


# --- what a destination may refuse -------------------------------------------------------------


def test_first_push_is_refused(world: World) -> None:
    """A destination that refuses once is tried again."""
    world.codecommit().hook("pre-receive", 'mkdir "$GIT_DIR/once" 2>/dev/null && exit 1; exit 0')
    world.source.commit("main")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert len(run.of("refused")) == 1


@pytest.mark.parametrize(
    ("hook", "script"),
    [
        ("update", 'case "$1" in refs/heads/bad) exit 1;; esac'),
        ("pre-receive", "! grep -q refs/heads/bad"),
        ("pre-receive", "if grep -q refs/heads/bad; then kill -9 $PPID; fi"),
    ],
    ids=["ref", "push", "crash"],
)
def test_one_ref_is_refused_for_good(world: World, hook: str, script: str) -> None:
    """One bad ref stops no other, even if it makes the server refuse, or drop, a whole push."""
    world.codecommit().hook(hook, script)
    for name in ("another", "bad", "zebra"):
        world.source.commit(name)
    world.source.set("refs/heads/feature", "")
    run = world.mirror()
    assert run.status == 1
    failed = run.of("failed")[0]
    assert failed["url"] == codecommit_url("copy")
    assert failed["reason"].startswith("1 refs differ; refs/heads/bad: ")
    want, have, reason = run.of("differs")[-1]["refs"]["refs/heads/bad"]
    assert (want, have) == (world.source.refs()["refs/heads/bad"], None)
    assert reason
    world.source.set("refs/heads/bad", "")
    assert same(world)


def test_one_of_two_destinations_fails(world: World) -> None:
    """A destination that is gone keeps the run from succeeding, not the other from its refs."""
    world.source.commit("main")
    run = world.mirror(
        MIRROR_DESTINATION_URLS=f"{codecommit_url('gone')}\n {codecommit_url('copy')}",
        MIRROR_ROUNDS="2",
    )
    assert run.status == 1
    assert [event["url"] for event in run.of("failed")] == [codecommit_url("gone")]
    assert same(world)
    assert len(run.of("equal")) == 1


def test_batches(world: World) -> None:
    """No push has more refs than asked for."""
    for n in range(7):
        world.source.set(f"refs/heads/b{n}", world.source.refs()["refs/heads/main"])
    assert world.mirror(MIRROR_BATCH="3").status == 0
    assert world.codecommit().pushes() == [3, 3, 1]


def test_long_names(world: World) -> None:
    """Deletions are named on git's command line, so they are bounded in bytes as well."""
    main = world.source.refs()["refs/heads/main"]
    long = "/".join(["x" * 200] * 4)
    for n in range(150):
        world.source.set(f"refs/tags/{long}/{n}", main)
    assert world.mirror().status == 0
    assert same(world)
    for n in range(150):
        world.source.set(f"refs/tags/{long}/{n}", "")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    made, *deleted = world.codecommit().pushes()
    assert (made, sum(deleted)) == (150, 150)
    assert max(deleted) * len(long) <= 100_000


# --- a cache in any condition ------------------------------------------------------------------


def _half_made(cache: Path) -> None:
    shutil.rmtree(cache)
    cache.mkdir()
    (cache / "HEAD").write_text("ref: refs/heads/main\n")


def _only_initialised(cache: Path) -> None:
    shutil.rmtree(cache)
    subprocess.run(["git", "init", "-q", "--bare", str(cache)], check=True)


def _without_empty_folders(cache: Path) -> None:
    Repository(cache).git("pack-refs", "--all")
    for folder, _, _ in os.walk(cache, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()
    assert not (cache / "refs").exists()


def _without_objects(cache: Path) -> None:
    shutil.rmtree(cache / "objects")


def _cut_packs(cache: Path) -> None:
    Repository(cache).git("repack", "-adq")
    for pack in cache.glob("objects/pack/*"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40])


def _empty_ref(cache: Path) -> None:
    (cache / "refs/heads").mkdir(parents=True, exist_ok=True)
    (cache / "refs/heads/feature").write_text("")


def _garbage_packed_refs(cache: Path) -> None:
    (cache / "packed-refs").write_text("no ref\n")


def _garbage_config(cache: Path) -> None:
    (cache / "config").write_text("[core\n")


def _garbage_head(cache: Path) -> None:
    (cache / "HEAD").write_bytes(b"\0\0\0")


@pytest.mark.parametrize(
    "harm",
    [
        _half_made,
        _only_initialised,
        _without_empty_folders,
        _without_objects,
        _cut_packs,
        _empty_ref,
        _garbage_packed_refs,
        _garbage_config,
        _garbage_head,
    ],
)
@pytest.mark.parametrize("destination", ["copy", "new"])
def test_cache_heals(world: World, harm: Callable[[Path], None], destination: str) -> None:
    """Whatever became of the cache, the next run mirrors, to a destination new or known."""
    harm(world.cache.path)
    world.source.commit("main")
    if destination == "new":
        new = world.new_codecommit("new")
        new.git("fetch", "-q", str(world.source.path), "refs/heads/feature:refs/heads/main")
    run = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url(destination))
    assert run.status == 0, run.output
    assert same(world, destination)
    if harm in (_half_made, _only_initialised, _without_empty_folders):
        assert not run.of("cache_dropped")  # mending is cheaper
    world.source.commit("main")
    again = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url(destination))
    assert again.status == 0, again.output
    assert not again.of("cache_dropped")


def test_damage_found_by_the_push(world: World) -> None:
    """A file that a fetch does not look at, but a push must send, is fetched anew."""
    blob = world.cache.git("rev-parse", "refs/heads/main:file")
    path = world.cache.path / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    world.new_codecommit("new").git(
        "fetch", "-q", str(world.source.path), "refs/heads/feature:refs/heads/main"
    )
    run = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url("new"))
    assert run.status == 0, run.output
    assert same(world, "new")
    assert len(run.of("cache_dropped")) == 1


def test_stale_locks(world: World) -> None:
    """Locks of a run that was killed are removed."""
    left = [
        world.cache.path / name
        for name in (
            "packed-refs.lock", "config.lock", "HEAD.lock", "refs/heads/main.lock",
            "objects/maintenance.lock",
        )
    ]  # fmt: skip
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    world.source.commit("main")
    world.source.set("refs/heads/feature", "")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert not [path for path in left if path.exists()]
    assert not run.of("cache_dropped")


def test_foreign_owner(world: World) -> None:
    """A cache that was restored with another owner is used all the same."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for folder, _, files in os.walk(world.cache.path):
        for name in [".", *files]:
            os.chown(Path(folder) / name, 12345, 12345)
    world.source.commit("main")
    run = world.mirror()
    assert run.status == 0, run.output
    assert not run.of("cache_dropped")


def test_disk_full(world: World) -> None:
    """A full disk fails the run in words, and pushes nothing; with room, the next run mirrors."""
    probe = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system to fill")
    blob = os.urandom(1_000_000).hex()
    world.source.commit("main", blob)
    cache = world.root / "cache"
    script = 'mount -t tmpfs -o size=300k none "$0" && exec "$@"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(cache),
         sys.executable, str(MIRROR_PY)],
        env=world.environment,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert "No space left" in done.stdout
    assert world.codecommit().pushes() == []
    assert world.mirror().status == 0
    assert same(world)


def test_disk_that_fills_up_and_is_enlarged(world: World) -> None:
    """What a full disk has left of a fetch is no obstacle once the disk has room."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can mount a small file system to fill, and enlarge it")
    world.source.commit("main", os.urandom(1_000_000).hex())
    cache = world.root / "cache"
    script = (
        'mount -t tmpfs -o size=300k none "$0" || exit 77\n"$@"; echo "{\\"event\\": $?}"\n'
        'mount -o remount,size=30m "$0" && "$@"'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(cache), sys.executable, str(MIRROR_PY)],
        env=world.environment,
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"this machine mounts nothing: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"event": 1}' in done.stdout
    assert same(world)


# --- destinations that are not there yet -------------------------------------------------------


CREATE = "CodeCommit_20150413.CreateRepository"
DESCRIPTION = "Mirror of repo in eu-west-1: push there, not here"


def test_a_missing_destination_is_created(world: World, aws: Aws) -> None:
    """It gets the description, all refs and the default branch of the source."""
    world.source.set_head("refs/heads/feature")
    run = world.mirror(
        MIRROR_DESTINATION_URLS=codecommit_url("new"), MIRROR_CREATE=DESCRIPTION, MIRROR_ROUNDS="1"
    )
    assert run.status == 0, run.output
    assert same(world, "new")
    assert world.codecommit("new").head == "refs/heads/feature"
    assert aws.calls[0] == (
        CREATE, {"repositoryName": "new", "repositoryDescription": DESCRIPTION}
    )  # fmt: skip
    assert [event["event"] for event in run.events] == [
        "started", "created", "fetched", "pushed", "default_branch", "equal",
    ]  # fmt: skip
    again = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url("new"), MIRROR_CREATE=DESCRIPTION)
    assert not again.of("created")


@pytest.mark.parametrize("setting", [{}, {"MIRROR_CREATE": ""}])
def test_nothing_is_created_unasked(world: World, aws: Aws, setting: dict[str, str]) -> None:
    """Without MIRROR_CREATE, a missing destination fails the run."""
    urls = codecommit_url("new")
    run = world.mirror(MIRROR_DESTINATION_URLS=urls, MIRROR_ROUNDS="1", **setting)
    assert run.status == 1
    assert aws.calls == []


def test_creation_is_denied(world: World, aws: Aws) -> None:
    """Why the destination cannot be read stays the reason, and another one is mirrored."""
    aws.denied.add(CREATE)
    world.source.commit("main")
    run = world.mirror(
        MIRROR_DESTINATION_URLS=f"{codecommit_url('gone')} {codecommit_url('copy')}",
        MIRROR_CREATE=DESCRIPTION,
        MIRROR_ROUNDS="1",
    )
    assert run.status == 1
    assert same(world)
    assert [event["url"] for event in run.of("failed")] == [codecommit_url("gone")]
    assert "does not appear to be a git repository" in run.of("failed")[0]["reason"]
    assert not run.of("created")


def test_created_by_another_run(world: World, aws: Aws) -> None:
    """A destination that is there but could not be read is not created; the next round tries."""
    world.source.commit("main")
    broken = world.root / "broken"
    broken.mkdir()
    (broken / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *ls-remote*copy) mkdir "{broken}/once" 2>/dev/null && exit 1;; '
        f'esac\nexec "{shutil.which("git")}" "$@"\n'
    )
    (broken / "git").chmod(0o755)
    run = world.mirror(PATH=f"{broken}:{world.environment['PATH']}", MIRROR_CREATE=DESCRIPTION)
    assert run.status == 0, run.output
    assert [operation for operation, _ in aws.calls] == [CREATE]
    assert len(run.of("retrying")) == 1
    assert same(world)


@pytest.mark.parametrize(
    "url",
    [
        "https://deploy@git-codecommit.us-east-1.amazonaws.com/v1/repos/new",
        "codecommit::us-east-1://deploy@new",
    ],
)
def test_the_profile_in_an_address(world: World, aws: Aws, url: str) -> None:
    """The user in a destination's address is the AWS profile that creates and changes it."""
    config = world.root / "aws-config"
    config.write_text("[profile deploy]\naws_access_key_id=AKIDX\naws_secret_access_key=x\n")
    with (world.root / "home/.gitconfig").open("a") as settings:
        settings.write(f'[url "{world.codecommit("new").path}"]\n\tinsteadOf = "{url}"\n')
    world.source.set_head("refs/heads/feature")
    run = world.mirror(
        MIRROR_DESTINATION_URLS=url, MIRROR_CREATE=DESCRIPTION, AWS_CONFIG_FILE=str(config),
        MIRROR_METRICS="Space stack",
    )  # fmt: skip
    assert run.status == 0, run.output
    assert same(world, "new")
    assert aws.signers == {("AKIDX", "us-east-1")}
    assert "deploy@" not in run.output
    (measured,) = run.of("measured")
    assert (measured["repository"], measured["DestinationRegion"]) == ("new", "us-east-1")


# --- figures -----------------------------------------------------------------------------------


METRICS = {"MIRROR_METRICS": "FargateMirror a-stack"}
BEGUN = time.time()


def figures(event: dict[str, Any]) -> dict[str, float]:
    """Return the metrics in a line, which must keep to CloudWatch's embedded metric format."""
    stamp = event["_aws"]
    assert set(stamp) == {"Timestamp", "CloudWatchMetrics"}
    assert BEGUN * 1000 - 1 < stamp["Timestamp"] < time.time() * 1000 + 1
    assert isinstance(stamp["Timestamp"], int)
    found = {}
    for directive in stamp["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert re.fullmatch("[A-Za-z0-9_.#/:-]{1,255}", directive["Namespace"])
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            for name in dimensions:
                assert isinstance(event[name], str)
                assert 1 <= len(event[name]) <= 1024
        for metric in directive["Metrics"]:
            assert set(metric) <= {"Name", "Unit", "StorageResolution"}
            value = event[metric["Name"]]
            assert isinstance(value, int | float)
            assert not isinstance(value, bool)
            found[metric["Name"]] = value
    return found


def ago(seconds: float) -> str:
    """Return a moment in the past, as EventBridge writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def test_what_is_measured(world: World) -> None:
    """Changed refs, bytes and the time since the change are metrics, by stack and by region."""
    world.source.commit("main", os.urandom(300_000).hex())
    world.source.set("refs/heads/feature", "")
    begun = time.time()
    run = world.mirror(MIRROR_SINCE=ago(100), TZ="Asia/Tokyo", **METRICS)
    assert run.status == 0, run.output
    (event,) = run.of("measured")
    (directive,) = event["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "FargateMirror"
    assert directive["Dimensions"] == [["Stack", "DestinationRegion"], ["Stack"]]
    assert (event["Stack"], event["DestinationRegion"]) == ("a-stack", "us-east-1")
    assert event["repository"] == "copy"
    found = figures(event)
    assert 300_000 < found.pop("Bytes") < 400_000  # the hexadecimal digits shrink to half
    assert 100 <= found.pop("LagSeconds") <= 102 + time.time() - begun
    assert found == {"RefsChanged": 2, "Failures": 0}


@pytest.mark.parametrize("size", [0, 3_000, 3_000_000])
def test_bytes_in_any_unit(world: World, size: int) -> None:
    """A push is counted, be it of bytes, of KiB or of MiB.

    Git gives MiB with two digits, rounded up or down: less than was packed may be the truth.
    """
    text = os.urandom(size).hex() + "\n"
    world.source.commit("main", text)
    (event,) = world.mirror(**METRICS).of("measured")
    packed = len(zlib.compress(text.encode()))
    assert abs(figures(event)["Bytes"] - packed) < packed * 0.02 + 1000


def test_pushes_add_up(world: World) -> None:
    """The figures are of all pushes of a run."""
    for n in range(3):
        world.source.commit(f"branch{n}", os.urandom(20_000).hex())
    (event,) = world.mirror(MIRROR_BATCH="1", **METRICS).of("measured")
    assert figures(event)["RefsChanged"] == 3
    assert 60_000 < figures(event)["Bytes"] < 90_000


def test_nothing_new_is_measured_as_well(world: World) -> None:
    """A run that finds nothing to do says so in figures: its absence would be alarming."""
    (event,) = world.mirror(**METRICS).of("measured")
    assert figures(event) == {"RefsChanged": 0, "Bytes": 0, "Failures": 0}


@pytest.mark.parametrize(
    ("seconds", "form", "least"), [(-50, "Z", 0), (7, ".123+0000", 7), (8e8, "Z", 8e8)]
)
def test_lag(world: World, seconds: float, form: str, least: float) -> None:
    """A clock that is behind makes no negative lag, and fractions of a second do no harm."""
    begun, since = time.time(), ago(seconds).replace("Z", form)
    (event,) = world.mirror(MIRROR_SINCE=since, **METRICS).of("measured")
    assert least <= figures(event)["LagSeconds"] <= least + 2 + time.time() - begun


def test_nothing_is_measured_unasked(world: World) -> None:
    """Without MIRROR_METRICS, no line claims to be a metric."""
    world.source.commit("main")
    assert "_aws" not in world.mirror(MIRROR_SINCE=ago(1)).output


def test_failures_are_measured(world: World) -> None:
    """A destination that fails counts, and has no lag; one that is equal has one, once."""
    world.source.commit("main")
    urls = f"{codecommit_url('gone')} {codecommit_url('copy')}"
    run = world.mirror(
        MIRROR_DESTINATION_URLS=urls, MIRROR_ROUNDS="2", MIRROR_SINCE=ago(1), **METRICS
    )
    assert run.status == 1
    good, bad = run.of("measured")
    assert bad["repository"] == "gone"
    assert figures(bad) == {"RefsChanged": 0, "Bytes": 0, "Failures": 1}
    assert good["repository"] == "copy"
    assert figures(good)["Failures"] == 0
    assert figures(good)["LagSeconds"] >= 1


def test_a_destination_that_recovers_is_no_failure(world: World) -> None:
    """What a later round mends is measured once, as a success."""
    world.codecommit().hook("pre-receive", 'mkdir "$GIT_DIR/once" 2>/dev/null && exit 1; exit 0')
    world.source.commit("main")
    (event,) = world.mirror(**METRICS).of("measured")
    assert figures(event)["RefsChanged"] == 1
    assert figures(event)["Failures"] == 0


def test_an_unreachable_source_is_a_failure_everywhere(world: World) -> None:
    """No destination can be equal to what cannot be read."""
    world.source.path.rename(world.root / "away")
    world.new_codecommit("other")
    run = world.mirror(
        MIRROR_DESTINATION_URLS=f"{codecommit_url('copy')} {codecommit_url('other')}",
        MIRROR_ROUNDS="2", MIRROR_SINCE=ago(1), **METRICS,
    )  # fmt: skip
    assert run.status == 1
    assert {e["repository"]: figures(e) for e in run.of("measured")} == {
        name: {"RefsChanged": 0, "Bytes": 0, "Failures": 1} for name in ("copy", "other")
    }


def test_a_destination_elsewhere_is_not_measured(world: World) -> None:
    """Figures are by region: a destination that has none has no figures."""
    world.source.commit("main")
    run = world.mirror(MIRROR_DESTINATION_URLS=str(world.codecommit().path), **METRICS)
    assert run.status == 0
    assert not run.of("measured")


# --- runs side by side, runs that are stopped --------------------------------------------------


def test_lock(world: World, tmp_path: Path) -> None:
    """Runs that share MIRROR_DIR take turns; one that waits too long fails and says why."""
    world.source.commit("main")
    barrier = Barrier(tmp_path / "barrier", "push")
    first = world.start(PATH=barrier.path(world))
    try:
        barrier.wait()
        impatient = world.mirror(MIRROR_LOCK_SECONDS="0.1")
        assert impatient.status == 1
        assert "another run keeps MIRROR_DIR locked" in impatient.of("failed")[0]["reason"]
        patient = world.start()
        time.sleep(0.3)
        assert patient.poll() is None
        barrier.release()
        assert ended(first).status == 0
        assert ended(patient).status == 0
    finally:
        first.kill()
    assert same(world)


@pytest.mark.parametrize("command", ["fetch", "push"])
def test_termination(world: World, tmp_path: Path, command: str) -> None:
    """SIGTERM ends the run and its git at once, with 143; the next run makes up for it."""
    world.source.commit("main")
    barrier = Barrier(tmp_path / "barrier", command)
    process = world.start(PATH=barrier.path(world))
    child = barrier.wait()
    terminate(process)
    run = ended(process)
    assert run.status == 143
    assert run.events[-1] == {"event": "stopped"}
    assert gone(child)
    assert not same(world)
    assert world.mirror().status == 0
    assert same(world)


def test_termination_is_not_measured(world: World, tmp_path: Path) -> None:
    """A run that was asked to stop has not failed."""
    world.source.commit("main")
    barrier = Barrier(tmp_path / "barrier", "push")
    process = world.start(PATH=barrier.path(world), **METRICS)
    barrier.wait()
    terminate(process)
    run = ended(process)
    assert run.status == 143
    assert not run.of("measured")


def test_a_hung_git_is_given_up(world: World) -> None:
    """After MIRROR_SECONDS the run ends, counts as a failure and leaves no process behind."""
    tools = world.root / "hung"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *push*) sleep 600 & echo "$! $$" > "{tools}/ids"; wait;; esac\n'
        f'exec "{shutil.which("git")}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    world.source.commit("main")
    run = world.mirror(
        PATH=f"{tools}:{world.environment['PATH']}",
        MIRROR_SECONDS="2", MIRROR_SINCE=ago(1), **METRICS,
    )  # fmt: skip
    assert run.status == 1  # and has ended at all, which its git would not
    for pid in (tools / "ids").read_text().split():
        assert gone(int(pid))
    assert [event["event"] for event in run.events] == [
        "started", "fetched", "stopped", "measured",
    ]  # fmt: skip
    assert figures(run.events[-1]) == {"RefsChanged": 0, "Bytes": 0, "Failures": 1}
    assert world.mirror().status == 0
    assert same(world)


def test_a_hung_aws_is_given_up(world: World) -> None:
    """After MIRROR_SECONDS the run ends although CodeCommit's command has not answered."""
    path = hung(world.root / "hung", "aws", "codecommit*", world.environment["PATH"])
    shutil.rmtree(world.codecommit("copy").path)
    world.source.commit("main")
    run = world.mirror(PATH=path, MIRROR_CREATE="a mirror", MIRROR_SECONDS="2", **METRICS)
    assert run.status == 1, run.output
    assert [event["event"] for event in run.events] == ["started", "stopped", "measured"]
    assert figures(run.events[-1])["Failures"] == 1


def test_one_that_hangs_does_not_hide_another(world: World) -> None:
    """A destination that is equal has been measured as such before the next one hangs."""
    tools = world.root / "hung"
    tools.mkdir()
    (tools / "git").write_text(
        '#!/bin/sh\ncase "$*" in *push*other*) sleep 60;; esac\n'
        f'exec "{shutil.which("git")}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    world.new_codecommit("other")
    world.source.commit("main")
    run = world.mirror(
        PATH=f"{tools}:{world.environment['PATH']}",
        MIRROR_DESTINATION_URLS=f"{codecommit_url('copy')} {codecommit_url('other')}",
        MIRROR_SECONDS="2", **METRICS,
    )  # fmt: skip
    assert run.status == 1
    told = {event["repository"]: event["Failures"] for event in run.of("measured")}
    assert told == {"copy": 0, "other": 1}


def test_a_server_that_never_answers(world: World) -> None:
    """After MIRROR_SECONDS, git's own helper for HTTP has let go of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(180)
        process = world.start(
            MIRROR_SOURCE_URL=f"http://127.0.0.1:{server.getsockname()[1]}/repo.git",
            MIRROR_SECONDS="1",
        )
        connection, _ = server.accept()
        with connection:
            connection.settimeout(180)
            run = ended(process)
            assert run.status == 1
            while connection.recv(1000):
                pass


def test_time_to_spare(world: World) -> None:
    """A run that ends in time hears nothing of MIRROR_SECONDS."""
    world.source.commit("main")
    run = world.mirror(MIRROR_SECONDS="60", **METRICS)
    assert run.status == 0
    assert not run.of("stopped")


# --- configuration -----------------------------------------------------------------------------


def test_all_mistakes_at_once(world: World) -> None:
    """Bad configuration ends with 2 and one line that names each mistake."""
    run = world.mirror(
        MIRROR_SOURCE_URL=" ",
        MIRROR_DIR="",
        MIRROR_ROUNDS="0",
        MIRROR_PAUSE="nan",
        MIRROR_BATCH="4001",
        MIRROR_MAX_DELETIONS="few",
        MIRROR_LOCK_SECONDS="-1",
        MIRROR_SECONDS="an hour",
    )
    assert run.status == 2
    assert len(run.events) == 1
    said = "\n".join(run.events[0]["problems"])
    for name in (
        "SOURCE_URL", "DIR", "ROUNDS", "PAUSE", "BATCH", "MAX_DELETIONS", "LOCK_SECONDS", "SECONDS",
    ):  # fmt: skip
        assert f"MIRROR_{name}:" in said or f"MIRROR_{name}," in said


def test_a_time_that_is_none(world: World) -> None:
    """A run that is told nonsense about when its source changed counts as a failure."""
    world.source.commit("main")
    run = world.mirror(MIRROR_SINCE="yesterday", **METRICS)
    assert run.status == 1
    assert [event["Failures"] for event in run.of("measured")] == [1]


@pytest.mark.parametrize("url", ["", "--upload-pack=touch${IFS}pwned", "a -b"])
def test_bad_destinations(world: World, url: str) -> None:
    """An address that git would take for an option is refused."""
    assert world.mirror(MIRROR_DESTINATION_URLS=url).status == 2


def test_a_folder_with_other_files(world: World) -> None:
    """MIRROR_DIR is named like a bare repository: no other folder must be deleted by mistake."""
    (world.root / "work").mkdir()
    (world.root / "work/precious").touch()
    run = world.mirror(MIRROR_DIR=str(world.root / "work"))
    assert run.status == 2
    assert (world.root / "work/precious").exists()


def test_configuration_of_git_is_kept(world: World) -> None:
    """Configuration that comes by the environment is added to, not replaced."""
    run = world.mirror(
        MIRROR_SOURCE_URL="elsewhere:repo.git",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{world.source.path}.insteadOf",
        GIT_CONFIG_VALUE_0="elsewhere:repo.git",
    )
    assert run.status == 0, run.output


def test_it_is_readable_in_a_template() -> None:
    """The file shows in a template as it is."""
    text = MIRROR_PY.read_bytes()
    assert not [line for line in text.split(b"\n") if line != line.rstrip()]
    assert b"\t" not in text
    assert json.dumps(text.decode("ascii"))
