"""A mirror that keeps what its source destroys (MIRROR_KEEP_DAYS)."""

from __future__ import annotations

import re
import shutil

import pytest
from support.git_repositories import Repository, World, codecommit_url, new_repository

pytestmark = pytest.mark.payloads

TODAY = "2026-11-30"
KEEP = {"MIRROR_KEEP_DAYS": "90", "MIRROR_NOW": f"{TODAY}T23:59:59Z"}
METRICS = {"MIRROR_METRICS": "FargateMirror a-stack"}


def kept(repository: Repository) -> dict[str, str]:
    """Return the refs that are there in addition to a mirror's, by name."""
    return {r: v for r, v in repository.refs().items() if "/mirror-backup/" in r}


def name(ref: str, value: str, day: str = TODAY) -> str:
    """Return what a ref is kept as."""
    kind, rest = ref.split("/", 2)[1:]
    return f"refs/{kind}/mirror-backup/{day}/{rest}@{value[:12]}"


def mirrored(world: World) -> bool:
    """Tell whether the destination has the source's refs, whatever it keeps besides."""
    refs = world.codecommit().refs()
    return {r: v for r, v in refs.items() if r not in kept(world.codecommit())} == (
        world.source.refs()
    )


# --- what is kept ------------------------------------------------------------------------------


def test_what_is_deleted_is_kept(world: World) -> None:
    """A branch and a tag that the source deletes stay under dated names; the log says so."""
    before = world.source.refs()
    for ref in ("refs/heads/feature", "refs/tags/v1"):
        world.source.set(ref, "")
    run = world.mirror(**KEEP, **METRICS)
    assert run.status == 0, run.output
    assert mirrored(world)
    gone = {ref: before[ref] for ref in ("refs/heads/feature", "refs/tags/v1")}
    assert kept(world.codecommit()) == {name(r, v): v for r, v in gone.items()}
    (event,) = run.of("deleted")
    assert event["refs"] == {r: [v, None, name(r, v)] for r, v in gone.items()}
    assert run.of("measured")[0]["RefsRewritten"] == 0  # which is daily life
    assert not world.mirror(**KEEP).of("deleted")  # told once


@pytest.mark.parametrize("cache", ["kept", "none"])
def test_what_is_rewritten_is_kept(world: World, cache: str) -> None:
    """Forced pushes and moved tags are followed, and raise an event and a metric, no failure."""
    before = world.source.refs()
    world.source.commit("main", "another history", anew=True)
    world.source.set("refs/tags/light", before["refs/heads/feature"])
    world.source.git("tag", "-f", "-a", "-m", "again", "v1", "refs/heads/feature")
    world.source.commit("feature")  # on top of what was there
    if cache == "none":
        shutil.rmtree(world.cache.path)
        world.source.git("reflog", "expire", "--expire=now", "--all")
        world.source.git("gc", "-q", "--prune=now")
    run = world.mirror(**KEEP, **METRICS)
    assert run.status == 0, run.output
    assert mirrored(world)
    lost = {r: before[r] for r in ("refs/heads/main", "refs/tags/light", "refs/tags/v1")}
    assert kept(world.codecommit()) == {name(r, v): v for r, v in lost.items()}
    (event,) = run.of("rewritten")
    assert event["count"] == 3
    now = world.source.refs()
    assert event["refs"] == {r: [v, now[r], name(r, v)] for r, v in lost.items()}
    assert run.of("measured")[0]["RefsRewritten"] == 3
    assert run.of("measured")[0]["Failures"] == 0
    assert world.codecommit().git(
        "rev-list", "--objects", name("refs/tags/v1", lost["refs/tags/v1"])
    )


def test_a_branch_that_is_set_back_is_rewritten(world: World) -> None:
    """Commits that a branch loses are kept, though they are the children of those that stay."""
    lost = world.source.refs()["refs/heads/main"]
    for tag in ("light", "v1"):
        world.source.set(f"refs/tags/{tag}", "")
    world.source.set("refs/heads/main", world.source.refs()["refs/heads/feature"])
    run = world.mirror(**KEEP)
    assert run.status == 0, run.output
    assert kept(world.codecommit())[name("refs/heads/main", lost)] == lost
    assert list(run.of("rewritten")[0]["refs"]) == ["refs/heads/main"]


def test_new_commits_keep_nothing(world: World) -> None:
    """What only grows leaves nothing behind."""
    world.source.commit("main")
    world.source.commit("another")
    run = world.mirror(**KEEP, **METRICS)
    assert run.status == 0
    assert kept(world.codecommit()) == {}
    assert run.of("measured")[0]["RefsRewritten"] == 0


def test_ransom(world: World) -> None:
    """A source that is made anew, with one commit, costs the backup nothing: all 81 refs stay."""
    source = world.source
    for ref in source.refs():
        if ref != "refs/heads/main":
            source.set(ref, "")
    precious = source.commit("main", "precious")
    for n in range(40):
        source.commit(f"branch{n}")
        source.git("tag", "-a", "-m", "a release", f"v{n}", f"refs/heads/branch{n}")
    assert world.mirror().status == 0
    before = source.refs()
    assert len(before) == 81
    shutil.rmtree(source.path)
    shutil.rmtree(world.cache.path)
    ransom = new_repository(source.path).commit("main", "ransom")
    run = world.mirror(**KEEP, **METRICS, MIRROR_MAX_DELETIONS="")
    assert run.status == 0, run.output
    assert mirrored(world)
    assert world.codecommit().refs()["refs/heads/main"] == ransom
    assert kept(world.codecommit()) == {name(r, v): v for r, v in before.items()}
    assert world.codecommit().git("show", f"{name('refs/heads/main', precious)}:file") == "precious"
    assert run.of("measured")[0]["RefsRewritten"] == 1
    assert run.of("deleted")[0]["count"] == 80
    restored = world.root / "restored.git"
    new_repository(restored).git(
        "fetch", "-q", str(world.codecommit().path),
        f"refs/heads/mirror-backup/{TODAY}/*:refs/heads/*",
    )  # fmt: skip
    assert Repository(restored).git("fsck", "--connectivity-only") == ""


def test_an_emptied_source_still_wipes_nothing(world: World) -> None:
    """Without any branch at the source, the backup stays as it is, and the run fails."""
    before = world.codecommit().refs()
    for ref in world.source.refs():
        world.source.set(ref, "")
    assert world.mirror(**KEEP, MIRROR_ROUNDS="1").status == 1
    assert world.codecommit().refs() == before


def test_rewritten_again_and_again(world: World) -> None:
    """Each value of a day is kept, each once, however often the run comes."""
    lost = [world.source.refs()["refs/heads/main"]]
    for n in range(3):
        new = world.source.commit("main", f"history {n}", anew=True)
        assert world.mirror(**KEEP).status == 0
        assert len(world.mirror(**KEEP).of("rewritten")) == 0
        lost.append(new)
    found = kept(world.codecommit())
    assert found == {name("refs/heads/main", v): v for v in lost[:3]}


def test_what_cannot_be_kept_is_not_destroyed(world: World) -> None:
    """If the destination does not take the dated name, the ref stays, and the reason is told."""
    hook = world.codecommit().path / "hooks/update"
    hook.write_text(
        '#!/bin/sh\ncase "$1" in *mirror-backup*feature*) echo no room >&2; exit 1;; esac\n'
    )
    hook.chmod(0o755)
    before = world.source.refs()
    world.source.set("refs/heads/feature", "")
    new = world.source.commit("main", "another history", anew=True)
    run = world.mirror(**KEEP, MIRROR_ROUNDS="2")
    assert run.status == 1
    refs = world.codecommit().refs()
    assert refs["refs/heads/feature"] == before["refs/heads/feature"]
    assert refs["refs/heads/main"] == new
    reason = run.of("failed")[0]["reason"]
    assert "refs/heads/feature: not kept: " in reason
    assert "no room" in reason


def test_mirrors_in_codecommit_keep_nothing(world: World) -> None:
    """Without MIRROR_KEEP_DAYS, a mirror is what its source is."""
    world.source.set("refs/heads/feature", "")
    assert world.mirror(MIRROR_KEEP_DAYS="").status == 0
    assert world.codecommit().refs() == world.source.refs()


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "branch",
    [
        "日本語/" + "深い" * 40, "/".join(["x" * 85] * 3)[:256],
        'a"b$(id)', "-x", "refs/heads/main", "a@b", "über",
    ],
)  # fmt: skip
def test_names_are_valid(world: World, branch: str) -> None:
    """Whatever a branch is called, what it is kept as is a branch that CodeCommit takes."""
    value = world.source.commit(branch)
    assert world.mirror(**KEEP).status == 0
    world.source.set(f"refs/heads/{branch}", "")
    run = world.mirror(**KEEP)
    assert run.status == 0, run.output
    ((ref, found),) = kept(world.codecommit()).items()
    assert found == value
    assert len(ref.removeprefix("refs/heads/")) <= 256
    assert ref.startswith(f"refs/heads/mirror-backup/{TODAY}/{branch[:30]}")
    assert not run.of("retrying")


def test_branches_and_namespaces_are_kept_side_by_side(world: World) -> None:
    """`dev` and `dev/a`, both gone on one day, do not keep each other from being kept."""
    main = world.source.refs()["refs/heads/main"]
    for before, after in (("", "dev"), ("dev", "dev/a"), ("dev/a", "dev"), ("dev", "")):
        if before:
            world.source.set(f"refs/heads/{before}", "")
        if after:
            world.source.set(f"refs/heads/{after}", main)
        run = world.mirror(**KEEP)
        assert run.status == 0, run.output
        assert mirrored(world)
    expected = {name(f"refs/heads/{ref}", main): main for ref in ("dev", "dev/a")}
    assert kept(world.codecommit()) == expected


def test_a_branch_called_backup(world: World) -> None:
    """Branches that are called much like the place for what is kept are mirrored."""
    for branch in ("backup", "mirror-backup-2026", "mirror-backups/2026-11-30/x@0123456789ab"):
        world.source.commit(branch)
    assert world.mirror(**KEEP).status == 0
    world.source.set("refs/heads/backup", "")
    assert world.mirror(**KEEP).status == 0
    assert mirrored(world)
    assert len(kept(world.codecommit())) == 1


def test_what_is_kept_is_not_mirrored_back(world: World) -> None:
    """Nor does a source that was filled from its backup set, move or delete anything there."""
    world.source.set("refs/heads/feature", "")
    assert world.mirror(**KEEP).status == 0
    before = kept(world.codecommit())
    main = world.source.refs()["refs/heads/main"]
    for ref in before:
        world.source.set(ref, main)
    world.source.set(name("refs/heads/x", main, "2020-01-01"), main)
    run = world.mirror(**KEEP)
    assert run.status == 0, run.output
    assert kept(world.codecommit()) == before


# --- how long ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "day", "left"),
    [
        ("90", "2027-02-28", 2), ("90", "2027-03-01", 0), ("1", "2026-12-01", 2),
        ("1", "2026-12-02", 0), ("0", "2126-11-30", 2), ("90", "2020-01-01", 2),
    ],
)  # fmt: skip
def test_what_is_kept_expires(world: World, days: str, day: str, left: int) -> None:
    """It is deleted once it was kept for more than so many days; with 0, never."""
    world.source.set("refs/heads/feature", "")
    world.source.set("refs/tags/light", "")
    assert world.mirror(**KEEP).status == 0
    run = world.mirror(MIRROR_KEEP_DAYS=days, MIRROR_NOW=f"{day}T00:00:00Z")
    assert run.status == 0, run.output
    assert len(kept(world.codecommit())) == left
    assert [event["refs"] for event in run.of("expired")] == ([] if left else [2])
    assert not run.of("fetched")  # a deletion needs nothing of the source
    assert mirrored(world)


def test_a_refused_expiry_is_told(world: World) -> None:
    """What cannot be deleted though its time is over fails the run, and hides nothing else."""
    world.source.set("refs/heads/feature", "")
    assert world.mirror(**KEEP).status == 0
    world.codecommit().git("config", "receive.denyDeletes", "true")
    world.source.commit("main")
    run = world.mirror(MIRROR_KEEP_DAYS="1", MIRROR_NOW="2027-01-01", MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "1 refs cannot be deleted though they expired" in run.of("failed")[0]["reason"]
    assert mirrored(world)


def test_the_clock_is_utc(world: World) -> None:
    """Without MIRROR_NOW, the day is that of the clock, in UTC, wherever the machine is."""
    world.source.set("refs/heads/feature", "")
    assert world.mirror(MIRROR_KEEP_DAYS="90", TZ="Pacific/Kiritimati").status == 0
    (ref,) = kept(world.codecommit())
    assert re.search(r"/mirror-backup/\d{4}-\d\d-\d\d/", ref)


@pytest.mark.parametrize(("setting", "value"), [("KEEP_DAYS", "ninety"), ("NOW", "tomorrow")])
def test_bad_settings(world: World, setting: str, value: str) -> None:
    """Nonsense about days is refused before anything is touched."""
    run = world.mirror(**{**KEEP, f"MIRROR_{setting}": value})
    assert run.status == 2
    assert f"MIRROR_{setting}" in run.events[0]["problems"][0]


# --- with other things -------------------------------------------------------------------------


def test_two_destinations_keep_each_their_own(world: World) -> None:
    """What one has never had is not kept there."""
    world.new_codecommit("other")
    lost = world.source.refs()["refs/heads/feature"]
    world.source.set("refs/heads/feature", "")
    urls = f"{codecommit_url('copy')} {codecommit_url('other')}"
    run = world.mirror(**KEEP, MIRROR_DESTINATION_URLS=urls)
    assert run.status == 0, run.output
    assert list(kept(world.codecommit())) == [name("refs/heads/feature", lost)]
    assert kept(world.codecommit("other")) == {}


@pytest.mark.usefixtures("aws")
def test_a_default_branch_that_becomes_a_namespace_is_kept(world: World) -> None:
    """Room is made, and what stood there is kept."""
    for ref in world.source.refs():
        if ref != "refs/heads/main":
            world.source.set(ref, "")
    assert world.mirror(**KEEP).status == 0
    before = kept(world.codecommit())
    lost = world.source.refs()["refs/heads/main"]
    world.source.set("refs/heads/main", "")
    world.source.commit("main/line")
    world.source.set_head("refs/heads/main/line")
    run = world.mirror(**KEEP)
    assert run.status == 0, run.output
    assert mirrored(world)
    assert kept(world.codecommit()) == {**before, name("refs/heads/main", lost): lost}
