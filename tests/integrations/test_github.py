"""The action for GitHub: its own steps, run as a runner runs them, against comments on loopback."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.comments import BOT, Comments
from support.integrations import REAL, Action
from support.reviews import PullRequest, StandIn, git

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

MARKER = "<!-- cfngen review -->"


@pytest.fixture(scope="module")
def request_made(tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A pull request, which nobody changes."""
    return PullRequest(tmp_path_factory.mktemp("github") / "shop")


@pytest.fixture
def comments() -> Iterator[Comments]:
    """The comments of acme/shop#7."""
    with Comments() as server:
        yield server


@pytest.fixture
def command(tmp_path: Path) -> StandIn:
    """What reviews."""
    return StandIn(tmp_path / "command")


@pytest.fixture
def run(request_made: PullRequest, comments: Comments, command: StandIn, tmp_path: Path) -> Action:
    """A runner for the pull request."""
    return Action(request_made, comments, command.command, tmp_path)


# --- the comment -------------------------------------------------------------------------------


def test_it_comments_once(run: Action, comments: Comments, command: StandIn) -> None:
    """The first run writes a comment, the next one writes it anew, and there is never a second."""
    first = run()
    assert first.status == 0, first.log
    assert first.steps == ["Install cfngen", "Review", "Comment"]
    command.says("Now **something** is replaced.\n")
    assert run().status == 0
    (comment,) = comments.comments
    assert comment["body"] == f"{MARKER}\nNow **something** is replaced.\n"
    assert comments.methods() == ["GET", "POST", "GET", "PATCH"]
    assert set(comments.tokens) == {"Bearer secret-token"}


def test_it_finds_its_comment_on_any_page(run: Action, comments: Comments) -> None:
    """However much was said since, the comment is found and updated."""
    for number in range(230):
        comments.add("somebody", f"{number}")
    comments.comments[205]["user"], comments.comments[205]["body"] = {"login": BOT}, MARKER
    assert run().status == 0
    assert len(comments.comments) == 230
    assert "Nothing" in comments.comments[205]["body"]


@pytest.mark.parametrize("count", [99, 100, 200])
def test_it_stops_at_the_last_page(run: Action, comments: Comments, count: int) -> None:
    """A last page that is full, or empty, ends the search."""
    for _ in range(count):
        comments.add("somebody", "")
    assert run().status == 0
    assert len(comments.comments) == count + 1


def test_only_its_own_comment_is_its(run: Action, comments: Comments) -> None:
    """A stranger's comment that looks like it stays as it is, and so does another of the bot's."""
    comments.add("stranger", f"{MARKER}\nAll is well.")
    comments.add(BOT, f"Not at its beginning: {MARKER}")
    comments.comments.append({"id": 1, "user": None, "body": MARKER})  # whose author is gone
    assert run().status == 0
    bodies = [comment["body"] for comment in comments.comments]
    assert bodies[:3] == [f"{MARKER}\nAll is well.", f"Not at its beginning: {MARKER}", MARKER]
    assert len(bodies) == 4


def test_projects_beside_each_other(run: Action, comments: Comments) -> None:
    """Each folder has a comment of its own, and none can end what marks it."""
    for folder in ("a--> b", "."):
        (run.checkout / folder).mkdir(exist_ok=True)
    for _ in range(2):
        for folder in ("a--> b", "."):
            assert run(working_directory=folder).status == 0
    marks = [comment["body"].splitlines()[0] for comment in comments.comments]
    assert marks == ["<!-- cfngen review: a%2D%2D%3E%20b -->", MARKER]


def test_nothing_to_say(run: Action, comments: Comments, command: StandIn) -> None:
    """A pull request that changes no stack gets no comment, but one that is there is updated."""
    command.says("Nothing changes.\n", empty=True)
    assert run().status == 0
    assert comments.comments == []
    command.says("A bucket.\n")
    run()
    command.says("Nothing changes.\n", empty=True)
    run()
    assert [c["body"] for c in comments.comments] == [f"{MARKER}\nNothing changes.\n"]


def test_the_same_again(run: Action, comments: Comments) -> None:
    """What it says already is not written again."""
    run()
    run()
    assert comments.methods() == ["GET", "POST", "GET"]


def test_another_token(run: Action, comments: Comments) -> None:
    """A token that writes as somebody else is told of, once it is known."""
    comments.writer = "reviewer[bot]"
    ran = run()
    assert "::warning title=cfngen review::The token writes as reviewer[bot]" in ran.log
    assert run(author="reviewer[bot]").status == 0
    assert len(comments.comments) == 1


# --- where it may not be written ---------------------------------------------------------------


@pytest.mark.parametrize(("method", "status"), [("POST", 403), ("GET", 404), ("GET", 403)])
def test_a_forks_token(run: Action, comments: Comments, method: str, status: int) -> None:
    """Where the token may not write, the summary has the review and the check is as it was."""
    comments.refused[method] = [status]
    ran = run()
    assert ran.status == 0
    assert comments.comments == []
    (notice,) = re.findall("^::notice.*$", ran.log, re.M)
    assert f"({status} Resource not accessible%0Aby integration)" in notice
    assert "**Nothing**" in ran.summary


def test_a_wrong_token(run: Action, comments: Comments) -> None:
    """Any other refusal fails the step, in words."""
    comments.refused["GET"] = [401]
    ran = run()
    assert ran.status == 2
    assert "::error title=cfngen review::The comment could not be written: 401" in ran.log
    assert "Traceback" not in ran.log


def test_a_service_that_is_down(run: Action, comments: Comments) -> None:
    """It is asked again, and what it did without saying so is not done twice."""
    comments.lost["POST"] = [500]
    assert run().status == 0
    assert len(comments.comments) == 1


def test_nobody_there(run: Action) -> None:
    """A service that cannot be reached is an error in words."""
    run.env["GITHUB_API_URL"] = "http://127.0.0.1:1"
    ran = run()
    assert ran.status == 2
    assert "::error title=cfngen review::The comment could not be written" in ran.log
    assert "Traceback" not in ran.log


def test_the_token_goes_by_tls_only(run: Action) -> None:
    """An address without TLS is refused in words, before anything is sent."""
    for url in ("http://github.example", "http://127.0.0.1@github.example", "github.example", ""):
        run.env["GITHUB_API_URL"] = url
        ran = run()
        assert (ran.status, ran.steps[-1]) == (2, "Comment")
        begin = "::error title=cfngen review::The comment could not be written: GITHUB_API_URL is"
        assert f"{begin} not https: " in ran.log


def test_the_token_stays_here(run: Action, comments: Comments) -> None:
    """An answer that redirects does not get the token sent on."""
    with Comments() as other:
        comments.elsewhere = other.url
        run()
        assert other.calls
        assert other.tokens == []


# --- the review --------------------------------------------------------------------------------


def test_what_it_is_compared_with(run: Action, command: StandIn, request_made: PullRequest) -> None:
    """GitHub's merge is compared with its first parent: what others have merged is not told of."""
    assert run().status == 0
    where, *said = command.given()
    assert (where, said[0], said[-2:]) == (str(request_made.folder), "review", ["--", "HEAD^1"])
    run.env["GITHUB_SHA"] = request_made.head
    assert run().status == 0
    assert command.given()[-1] == f"{request_made.base}...HEAD"
    assert run(base="v1").status == 0
    assert command.given()[-1] == "v1"


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_checkout(
    run: Action, request_made: PullRequest, tmp_path: Path, depth: int
) -> None:
    """Two commits are enough; with one, it says how to get more."""
    run.checkout = tmp_path / "shallow"
    url = f"file://{request_made.folder}"
    git(tmp_path, "init", "--quiet", str(run.checkout))
    git(run.checkout, "fetch", "--quiet", "--depth", str(depth), url, request_made.merge)
    git(run.checkout, "checkout", "--quiet", "FETCH_HEAD")
    ran = run()
    assert ran.status == (2 if depth == 1 else 0), ran.log
    assert ("give actions/checkout fetch-depth: 0, or 2" in ran.log) == (depth == 1)


def test_outside_of_pull_requests(run: Action, comments: Comments, command: StandIn) -> None:
    """A push has a base if it is told one, and no comment."""
    run.event = {}
    ran = run()
    assert ran.status == 2
    assert "This is no pull request: say in the input base" in ran.log
    ran = run(base="HEAD~1")
    assert (ran.status, ran.steps) == (0, ["Install cfngen", "Review"])
    assert comments.calls == []


def test_concerns(run: Action, comments: Comments, command: StandIn) -> None:
    """What fail-on asks about fails the check, once everything is written."""
    command.says("Data is **lost**.\n", status=1)
    ran = run(fail_on="data, refused\nreplace", sarif="true")
    assert ran.status == 1
    assert ran.steps == ["Install cfngen", "Review", "Comment", "Upload SARIF", "Verdict"]
    assert ran.outputs["concern"] == "true"
    said = command.given()
    asked = [said[at + 1] for at, word in enumerate(said) if word == "--fail-on"]
    assert asked == ["data,refused,replace"]
    assert "lost" in comments.comments[0]["body"]
    assert "lost" in ran.summary
    assert ran.used["Upload SARIF"] == {
        "sarif_file": ran.outputs["sarif"],
        "category": "cfngen-review/.",
        "token": "secret-token",
    }


@pytest.mark.parametrize(
    ("status", "text", "exit_status", "message"),
    [
        (0, "", 2, "cfngen review wrote no review.md"),
        (1, "", 2, "cfngen review wrote no review.md"),
        (2, "Half of it.", 2, "There is no review, so the check fails"),
        (70, "Half of it.", 70, "cfngen review ended with 70, which is a bug"),
    ],
)
def test_no_review(
    run: Action,
    comments: Comments,
    command: StandIn,
    *,
    status: int,
    text: str,
    exit_status: int,
    message: str,
) -> None:
    """A command that breaks or cannot go on fails the check, and nothing passes for a review."""
    command.says(text, status=status)
    ran = run(fail_on="none")
    assert (ran.status, ran.steps[-1]) == (exit_status, "Review")
    (error,) = re.findall("^::error title=cfngen review::(.*)$", ran.log, re.M)
    assert message in error
    assert comments.calls == []
    assert ran.summary == ""


def test_an_annotation_is_one_line(run: Action, command: StandIn) -> None:
    """What the command complains of is told as it is, and cannot forge a line or a colour."""
    command.complains("output/: 100% gone\n::error::forged\r::error::forged\x1b[31m\n", status=2)
    ran = run()
    begin = "^::error title=cfngen review::output/: 100%25 gone%0A::error::forged%0D::error::forged"
    assert re.search(rf"{begin}\[31m%0AThere is no review.*here\.$", ran.log, re.M)
    silence = re.search("^::stop-commands::(.*)$", ran.log, re.M)
    assert silence
    _, _, rest = ran.log.partition(f"\n::{silence[1]}::\n")
    assert re.findall("^::", rest, re.M) == ["::"]


def test_a_folder_that_is_not_there(run: Action, tmp_path: Path) -> None:
    """A working-directory that is none fails in words, and so does one behind a link.

    With a link in its place, a pull request would have another project reviewed.
    """
    ran = run(working_directory="not/there")
    assert ran.status == 2
    assert "::error title=cfngen review::The input working-directory names no folder" in ran.log
    run.checkout = tmp_path / "linked"
    (run.checkout / "quiet/app").mkdir(parents=True)
    (run.checkout / "apps").symlink_to("quiet")
    ran = run(working_directory="apps/app", base="HEAD")
    assert (ran.status, ran.steps[-1]) == (2, "Review")
    assert "working-directory goes through a symbolic link: apps/app." in ran.log


def test_blueprints_are_run_when_asked_for(run: Action, command: StandIn) -> None:
    """No code that is under review is run unless the workflow says so."""
    run()
    assert "--no-blueprints" in command.given()
    run(blueprints="true")
    assert "--no-blueprints" not in command.given()


def test_a_log_gives_no_commands(run: Action) -> None:
    """What a template says is no command to the runner: a word nobody knows ends the silence."""
    logs = [run().log.splitlines() for _ in range(2)]
    words = set()
    for log in logs:
        begin = next(at for at, line in enumerate(log) if line.startswith("::stop-commands::"))
        word = log[begin].removeprefix("::stop-commands::")
        end = log.index(f"::{word}::")
        assert begin < log.index("::set-env name=PATH::/tmp") < end
        words.add(word)
        assert len(word) == 32
    assert len(words) == 2


@pytest.mark.parametrize("name", ["base", "fail_on", "working_directory", "author", "cfngen"])
def test_inputs_are_no_code(run: Action, tmp_path: Path, name: str) -> None:
    """Whatever is in an input, no shell reads it."""
    mark = tmp_path / "ran"
    for text in (
        f"$(touch {mark})",
        f"`touch {mark}`",
        f"'; touch {mark}; '",
        f'"; touch {mark}; "',
    ):
        run(**{name: text})
    assert not mark.exists()


def test_a_commands_path_may_be_relative(run: Action, command: StandIn) -> None:
    """It is looked for where the job is, also when the project is in a folder."""
    (run.checkout / "apps").mkdir(exist_ok=True)
    found = os.path.relpath(command.command, run.checkout)
    assert run(cfngen=found, working_directory="apps").status == 0
    assert run(cfngen="not-there").status == 2


def test_an_old_python(run: Action, tmp_path: Path) -> None:
    """A Python that is too old is told of before anything is installed."""
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = run(cfngen="", python=str(old))
    assert ran.status == 2
    assert "cfngen needs Python 3.11 or newer" in ran.log


# --- all of it, and what it says of itself -----------------------------------------------------


def test_the_real_command(run: Action, comments: Comments) -> None:
    """With cfngen itself, a bucket that gets another name is a comment, a summary and a verdict."""
    ran = run(cfngen=str(REAL), fail_on="replace", sarif="true")
    assert ran.status == 1, ran.log
    assert ran.steps[-1] == "Verdict"
    (comment,) = comments.comments
    assert "Things" in comment["body"]
    assert "other" not in comment["body"]
    assert comment["body"] == f"{MARKER}\n{ran.summary}"
