"""The worker, unchanged, with real git and a real queue, bucket and CodeBuild on loopback."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

import pytest
from support.branches import (
    HOSTILE,
    PAYLOAD,
    QUICKLY,
    Place,
    build_place,
    finished,
    image_files,
    killed,
)
from support.codebuild import Hold, Services, create_project, told
from support.codecommit_git import proves
from support.git_repositories import Ended, hung
from support.loopback import Loopback, reply_json
from support.pythons import WITH_BOTO3, python

pytestmark = pytest.mark.payloads

Make = Callable[..., Place]


@pytest.fixture
def make(tmp_path: Path, moto_server: str) -> Iterator[Make]:
    """Return a function that makes a place for a worker, with options of the blueprint."""
    with Services(moto_server) as services:
        yield lambda **options: build_place(tmp_path, services, **options)


@pytest.fixture
def place(make: Make) -> Place:
    """Make the place of the default shape."""
    return make()


def commits(place: Place, repository: str) -> list[str]:
    """Return the commits of a repository whose builds were started, in order."""
    found = place.services.variables()
    return [v["COMMIT_ID"] for v in found if v["REPOSITORY_NAME"] == repository]


@pytest.mark.parametrize("version", WITH_BOTO3)
def test_every_python(place: Place, version: str) -> None:
    """The worker runs in the Python of its image, and in those before and after it."""
    place.container.python = python(version)
    place.container.install()
    place.push("shop", "main")
    run = place.run()
    assert run.status == 0, run.output
    assert len(place.services.builds()) == 1


# --- what a build gets ---


def test_a_push_is_built_from_a_bundle_of_the_commit(place: Place) -> None:
    """The bundle is where the README says, and the build knows what it builds, and for whom."""
    commit = place.push("shop", "feature/basket")
    run = place.run()
    assert run.status == 0, run.output
    (key,) = place.bundles()
    assert re.fullmatch(f"shop/feature/basket/{commit}/[0-9a-f]{{32}}\\.zip", key)
    (request,) = place.services.builds()
    assert request["projectName"] == json.loads(place.environment["PROJECTS"])["*"]
    assert request["sourceTypeOverride"] == "S3"
    assert request["sourceLocationOverride"] == f"{place.environment['BUNDLES']}/{key}"
    variables = told(request)
    output = variables.pop("OUTPUT_LOCATION")
    assert variables == {
        "REPOSITORY_NAME": "shop",
        "BRANCH_NAME": "feature/basket",
        "COMMIT_ID": commit,
    }
    outputs = f"s3://{place.environment['OUTPUTS']}/shop/feature/basket/{commit}"
    assert re.fullmatch(f"{outputs}/[0-9a-f]{{32}}", output)
    assert Path(key).stem not in output
    names = {"projectName", "sourceTypeOverride", "sourceLocationOverride"}
    assert set(request) == names | {"environmentVariablesOverride", "idempotencyToken"}
    assert place.bundle(f"shop/feature/basket/{commit}").namelist() == ["file"]
    (line,) = run.of("started")
    assert (line["repository"], line["branch"], line["commit"]) == (
        "shop",
        "feature/basket",
        commit,
    )
    assert place.waiting() == 0


def test_a_message_is_deleted_only_once_its_build_has_started(place: Place) -> None:
    """The order of the calls: upload, start, delete; and at the end whether anything is left."""
    place.push()
    place.run()
    calls = [name for name, _ in place.services.calls]
    assert [name for name in calls if name != "ReceiveMessage"] == [  # which looks for others
        "S3.PUT",
        "ChangeMessageVisibility",  # is it still ours?
        "StartBuild",
        "DeleteMessage",
        "GetQueueAttributes",
    ]


def test_a_bundle_holds_what_a_checkout_would(place: Place) -> None:
    """Links, modes, odd names, and what attributes would hide or rewrite; submodules are empty."""
    source, tree = place.repository("shop"), []

    def add(mode: str, name: str, text: str) -> None:
        blob = source.git("hash-object", "-w", "--stdin", stdin=text)
        tree.append(f"{mode} blob {blob}\t{name}")

    add("100644", ".gitattributes", "hidden export-ignore\nversion export-subst\n* filter=evil\n")
    add("100644", "hidden", "seen")
    add("100644", "version", "$Format:%H$")
    add("100755", "run.sh", "#!/bin/sh\n")
    add("120000", "link", "run.sh")
    add("100644", "ein Wort mit ü", "x")
    tree.append(f"160000 commit {'1' * 40}\tmodule")
    made = source.git("mktree", "--missing", stdin="\n".join(tree) + "\n")
    commit = source.git("commit-tree", "-m", "odd things", made)
    source.set("refs/heads/main", commit)
    place.send(place.event("shop", "main", commit))
    run = place.run()
    assert run.of("started"), run.output
    bundle = place.bundle(f"shop/main/{commit}")
    assert bundle.read("hidden") == b"seen"
    assert bundle.read("version") == b"$Format:%H$"
    assert bundle.read("ein Wort mit ü") == b"x"
    assert bundle.read("link") == b"run.sh"
    modes = {found.filename: found.external_attr >> 16 for found in bundle.infolist()}
    assert stat.S_ISLNK(modes["link"])
    assert modes["run.sh"] & 0o111
    assert {"module/", "run.sh"} <= set(modes)
    assert not [name for name in modes if name.startswith("module/") and name != "module/"]


def test_a_big_bundle_goes_up_in_parts(place: Place) -> None:
    """And is what was pushed."""
    source = place.repository("shop")
    content = os.urandom(24_000_000)
    (place.root / "big").write_bytes(content)
    blob = source.git("hash-object", "-w", str(place.root / "big"))
    tree = source.git("mktree", stdin=f"100644 blob {blob}\tbig\n")
    commit = source.git("commit-tree", "-m", "big", tree)
    source.set("refs/heads/main", commit)
    place.send(place.event("shop", "main", commit))
    assert place.run().of("started")
    parts = [asked for asked in place.services.asked("S3.PUT") if "partNumber" in asked["path"]]
    assert len(parts) > 1
    assert place.bundle(f"shop/main/{commit}").read("big") == content


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_commits_of_any_age_are_built(place: Place, protocol: str) -> None:
    """By either protocol: CodeCommit hands out what a branch leads to, as it announces.

    A queue that had to wait leaves commits behind the tip.
    """
    place.lead(f"[protocol]\n\tversion = {protocol}\n")
    pushed = [place.push() for _ in range(3)]
    run = place.run()
    assert run.status == 0
    assert commits(place, "shop") == pushed
    texts = [place.bundle(f"shop/main/{c}").read("file") for c in pushed]
    assert len(set(texts)) == 3


def test_branches_may_be_called_what_they_like(place: Place) -> None:
    """Builds learn the very name; paths hold none but plain characters, and are not mixed up."""
    pushed = {branch: place.push("shop", branch) for branch in HOSTILE}
    run = place.run()
    assert run.status == 0
    assert not run.of("failed"), run.output
    assert {v["BRANCH_NAME"]: v["COMMIT_ID"] for v in place.services.variables()} == pushed
    keys = place.bundles()
    assert len(set(keys)) == len(HOSTILE)
    for key in keys:
        assert re.fullmatch(r"shop/[A-Za-z0-9_./-]{1,215}/[0-9a-f]{40}/[0-9a-f]{32}\.zip", key)
        assert len(key) < 1024
    assert place.bundle(f"shop/feature/x-1/{pushed['feature/x-1']}")
    assert any(re.fullmatch(r"shop/a_b-[0-9a-f]{8}/.*", key) for key in keys)
    for variables in place.services.variables():
        path = variables["OUTPUT_LOCATION"].partition(place.environment["OUTPUTS"] + "/")[2]
        assert any(key.startswith(path.rpartition("/")[0] + "/") for key in keys)


def test_branches_that_look_alike_are_kept_apart(place: Place) -> None:
    """Two odd names of one commit that clean up to the same have outputs of their own."""
    source = place.repository("shop")
    commit = source.commit()
    for branch in ('a"b', "a<b"):
        source.set(f"refs/heads/{branch}", commit)
        place.send(place.event("shop", branch, commit))
    place.run()
    places = {v["OUTPUT_LOCATION"].rpartition("/")[0] for v in place.services.variables()}
    assert len(places) == 2, "without the last part, which is another one for each build"


def test_each_repository_has_its_project(make: Make) -> None:
    """With a project for each, none is built by another's; one that is not listed is by none."""
    place = make(repositories=["shop", "web.app"], projects="repository")
    for name in ("shop", "web.app", "other"):
        place.push(name)
    run = place.run()
    projects = json.loads(place.environment["PROJECTS"])
    assert {told(b)["REPOSITORY_NAME"]: b["projectName"] for b in place.services.builds()} == {
        "shop": projects["shop"],
        "web.app": projects["web.app"],
    }
    assert len(set(projects.values())) == 2
    assert "other has no project" in run.of("failed")[0]["reason"]
    assert len(place.failed()) == 1


def test_existing_projects_are_told_no_place_for_outputs(make: Make) -> None:
    """They have their own."""
    place = make(existing_projects=True, repositories=["shop"], projects="repository")
    create_project(place.client("codebuild"), "shop")
    place.push("shop")
    assert place.run().status == 0
    (request,) = place.services.builds()
    assert request["projectName"] == "shop"
    assert set(told(request)) == {"REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID"}


# --- order, and several at once ---


def test_twelve_pushes_to_three_repositories_are_built_in_order(place: Place) -> None:
    """The builds of each branch start in the order of its pushes."""
    pushed: dict[tuple[str, str], list[str]] = {}
    for number in range(12):
        branch = ("shop", "web", "docs")[number % 3], f"branch-{number % 2}"
        pushed.setdefault(branch, []).append(place.push(*branch))
    run = place.run()
    assert run.status == 0
    assert built(place) == pushed
    assert place.waiting() == 0


def built(place: Place) -> dict[tuple[str, str], list[str]]:
    """Return the commits of each branch whose builds were started, in order."""
    found: dict[tuple[str, str], list[str]] = {}
    for told_build in place.services.variables():
        branch = told_build["REPOSITORY_NAME"], told_build["BRANCH_NAME"]
        found.setdefault(branch, []).append(told_build["COMMIT_ID"])
    return found


def test_two_workers_share_the_work_and_keep_the_order(place: Place) -> None:
    """Each push is built once, though both are at it; nobody leaves before all is done."""
    pushed: dict[str, list[str]] = {}
    for number in range(12):
        name = f"repository-{number % 4}"
        pushed.setdefault(name, []).append(place.push(name))
    workers = [place.start(WAIT_SECONDS="1") for _ in range(2)]
    ended = [finished(worker) for worker in workers]
    assert [run.status for run in ended] == [0, 0]
    assert all(run.of("started") for run in ended), "one did it all"
    assert {name: commits(place, name) for name in pushed} == pushed
    assert place.waiting() == 0


def test_while_one_repository_is_at_work_others_go_on(place: Place) -> None:
    """A slow build's start holds back its own branch only."""
    place.services.holds["StartBuild"] = hold = Hold()
    first = place.push("shop")
    one = place.start()
    assert hold.reached.wait(20)
    del place.services.holds["StartBuild"]
    second, other = place.push("shop"), place.push("web")
    two = place.start(WAIT_SECONDS="1")
    end = time.monotonic() + 20
    while commits(place, "web") != [other] and time.monotonic() < end:
        time.sleep(0.05)
    assert commits(place, "web") == [other]
    assert commits(place, "shop") == []
    hold.go.set()
    assert finished(one).status == 0
    assert finished(two).status == 0
    assert commits(place, "shop") == [first, second]


def test_a_worker_that_has_nothing_to_do_leaves_others_alone(place: Place) -> None:
    """It waits for what another has in hand no longer than a dead one's messages are hidden."""
    place.push()
    assert place.client("sqs").receive_message(QueueUrl=place.queue)["Messages"]
    run = place.run(HELD_SECONDS="1", WAIT_SECONDS="1")
    assert run.status == 0
    assert run.events == []
    assert place.waiting() == 1


def test_a_worker_stays_for_what_failed_once(place: Place) -> None:
    """Though nobody sees it for a while."""
    place.services.refused["S3.PUT"] = "AccessDenied"
    place.push()
    run = place.run(AGAIN_SECONDS="3", WAIT_SECONDS="0", HELD_SECONDS="1")
    assert len(run.of("failed")) == 2
    assert len(place.failed()) == 1


def test_branches_of_one_repository_go_on_beside_each_other(place: Place) -> None:
    """One worker has several in hand; two pushes to a branch still go one after the other."""
    place.services.holds["StartBuild"] = hold = Hold()
    pushed = [place.push("shop", f"branch-{number}") for number in range(4)]
    place.push("shop", "branch-0")
    worker = place.start()
    end = time.monotonic() + 30
    while len(place.services.asked("StartBuild")) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1)
    asked = [told(request)["COMMIT_ID"] for request in place.services.asked("StartBuild")]
    assert sorted(asked) == sorted(pushed)
    del place.services.holds["StartBuild"]
    hold.go.set()
    assert finished(worker).status == 0
    assert len(place.services.builds()) == 5


def test_a_message_is_held_while_it_is_worked_on(place: Place) -> None:
    """Work that takes longer than a message is hidden is not begun by anybody else."""
    place.services.holds["StartBuild"] = hold = Hold()
    place.push()
    slow = place.start(HELD_SECONDS="2")
    assert hold.reached.wait(20)
    time.sleep(3)
    taken = {"QueueUrl": place.queue, "WaitTimeSeconds": 0}
    assert not place.client("sqs").receive_message(**taken).get("Messages")
    del place.services.holds["StartBuild"]
    hold.go.set()
    assert finished(slow).status == 0
    assert len(place.services.asked("StartBuild")) == 1, "nor by the worker itself"
    assert len(place.services.builds()) == 1


def test_a_duplicate_event_is_built_once(place: Place) -> None:
    """Within five minutes the queue keeps one; and CodeBuild knows the event's id again."""
    commit = place.repository("shop").commit()
    event = place.event("shop", "main", commit)
    place.send(event)
    place.send(event)
    assert place.waiting() == 1
    place.send(event, MessageDeduplicationId="as if the five minutes were over")
    place.run()
    assert len(place.services.asked("StartBuild")) == 2
    assert len(place.services.builds()) == 1
    assert place.waiting() == 0


def test_the_same_commit_pushed_again_is_built_again(place: Place) -> None:
    """A branch that came back to a commit is another event."""
    commit = place.push()
    place.send(place.event("shop", "main", commit))
    place.run()
    assert commits(place, "shop") == [commit, commit]


# --- messages of earlier releases ---


def test_messages_of_earlier_releases_are_built_in_their_order(place: Place) -> None:
    """Their rules sent them, in one group for all or one for each repository, and named no task."""
    place.group = "$.detail.repositoryId"
    old = [place.push("shop"), place.push("web"), place.push("shop", "other")]
    place.group = ""
    new = place.push("docs")
    run = place.run()
    assert run.status == 0, run.output
    built = [v["COMMIT_ID"] for v in place.services.variables()]
    assert [commit for commit in built if commit in old] == old
    assert new in built
    assert place.waiting() == 0


# --- faults ---


def late(place: Place, operation: str) -> Ended:
    """Run a worker whose message runs out before an operation is answered."""
    place.services.holds[operation] = hold = Hold()
    worker = place.start(HELD_SECONDS="2", WAIT_SECONDS="1")
    assert hold.reached.wait(20)
    place.services.refused["ChangeMessageVisibility"] = "ThrottlingException"
    time.sleep(2.5)
    del place.services.holds[operation]
    place.services.refused.clear()
    hold.go.set()
    return finished(worker)


def test_a_receipt_that_ran_out_after_the_build_is_no_failure(place: Place) -> None:
    """SQS refuses the late delete; the message comes back, and is deleted without another build."""
    commit = place.push()
    run = late(place, "DeleteMessage")
    assert run.status == 0, run.output
    assert "expired" in run.of("not_deleted")[0]["reason"]
    assert run.of("failed") == []
    assert commits(place, "shop") == [commit]
    assert len(place.services.asked("StartBuild")) == 1
    assert place.waiting() == 0
    assert place.failed() == []


def test_who_lost_a_message_before_its_build_starts_none(place: Place) -> None:
    """It is another's by then, and perhaps more than five minutes older: CodeBuild forgot it."""
    commit = place.push()
    run = late(place, "S3.PUT")
    assert run.status == 0, run.output
    assert len(run.of("left")) == 1
    assert run.of("failed") == []
    assert commits(place, "shop") == [commit]
    assert len(place.services.asked("StartBuild")) == 1
    assert place.waiting() == 0


@pytest.mark.parametrize("at", ["S3.PUT", "StartBuild", "DeleteMessage"])
def test_a_crash_loses_nothing_and_needs_no_other_push(place: Place, at: str) -> None:
    """Killed anywhere between receiving and deleting, the next worker does it again, once.

    It is started while the message is still hidden, and waits until it is seen again.
    """
    commit = place.push()
    place.services.holds[at] = hold = Hold(lost=True)
    worker = place.start(HELD_SECONDS="2")
    assert hold.reached.wait(20)
    killed(worker)
    del place.services.holds[at]
    hold.go.set()
    assert place.waiting() == 1
    run = place.run(HELD_SECONDS="2", WAIT_SECONDS="1")
    assert run.status == 0, run.output
    assert commits(place, "shop") == [commit]
    assert place.waiting() == 0
    assert place.failed() == []


POISON: dict[str, Any] = {
    "no JSON": "{",
    "no event": "[]",
    "no detail": json.dumps({"id": "1"}),
    "a number": json.dumps({"id": "1", "detail": 5}),
    "repository": {"repositoryName": "../shop"},
    "dots": {"repositoryName": ".."},
    "commit": {"commitId": "--output=/etc/passwd"},
    "option": {"commitId": "HEAD"},
    "newline": {"referenceName": "main\nrefs/heads/other"},
    "NUL": {"referenceName": "main\0"},
    "glob": {"referenceName": "ma*"},
    "climbing": {"referenceName": "../../etc"},
    "no name": {"referenceName": ""},
    "a list": {"referenceName": ["main"]},
    "no commit": {"commitId": None},
}


def test_poison_is_given_up_after_two_attempts_and_stops_nobody(place: Place) -> None:
    """Whatever a message says, it lands in the other queue, and all others are built."""
    place.repository("shop").commit()  # it is there: the message alone is to blame
    bodies = []
    for number, (name, poison) in enumerate(POISON.items()):
        body = poison
        if isinstance(poison, dict):
            body = json.dumps(place.event("shop", "main", "1" * 40, **poison))
        bodies.append(body)
        place.send(body, f"group-{number}-{name.replace(' ', '-')}")
    commit = place.push("web")
    run = place.run()
    assert run.status == 0, run.output
    counts = [line["ApproximateReceiveCount"] for line in run.of("failed")]
    assert sorted(counts) == ["1"] * len(POISON) + ["2"] * len(POISON)
    assert commits(place, "web") == [commit]
    assert len(place.services.builds()) == 1
    assert place.waiting() == 0
    given_up = place.failed()
    while more := place.failed():
        given_up += more
    assert sorted(given_up) == sorted(bodies)


@pytest.mark.parametrize("name", ["../codecommit/shop", "shop/../shop", "./shop", "shop/"])
def test_a_name_that_leads_to_a_repository_is_not_its_name(place: Place, name: str) -> None:
    """Though git would find what was pushed."""
    commit = place.push("shop")
    event = place.event(name, "main", commit)
    place.send(event)
    run = place.run()
    assert commits(place, "shop") == [commit]
    assert len(place.services.builds()) == 1
    assert all(f"{name!r} is not a repository" in line["reason"] for line in run.of("failed"))


@pytest.mark.parametrize(
    ("operation", "code"), [("StartBuild", "AccessDeniedException"), ("S3.PUT", "AccessDenied")]
)
def test_a_refusal_is_tried_twice_and_then_kept_for_people(
    place: Place, operation: str, code: str
) -> None:
    """Nothing is deleted, the log says why, and what was given up can be sent back and is built."""
    commit = place.push()
    place.services.refused[operation] = code
    run = place.run()
    assert run.status == 0
    assert len(run.of("failed")) == 2
    assert code in run.of("failed")[0]["reason"]
    assert place.services.builds() == []
    assert place.waiting(place.given_up) == 1
    place.services.refused.clear()
    (body,) = place.failed()
    place.send(json.loads(body), MessageDeduplicationId="sent back")
    place.run()
    assert commits(place, "shop") == [commit]


def test_a_refusal_that_ends_in_time_costs_nothing(place: Place) -> None:
    """The second attempt builds."""
    commit = place.push()
    place.services.refused["S3.PUT"] = "AccessDenied"  # which the client does not try again
    worker = place.start(AGAIN_SECONDS="1")
    end = time.monotonic() + 20
    while not place.services.asked("S3.PUT") and time.monotonic() < end:
        time.sleep(0.02)
    place.services.refused.clear()
    run = finished(worker)
    assert len(run.of("failed")) == 1
    assert commits(place, "shop") == [commit]
    assert place.failed() == []


@pytest.mark.slow
def test_the_waits_that_ship_lose_nothing(place: Place) -> None:
    """With the 20 and 30 seconds of the program itself.

    What is pushed 15 seconds into a worker's last look, for which nobody starts another, is seen by
    that look; and its second attempt comes, though it is hidden for longer than a look takes.
    """
    for name in QUICKLY:
        del place.environment[name]
    place.services.refused["S3.PUT"] = "AccessDenied"  # which the client does not try again
    worker = place.start()
    end = time.monotonic() + 20
    while not place.services.asked("ReceiveMessage") and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(15)
    commit = place.push()
    while not place.services.asked("S3.PUT") and time.monotonic() < end + 30:
        time.sleep(0.02)
    place.services.refused.clear()
    run = finished(worker, timeout=150)
    hidden = [a["VisibilityTimeout"] for a in place.services.asked("ChangeMessageVisibility")]
    assert 30 in hidden
    assert run.status == 0, run.output
    assert len(run.of("failed")) == 1
    assert commits(place, "shop") == [commit]
    assert place.waiting() == 0


def test_an_account_full_of_builds_is_waited_for(place: Place) -> None:
    """CodeBuild's limit costs no attempt, and each branch keeps its order."""
    pushed = [place.push() for _ in range(3)]
    place.services.full = 60
    run = place.run()
    assert run.status == 0, run.output
    assert run.of("failed") == []
    assert commits(place, "shop") == pushed
    assert "AccountLimitExceeded" in run.of("waiting")[0]["reason"]
    assert len(run.of("waiting")) == 1  # a minute


def test_a_project_that_is_full_holds_up_no_other(make: Make) -> None:
    """A push that waits for room is no push at work: those of other projects are built."""
    place = make(repositories=["shop", "web"], projects="repository")
    projects = json.loads(place.environment["PROJECTS"])
    place.services.full_projects.add(projects["shop"])
    waits = [place.push("shop", f"branch-{number}") for number in range(3)]
    others = [place.push("web", f"branch-{number}") for number in range(3)]
    worker = place.start(THREADS="1", ASK_SECONDS="1")
    end = time.monotonic() + 40
    while len(commits(place, "web")) < 3 and time.monotonic() < end:
        time.sleep(0.1)
    assert sorted(commits(place, "web")) == sorted(others)
    assert commits(place, "shop") == []
    place.services.full_projects.clear()
    run = finished(worker)
    assert run.status == 0
    assert run.of("failed") == []
    assert sorted(commits(place, "shop")) == sorted(waits)


def test_a_worker_that_is_stopped_gives_back_what_waits(place: Place) -> None:
    """Whoever is next need not wait until its time runs out."""
    commit = place.push()
    place.services.full = 10_000
    worker = place.start(ASK_SECONDS="1")
    end = time.monotonic() + 20
    while len(place.services.asked("StartBuild")) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    worker.terminate()
    assert finished(worker).status == 143
    place.services.full = 0
    assert place.run().status == 0
    assert commits(place, "shop") == [commit]


def test_a_branch_that_is_gone_is_skipped(place: Place) -> None:
    """Deleted, or moved away by force: a line has the server's words, and nothing else is fetched.

    No build, no failure, no second attempt.
    """
    source = place.repository("shop")
    gone = place.push("shop", "gone")
    source.git("update-ref", "-d", "refs/heads/gone")
    source.set("refs/heads/refs/heads/gone", source.commit())  # which git lists for it as well
    moved = place.push("shop", "moved")
    source.set("refs/heads/moved", source.commit("elsewhere", anew=True))
    place.lead("[protocol]\n\tversion = 0\n")  # as CodeCommit: the other one hands out anything
    run = place.run()
    assert run.status == 0
    reasons = {line["commit"]: line["reason"] for line in run.of("skipped")}
    assert set(reasons) == {gone, moved}
    assert all("no branch leads to the commit" in reason for reason in reasons.values())
    assert all("not our ref" in reason for reason in reasons.values()), reasons
    assert run.of("failed") == []
    assert place.services.builds() == []
    assert place.bundles() == []
    assert place.waiting() == 0


def test_a_force_push_fetches_no_history(place: Place) -> None:
    """What is asked for is one commit without what is before it, whether it is there or not."""
    source = place.repository("shop")
    for number in range(5):
        source.commit("main", f"history {number} " * 1000)
    place.push("shop", "main")
    source.set("refs/heads/main", source.commit("elsewhere", anew=True))
    place.push("shop", "main")
    place.lead("[protocol]\n\tversion = 0\n")
    asked = place.root / "asked"
    git = place.root / "bin/git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nPATH=${{PATH#*:}} exec git "$@"\n')
    git.chmod(0o755)
    run = place.run(PATH=f"{git.parent}:{place.environment['PATH']}")
    assert [line["event"] for line in run.events] == ["skipped", "started"], run.output
    fetches = [line for line in asked.read_text().splitlines() if " fetch " in line]
    assert len(fetches) == 2
    assert all("--depth=1" in line for line in fetches)
    assert "ls-remote" not in asked.read_text()


def test_what_cannot_be_given_up_is_moved_by_the_queue_itself(place: Place) -> None:
    """A role that may not send there: the message is tried ten times, and then redriven."""
    place.services.refused["SendMessage"] = "AccessDenied"
    place.services.refused["S3.PUT"] = "AccessDenied"
    place.push()
    run = place.run()
    assert run.status == 0, run.output
    assert run.of("not_given_up")
    assert len(run.of("failed")) == 10
    assert len(place.failed()) == 1


def test_a_repository_that_cannot_be_read_is_a_failure(place: Place) -> None:
    """Not to be mistaken for a branch that is gone."""
    place.send(place.event("nowhere", "main", "1" * 40))
    run = place.run()
    assert len(run.of("failed")) == 2
    assert "nowhere" in run.of("failed")[0]["reason"]
    assert place.waiting(place.given_up) == 1


def test_a_queue_that_cannot_be_read_ends_the_worker_loudly(place: Place) -> None:
    """Exit status 2, which WorkerDied hears of."""
    place.services.refused["ReceiveMessage"] = "AccessDenied"
    run = place.run()
    assert run.status == 2
    assert "AccessDenied" in run.of("failed")[0]["reason"]


def test_an_idle_worker_obeys_a_stop_at_once(place: Place) -> None:
    """It does not wait for its look at the queue to end, after which it would ask for more."""
    idle = place.start(WAIT_SECONDS="20")
    end = time.monotonic() + 20
    while not place.services.asked("ReceiveMessage") and time.monotonic() < end:
        time.sleep(0.02)
    idle.terminate()
    assert finished(idle).status == 143
    assert not place.services.asked("GetQueueAttributes")


def test_a_busy_worker_ends_after_the_commit_at_hand(place: Place) -> None:
    """Nothing is left half done, and nothing new is begun."""
    first = place.push("shop")
    place.push("shop")
    place.services.holds["StartBuild"] = hold = Hold()
    busy = place.start()
    assert hold.reached.wait(30)
    busy.terminate()
    del place.services.holds["StartBuild"]
    hold.go.set()
    assert finished(busy).status == 143
    assert commits(place, "shop") == [first]
    assert place.waiting() == 1


class Metadata(Loopback):
    """What ECS tells a container of its task.

    Source: AWS page "Amazon ECS task metadata endpoint version 4".
    """

    def __enter__(self) -> Self:
        """Serve."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                reply_json(self, 200, {"Family": "builder-worker", "Revision": "7"})

            def log_message(self, *_: object) -> None:
                pass

        self.listen(Handler)
        super().__enter__()
        return self


@pytest.mark.parametrize(("number", "ends"), [(6, False), (7, False), (8, True)])
def test_a_worker_ends_once_its_stack_runs_a_newer_task(
    place: Place, number: int, *, ends: bool
) -> None:
    """The message says so, which then is there at once for a newer worker; none waits for hours."""
    definition = f"arn:aws:ecs:eu-west-1:123456789012:task-definition/builder-worker:{number}"
    commit = place.repository("shop").commit()
    place.send(
        place.event("shop", "main", commit),
        MessageAttributes={"TaskDefinition": {"DataType": "String", "StringValue": definition}},
    )
    with Metadata() as ecs:
        run = place.run(ECS_CONTAINER_METADATA_URI_V4=ecs.url)
    assert run.status == 0, run.output
    assert [line["event"] for line in run.events] == ["replaced" if ends else "started"]
    assert place.waiting() == (1 if ends else 0)
    place.run()
    assert commits(place, "shop") == [commit]


# --- the log ---


def test_the_log_is_read_as_it_was_written(place: Place) -> None:
    """Letters of all languages are themselves; what could forge or reverse a line is escaped."""
    branches = {"機能/検索", "grün", "a\u2028b", "a\u202eb"}
    for branch in branches:
        place.push("shop", branch)
    run = place.run()
    assert {line["branch"] for line in run.of("started")} == branches, run.output
    assert "機能/検索" in run.output
    assert "grün" in run.output
    assert "a\\u2028b" in run.output
    assert "a\\u202eb" in run.output
    assert all(character.isprintable() or character == "\n" for character in run.output)


# --- only the newest commit ---


def test_older_commits_of_a_branch_are_passed_over(make: Make) -> None:
    """Of three pushes that waited together, the last is built; other branches have their own."""
    place = make(newest_only=True)
    older = [place.push(), place.push()]
    other = place.push("shop", "other")
    newest = place.push()
    run = place.run()
    assert commits(place, "shop") == [other, newest]
    assert [line["commit"] for line in run.of("skipped")] == older
    assert f"moved on to {newest}" in run.of("skipped")[0]["reason"]


def test_builds_of_older_commits_are_stopped(make: Make) -> None:
    """None but those of the same branch that still run."""
    place = make(newest_only=True)
    place.push("shop", "main")
    place.push("shop", "other")
    place.push("web", "main")
    place.run()
    builds = place.services.started
    same = {"REPOSITORY_NAME": "shop", "BRANCH_NAME": "main"}
    (first,) = [name for name, asked in builds.items() if same.items() <= told(asked).items()]
    for _ in range(2):
        place.push("shop", "main")
        run = place.run()
    ids = list(builds)
    stopped = [asked["id"] for asked in place.services.asked("StopBuild")]
    assert stopped == [first, ids[3]]
    assert run.of("superseded") == [
        {"event": "superseded", "by": ids[4], "build": ids[3]},
    ]


@pytest.mark.parametrize("operation", ["ListBuildsForProject", "BatchGetBuilds"])
def test_builds_that_are_not_known_at_once_are_stopped(make: Make, operation: str) -> None:
    """While CodeBuild's answers lack the newest, they may lack what it takes the place of."""
    place = make(newest_only=True)
    place.services.lag[operation] = 2
    for _ in range(2):
        place.push("shop", "main")
        run = place.run()
    older, newest = place.services.started
    assert [asked["id"] for asked in place.services.asked("StopBuild")] == [older]
    assert run.of("superseded") == [{"event": "superseded", "by": newest, "build": older}]


def test_builds_of_older_commits_are_found_behind_a_hundred_others(make: Make) -> None:
    """On a project that many branches share; a page of builds that all ended is the last one."""
    place = make(newest_only=True)
    place.services.page = 2
    place.push("shop", "main")
    place.run()
    (older,) = place.services.started
    for number in range(5):
        place.push("shop", f"branch-{number}")
    place.run()
    place.push("shop", "main")
    place.run()
    assert [asked["id"] for asked in place.services.asked("StopBuild")] == [older]


def test_looks_for_older_builds_end(make: Make) -> None:
    """A newest that never shows keeps nobody, and what is known is stopped."""
    place = make(newest_only=True)
    place.push("shop", "main")
    place.run()
    place.services.lag = {"ListBuildsForProject": 1000}
    place.push("shop", "main")
    run = place.run()
    (older, newest) = place.services.started
    assert run.of("superseded") == [{"event": "superseded", "by": newest, "build": older}]
    assert len(place.services.asked("ListBuildsForProject")) < 10
    assert place.waiting() == 0


@pytest.mark.parametrize(
    "operation", ["StartBuild", "ListBuildsForProject", "BatchGetBuilds", "StopBuild"]
)
def test_throttled_calls_are_made_again(make: Make, operation: str) -> None:
    """Each push starts one build, and the older one is stopped."""
    place = make(newest_only=True)
    place.push("shop", "main")
    place.run()
    place.services.throttled[operation] = 2
    place.push("shop", "main")
    run = place.run()
    assert place.services.throttled[operation] == 0
    assert len(place.services.builds()) == 2
    assert len(run.of("superseded")) == 1
    assert run.of("failed") == []


def test_builds_that_cannot_be_stopped_are_no_reason_to_start_again(make: Make) -> None:
    """The newest is being built; the log says what went wrong beside."""
    place = make(newest_only=True)
    place.services.refused["ListBuildsForProject"] = "AccessDeniedException"
    place.push()
    run = place.run()
    assert run.of("failed") == []
    assert "AccessDenied" in run.of("not_superseded")[0]["reason"]
    assert len(place.services.builds()) == 1
    assert place.waiting() == 0


def test_without_being_asked_nothing_is_stopped(place: Place) -> None:
    """Nor does anybody look."""
    place.push()
    place.push()
    place.run()
    operations = {name for name, _ in place.services.calls}
    assert not operations & {"ListBuildsForProject", "BatchGetBuilds", "StopBuild"}
    assert len(place.services.builds()) == 2


# --- the other account ---


SIGN_IN = """
import sys
from source import sign_in
for url in sys.argv[1:]:
    found = sign_in(url)
    print(found.get("GIT_AS"))
    print(found.get("GIT_WITH"))
"""
HOST = "git-codecommit.eu-west-1.amazonaws.com"


def signed_in(place: Place, *urls: str) -> list[str]:
    """Return user and password by which the worker's git signs in at URLs."""
    python, program = place.container.command[0], Path(place.container.command[-1])
    ran = subprocess.run(
        [python, "-c", SIGN_IN, *urls],
        env={**place.environment, "PYTHONPATH": str(program.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


def test_git_signs_in_as_the_task_s_role(place: Place) -> None:
    """By the protocol of AWS's helper; at no host but CodeCommit's."""
    user, password, *rest = signed_in(
        place, f"https://{HOST}/v1/repos/shop", "https://example.com/v1/repos/shop"
    )
    assert user == "testing"
    assert proves("testing", password, HOST, "/v1/repos/shop")
    assert rest == ["None", "None"]


def test_git_alone_goes_by_the_role_in_the_other_account(make: Make) -> None:
    """One session serves all of a worker's requests; our own clients stay who they are."""
    place = make(other_account=True)
    urls = [f"https://{HOST}/v1/repos/{name}" for name in ("shop", "web")]
    first, _, second, _ = signed_in(place, *urls)
    assert first == second
    assert re.fullmatch(r"ASIA\w+%.+", first)
    assert len(place.services.asked("S3.POST")) == 1  # to STS, which has no header of its own
    pushed = [place.push(), place.push()]
    run = place.run()
    assert commits(place, "shop") == pushed, run.output
    assert len(place.services.asked("S3.POST")) == 2  # the worker's own session, once


def test_the_image_has_what_the_worker_asks_for() -> None:
    """Its Python is 3.13, and boto3 the one that these tests run with."""
    dockerfile = (PAYLOAD / "Dockerfile").read_text()
    pins = (PAYLOAD.parents[2] / "constraints.txt").read_text()
    (pin,) = re.findall(r"boto3==[\d.]+", dockerfile)
    assert pin in pins.split()
    assert 'ENTRYPOINT ["python3.13", "-u", "/opt/build_branches.py"]' in dockerfile
    for program in image_files().keys() - {"Dockerfile"}:
        ast.parse((PAYLOAD / program).read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("command", ["fetch", "archive", "check-ref-format"])
def test_a_git_that_hangs_is_given_up(place: Place, tmp_path: Path, command: str) -> None:
    """Each git that the worker starts has a time limit; after two attempts the push is kept."""
    place.push()
    path = hung(tmp_path / "hung", "git", f"*{command}*", place.environment["PATH"])
    run = place.run(PATH=path, GIT_SECONDS="1")
    assert run.status == 0, run.output
    reasons = [failed["reason"] for failed in run.of("failed")]
    assert len(reasons) == 2
    assert all("TimeoutExpired" in reason for reason in reasons), run.output
    assert len(place.failed()) == 1
    assert not place.services.builds()
