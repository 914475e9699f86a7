"""mirror_task.py with mirror.py, run for real in the environment that the template gives them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_on_loopback import Aws
from support.git_repositories import Barrier, Ended, Repository, gone, hung, terminate
from support.mirror_tasks import FAR, HERE, REGIONS, THERE, Place, finished

pytestmark = pytest.mark.payloads

LIST = "CodeCommit_20150413.ListRepositories"
CREATE = "CodeCommit_20150413.CreateRepository"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place with the default template's task, for all repositories; `shop` is one of them."""
    place = Place(tmp_path)
    built(place, {})
    place.new_source("shop")
    return place


@pytest.fixture
def aws(place: Place) -> Iterator[Aws]:
    """CodeCommit's API for the place's repositories."""
    with Aws(place.root / "codecommit") as server:
        place.environment["AWS_ENDPOINT_URL"] = server.url
        yield server


def built(place: Place, options: dict[str, Any], **answers: str) -> None:
    """Build a place whose CodeCommit is on disk."""
    place.build(options, **answers)
    for region in REGIONS:
        url = f"https://git-codecommit.{region}.amazonaws.com/v1/repos/"
        place.on_disk(url, place.root / "codecommit" / region)


def behind(place: Place, name: str, region: str = THERE) -> Repository:
    """Make a destination that lacks its source's newest commit: `aws` has nothing to do."""
    made = place.new_destination(name, region)
    made.git("fetch", "-q", str(place.repository(name).path), "refs/heads/feature:refs/heads/main")
    return made


def same(source: Repository, destination: Repository) -> bool:
    """Tell whether a destination has a source's branches and tags."""
    kept = ("refs/heads/", "refs/tags/")
    return destination.refs() == {r: v for r, v in source.refs().items() if r.startswith(kept)}


def mirrored(place: Place, region: str = THERE) -> list[str]:
    """Return the names of the repositories in a region that have what their sources have."""
    return sorted(
        path.name
        for path in (place.root / "codecommit" / region).iterdir()
        if same(place.repository(path.name), Repository(path)) and Repository(path).refs()
    )


def started(run: Ended) -> list[str]:
    """Return the repositories that mirror.py was run for."""
    return [event["source"].rpartition("/")[2] for event in run.of("started")]


# --- which repositories ------------------------------------------------------------------------


def test_the_one_that_has_changed(place: Place, aws: Aws) -> None:
    """REPOSITORY is mirrored, and no other; CodeCommit need not be asked for a list."""
    place.new_source("other")
    run = place.run(REPOSITORY="shop")
    assert run.status == 0, run.output
    assert mirrored(place) == started(run) == ["shop"]
    assert LIST not in [operation for operation, _ in aws.calls]


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ("*", ["a", "shop", "team-1", "team-2", "xteam-3"]),
        ("team-*", ["team-1", "team-2"]),
        ("team-* a", ["a", "team-1", "team-2"]),
        ("shop team-2", ["shop", "team-2"]),
    ],
)
def test_all_that_match(place: Place, aws: Aws, patterns: str, wanted: list[str]) -> None:
    """A run without REPOSITORY mirrors all names and all beginnings of names, of every page."""
    aws.page = 2
    for name in ("a", "team-1", "team-2", "xteam-3"):
        place.new_source(name)
    for name in wanted:
        behind(place, name)
    run = place.run(REPOSITORIES=patterns)
    assert run.status == 0, run.output
    assert started(run) == wanted
    assert mirrored(place) == wanted
    assert {region for _, region in aws.signers} <= {HERE}


@pytest.mark.slow
def test_names_that_are_built_in(place: Place, aws: Aws) -> None:
    """Repositories and destinations may be in the template; names need no list."""
    destinations = [{"region": THERE, "prefix": "copy-"}, {"region": FAR}]
    built(place, {"repositories": ["shop", "till"], "destinations": destinations})
    place.new_source("till")
    run = place.run()
    assert run.status == 0, run.output
    for name in ("shop", "till"):
        assert same(place.repository(name), place.repository(f"copy-{name}", THERE))
        assert same(place.repository(name), place.repository(name, FAR))
    assert LIST not in [operation for operation, _ in aws.calls]


@pytest.mark.parametrize("trigger", ["codecommit", "schedule"])
def test_a_repository_asked_for_at_deploy_time(place: Place, aws: Aws, trigger: str) -> None:
    """Each trigger's environment leads to the same mirror."""
    built(place, {"trigger": trigger}, Repositories="shop")
    run = place.run()
    assert run.status == 0, run.output
    assert mirrored(place) == ["shop"]


def test_a_source_elsewhere(place: Place, aws: Aws) -> None:
    """A public repository of any Git host is mirrored under the name that was asked for."""
    url = "https://git.example.com/acme/app.git"
    built(place, {"source": "public"}, SourceUrl=url, RepositoryName="shop")
    place.on_disk("https://git.example.com/acme/app.git", place.repository("shop").path)
    run = place.run()
    assert run.status == 0, run.output
    assert mirrored(place) == ["shop"]
    assert aws.descriptions[place.repository("shop", THERE).path] == (
        f"Mirror of {url}: push there, not here"
    )


def test_a_source_elsewhere_destroys_nothing(place: Place, aws: Aws) -> None:
    """KeepDays reaches mirror.py: what such a source rewrites or deletes is kept, and measured."""
    url = "https://git.example.com/acme/app.git"
    built(place, {"source": "public"}, SourceUrl=url, RepositoryName="shop", MaxDeletions="")
    place.on_disk(url, place.repository("shop").path)
    assert place.run().status == 0
    before = place.repository("shop").refs()
    _force(place.repository("shop"))
    _delete(place.repository("shop"))
    run = place.run(MIRROR_NOW="2026-11-30")
    assert run.status == 0, run.output
    kept = {}
    for kind, name in (("heads", "main"), ("heads", "feature"), ("tags", "v1")):
        value = before[f"refs/{kind}/{name}"]
        kept[f"refs/{kind}/mirror-backup/2026-11-30/{name}@{value[:12]}"] = value
    assert place.repository("shop", THERE).refs() == place.repository("shop").refs() | kept
    (event,) = run.of("measured")
    assert (event["RefsRewritten"], event["Failures"]) == (1, 0)


@pytest.mark.parametrize(
    "name",
    ["other", "shopping", "shop.git/x", "../x", "a b", "-x", "--help", "shop\n", "shop\nteam-1",
     "x/shop", "shop;id", "$(id)", "sh\u00f6p", "x" * 101, "|shop", "team-1|shop"],
)  # fmt: skip
@pytest.mark.parametrize("patterns", ["shop team-*", "shop"])
def test_a_repository_that_is_not_asked_for(
    place: Place, aws: Aws, name: str, patterns: str
) -> None:
    """A REPOSITORY outside the patterns, or no name at all, is refused; nothing is written."""
    run = place.run(REPOSITORY=name, REPOSITORIES=patterns)
    assert run.status == 2, run.output
    assert "is not to be mirrored" in run.of("failed")[0]["reason"]
    assert "Traceback" not in run.output
    assert len(run.output.splitlines()) == 1
    assert aws.calls == []
    assert not any(place.home.iterdir())
    assert not any((place.root / "codecommit" / THERE).iterdir())


@pytest.mark.parametrize(
    "name", ["../x", "a b", "shop\n", "x/shop", "sh\u00f6p", "x" * 101, "a/../b"]
)
def test_no_name_at_all(place: Place, aws: Aws, name: str) -> None:
    """What CodeCommit would not call a repository is refused where all names are welcome."""
    run = place.run(REPOSITORY=name)
    assert run.status == 2, run.output
    assert not any(place.home.iterdir())
    assert aws.calls == []


@pytest.mark.parametrize("name", ["-x", "--help", "x.y_z-1", "9"])
def test_odd_names(place: Place, aws: Aws, name: str) -> None:
    """What CodeCommit would call a repository is mirrored, be it like an option."""
    place.new_source(name)
    run = place.run(REPOSITORY=name)
    assert run.status == 0, run.output
    assert mirrored(place) == [name]


@pytest.mark.parametrize("repository", ["shop", ""])
def test_no_mirror_of_itself(place: Place, aws: Aws, repository: str) -> None:
    """A destination that is the source, among others, is refused before anything is touched."""
    built(place, {"destinations": [{"region": FAR}, {"region": HERE}]}, Repositories="shop")
    before = place.repository("shop").refs()
    run = place.run(REPOSITORY=repository)
    assert run.status == 2
    assert "shop cannot be its own mirror" in run.of("failed")[0]["reason"]
    assert "Traceback" not in run.output
    assert place.repository("shop").refs() == before
    assert aws.calls == []


def test_the_list_is_denied(place: Place, aws: Aws) -> None:
    """Without the right to list, the task ends with 2 and AWS's reason, and no traceback."""
    aws.denied.add(LIST)
    run = place.run()
    assert run.status == 2
    assert "AccessDeniedException" in run.output
    assert run.events[-1]["event"] == "failed"
    assert "Traceback" not in run.output


def test_no_repository_matches(place: Place, aws: Aws) -> None:
    """A pattern that matches nothing is no success: it may be a slip of the pen."""
    run = place.run(REPOSITORIES="team-*")
    assert run.status == 2
    assert "no such repository" in run.events[-1]["reason"]


# --- destinations ------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [THERE, FAR])
def test_one_of_two_regions_rejects(place: Place, aws: Aws, bad: str) -> None:
    """The other region is mirrored, and the task fails."""
    (good,) = {THERE, FAR} - {bad}
    built(place, {"destinations": [{"region": THERE}, {"region": FAR}]}, Repositories="shop")
    place.new_destination("shop", bad).hook("pre-receive", "echo no room; exit 1")
    run = place.run()
    assert run.status == 1
    assert mirrored(place, good) == ["shop"]
    assert place.repository("shop", bad).refs() == {}
    measured = {event["DestinationRegion"]: event["Failures"] for event in run.of("measured")}
    assert measured == {good: 0, bad: 1}
    assert "no room" in run.output or "declined" in run.output


def test_missing_destinations_are_created(place: Place, aws: Aws) -> None:
    """With the prefix, a description that says where to push, and the default branch."""
    built(place, {}, DestinationPrefix="mirror-")
    place.repository("shop").set_head("refs/heads/feature")
    run = place.run()
    assert run.status == 0, run.output
    made = aws.metadata(THERE, "mirror-shop")
    assert made["repositoryDescription"] == "Mirror of shop in eu-west-1: push there, not here"
    assert made["defaultBranch"] == "feature"
    assert same(place.repository("shop"), place.repository("mirror-shop", THERE))
    assert mirrored(place, HERE) == ["shop"]  # nothing new there


def test_a_run_is_measured(place: Place, aws: Aws) -> None:
    """The figures name the stack, and tell the delay since the event that started the task."""
    begun = time.time()
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun - 50))
    run = place.run(REPOSITORY="shop", MIRROR_SINCE=since)
    (event,) = run.of("measured")
    assert (event["Stack"], event["repository"]) == ("a-stack", "shop")
    assert event["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "FargateMirror"
    assert 50 <= event["LagSeconds"] <= 52 + time.time() - begun
    assert event["RefsChanged"] == 4


# --- what happens to refs ----------------------------------------------------------------------


def _delete(source: Repository) -> None:
    source.set("refs/heads/feature", "")
    source.git("tag", "-d", "v1")


def _force(source: Repository) -> None:
    source.commit("main", "another history", anew=True)


def _move_tags(source: Repository) -> None:
    source.set("refs/tags/light", source.refs()["refs/heads/feature"])
    source.git("tag", "-f", "-a", "-m", "again", "v1", "refs/heads/feature")


def _odd_names(source: Repository) -> None:
    for name in (
        "-x",
        'a"b$(id)',
        "\u00fcber/\u65e5\u672c",
        "refs/heads/main",
        "HEAD",
        "a;b",
    ):
        source.set(f"refs/heads/{name}", source.refs()["refs/heads/feature"])
    source.set(f"refs/tags/{'0' * 40}", source.refs()["refs/heads/feature"])  # never a branch


@pytest.mark.parametrize("change", [_delete, _force, _move_tags, _odd_names])
def test_any_change(place: Place, aws: Aws, change: Callable[[Repository], None]) -> None:
    """Deletions, rewritten history, moved tags and odd names arrive."""
    assert place.run(REPOSITORY="shop").status == 0
    change(place.repository("shop"))
    run = place.run(REPOSITORY="shop")
    assert run.status == 0, run.output
    assert mirrored(place) == ["shop"]


def test_more_deletions_than_allowed(place: Place, aws: Aws) -> None:
    """MaxDeletions reaches mirror.py."""
    built(place, {}, MaxDeletions="1")
    assert place.run(REPOSITORY="shop").status == 0
    _delete(place.repository("shop"))
    run = place.run(REPOSITORY="shop")
    assert run.status == 1
    assert "exceed MIRROR_MAX_DELETIONS" in run.output
    assert len(place.repository("shop", THERE).refs()) == 4


@pytest.mark.parametrize("how", ["emptied", "gone"])
def test_nothing_is_wiped(place: Place, aws: Aws, how: str) -> None:
    """A source that is empty or cannot be read leaves the destination as it is, and fails."""
    assert place.run(REPOSITORY="shop").status == 0
    source = place.repository("shop")
    before = place.repository("shop", THERE).refs()
    if how == "gone":
        source.path.rename(place.root / "away")
    else:
        for ref in source.refs():
            source.set(ref, "")
    run = place.run(REPOSITORY="shop", MIRROR_ROUNDS="2")
    assert run.status == 1
    assert place.repository("shop", THERE).refs() == before


@pytest.mark.slow
def test_thousands_of_branches(place: Place, aws: Aws) -> None:
    """5,000 branches are created, and deleted again, in pushes that CodeCommit takes."""
    built(place, {}, MaxDeletions="5000")
    source = place.repository("shop")
    main = source.refs()["refs/heads/main"]
    copy = place.new_destination("shop")
    copy.git("config", "core.logAllRefUpdates", "false")
    names = [f"refs/heads/{n % 64}/{n}" for n in range(5000)]
    source.git("update-ref", "--stdin", stdin="".join(f"create {name} {main}\n" for name in names))
    run = place.run(REPOSITORY="shop")
    assert run.status == 0, run.output
    assert mirrored(place) == ["shop"]
    source.git("update-ref", "--stdin", stdin="".join(f"delete {name}\n" for name in names))
    assert place.run(REPOSITORY="shop").status == 0
    assert mirrored(place) == ["shop"]
    assert (sum(copy.pushes()) >= 10_000, max(copy.pushes()) <= 4000) == (True, True)


# --- several, side by side or one after the other ----------------------------------------------


def test_one_failure_is_not_the_end(place: Place, aws: Aws) -> None:
    """A repository that fails does not keep the next from being mirrored, but fails the task."""
    for name in ("a", "z"):
        place.new_source(name)
    place.new_destination("shop").hook("pre-receive", "exit 1")
    run = place.run(MIRROR_ROUNDS="1")
    assert run.status == 1
    assert mirrored(place) == ["a", "z"]


def test_concurrent_runs(place: Place, aws: Aws) -> None:
    """Tasks that share a file system and a repository end well, and the mirror is equal."""
    built(place, {"cache": "efs"})
    assert place.environment["CACHE_DIR"] == "/cache"
    cache = place.root / "cache"
    cache.mkdir()
    runs = []
    for n in range(3):
        place.repository("shop").commit("main")
        place.repository("shop").commit(f"branch{n}")
        home = place.root / f"work{n}"
        home.mkdir()
        runs.append(place.start(REPOSITORY="shop", CACHE_DIR=str(cache), HOME=str(home)))
        time.sleep(0.1)
    place.repository("shop").set("refs/heads/branch0", "")
    ends = [finished(run) for run in runs]
    assert [end.status for end in ends] == [0, 0, 0], [end.output for end in ends]
    late = place.run(REPOSITORY="shop", CACHE_DIR=str(cache))
    assert late.status == 0
    assert mirrored(place) == ["shop"]
    assert "cache_dropped" not in "".join(end.output for end in (*ends, late))


def test_concurrent_runs_without_a_cache(place: Place, aws: Aws) -> None:
    """Tasks that know nothing of each other end well, too."""
    homes = [place.root / f"work{n}" for n in range(3)]
    for home in homes:
        home.mkdir()
    runs = [place.start(REPOSITORY="shop", HOME=str(home)) for home in homes]
    assert [finished(run).status for run in runs] == [0, 0, 0]
    assert mirrored(place) == ["shop"]


@pytest.mark.slow
@pytest.mark.parametrize("kept", [False, True])
def test_what_is_left(place: Place, aws: Aws, kept: bool) -> None:  # noqa: FBT001
    """Without a cache, each repository's folder makes room for the next; with one, all stay."""
    place.new_source("till")
    cache = place.root / "cache"
    cache.mkdir()
    programs = sorted(path.name for path in (place.root / "opt").rglob("*.py"))
    run = place.run(**({"CACHE_DIR": str(cache)} if kept else {}))
    assert run.status == 0, run.output
    folders = sorted(p.name for f in (cache, place.home) for p in f.glob("*.git"))
    assert folders == (["shop.git", "till.git"] if kept else [])
    assert not list(place.home.glob("*.git"))
    # Nothing is written elsewhere: all else is read-only in the container.
    assert sorted(path.name for path in place.root.iterdir()) == [
        "cache", "codecommit", "data", "etc", "network", "opt", "tools",
    ]  # fmt: skip
    assert sorted(path.name for path in (place.root / "opt").rglob("*.py")) == programs
    if kept:
        place.repository("shop").commit("main")
        again = place.run(CACHE_DIR=str(cache))
        assert again.status == 0
        assert mirrored(place) == ["shop", "till"]


# --- an end before the end ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("command", ["clone", "push"])
def test_termination(place: Place, aws: Aws, tmp_path: Path, command: str) -> None:
    """SIGTERM ends the task with 143 and all its processes; the next run makes up for it."""
    place.new_source("till")
    barrier = Barrier(tmp_path / "barrier", command)
    task = place.start(PATH=f"{barrier.folder}:{place.environment['PATH']}")
    child = barrier.wait()
    terminate(task)
    run = finished(task)
    assert run.status == 143, run.output
    assert gone(child)
    assert place.processes() == []
    assert started(run) == ["shop"]  # and not the next
    assert not run.of("measured")
    assert not list(place.home.glob("*.git"))
    shutil.rmtree(barrier.folder)
    assert place.run().status == 0
    assert mirrored(place) == ["shop", "till"]


def test_termination_before_the_work(place: Place, aws: Aws, tmp_path: Path) -> None:
    """SIGTERM while mirror.py is not yet ready for it ends the task as well."""
    place.new_source("till")
    early = tmp_path / "early"
    early.mkdir()
    os.mkfifo(early / "reached")
    (early / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if sys.orig_argv[-1].endswith('/mirror.py'):\n"
        f"    open({str(early / 'reached')!r}, 'w').close()\n"
        "    time.sleep(60)\n"
    )
    task = place.start(PYTHONPATH=str(early))
    (early / "reached").read_bytes()
    terminate(task)
    run = finished(task)
    assert run.status == 143, run.output
    assert place.processes() == []


def test_termination_without_work(place: Place, aws: Aws, tmp_path: Path) -> None:
    """SIGTERM while CodeCommit is asked for a list ends the task with 143."""
    slow = tmp_path / "slow"
    slow.mkdir()
    os.mkfifo(slow / "reached")
    (slow / "aws").write_text(f'#!/bin/sh\n: > "{slow}/reached"\nsleep 2\necho "{{}}"\n')
    (slow / "aws").chmod(0o755)
    task = place.start(PATH=f"{slow}:{place.environment['PATH']}")
    (slow / "reached").read_bytes()
    terminate(task)
    assert finished(task).status == 143


def test_out_of_memory(place: Place, aws: Aws, tmp_path: Path) -> None:
    """A mirror.py that the kernel kills gives the task a status of its own; the rest goes on."""
    place.new_source("till")
    barrier = Barrier(tmp_path / "barrier", "clone")
    task = place.start(PATH=f"{barrier.folder}:{place.environment['PATH']}")
    barrier.wait()
    command = ["ps", "-o", "pid=", "--ppid", str(task.pid)]
    (child,) = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(child), signal.SIGKILL)
    barrier.release()
    run = finished(task)
    assert run.status not in (0, 1, 2, 143)
    assert 0 < run.status < 256
    assert mirrored(place) == ["till"]


@pytest.mark.slow
def test_time_is_up(place: Place, aws: Aws, tmp_path: Path) -> None:
    """A repository that takes too long is given up, and the next has its turn."""
    assert place.environment["MIRROR_SECONDS"] == "3600"
    place.new_source("till")
    # Long enough for the second on a machine that is busy: each has as long.
    barrier = Barrier(tmp_path / "barrier", "clone")
    task = place.start(PATH=f"{barrier.folder}:{place.environment['PATH']}", MIRROR_SECONDS="20")
    child = barrier.wait()
    assert gone(child, timeout=40)
    (barrier.folder / "passed").touch()
    run = finished(task)
    assert run.status == 1
    assert mirrored(place) == ["till"]
    assert [event["Failures"] for event in run.of("measured")] == [1, 0]


def test_a_list_that_never_comes_is_given_up(place: Place, aws: Aws, tmp_path: Path) -> None:
    """An `aws` that hangs fails the run, and is not left behind."""
    path = hung(tmp_path / "hung", "aws", "*list-repositories*", place.environment["PATH"])
    run = place.run(PATH=path, LIST_SECONDS="1")
    assert run.status == 2, run.output
    (failed,) = run.of("failed")
    assert "TimeoutExpired" in failed["reason"]
    assert place.processes() == []


@pytest.mark.slow
def test_a_mirror_that_cannot_end_by_itself_is_ended(
    place: Place, aws: Aws, tmp_path: Path
) -> None:
    """One that hangs before its own alarm is set fails the run; the next has its turn."""
    place.new_source("till")
    early, once = tmp_path / "early", tmp_path / "once"
    early.mkdir()
    (early / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        f"if sys.orig_argv[-1].endswith('/mirror.py') and not os.path.exists({str(once)!r}):\n"
        f"    open({str(once)!r}, 'w').close()\n"
        "    time.sleep(600)\n"
    )
    run = place.run(PYTHONPATH=str(early), MIRROR_SECONDS="15", GRACE_SECONDS="5")
    assert run.status not in (0, 143)
    assert mirrored(place) == ["till"]
    assert place.processes() == []


def test_the_event_that_started_a_run_is_logged(place: Place, aws: Aws) -> None:
    """A run can be found by the event's id, as CloudTrail and the function have it."""
    run = place.run(EVENT_ID="12345678-1234-1234-1234-111122223333", REPOSITORY="shop")
    (requested,) = run.of("requested")
    assert requested == {"event": "requested", "id": "12345678-1234-1234-1234-111122223333"}
    assert not place.run(REPOSITORY="shop").of("requested")
