"""The action for GitHub: its own steps, run as a runner runs them, against comments on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.actions import Ran, run_action
from support.comments import BOT, Comments
from support.reviews import PullRequest, StandIn, git

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "integrations/github/action.yml"
MARKER = "<!-- cfngen review -->"
REAL = Path(sys.executable).parent / "cfngen"


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


class Runner:
    """Runs the action."""

    def __init__(
        self, pull: PullRequest, comments: Comments, command: StandIn, temporary: Path
    ) -> None:
        """Start from a checkout of the merge that GitHub makes."""
        self.checkout = pull.folder
        self.command = str(command.command)
        self.temporary = temporary
        self.runs = 0
        self.event: dict[str, Any] = {
            "number": 7,
            "base": {"sha": pull.base},
            "head": {"repo": {"full_name": "acme/shop"}},
        }
        self.env = {
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": comments.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SHA": pull.merge,
        }

    def __call__(self, **inputs: str) -> Ran:
        """Run it once, with inputs whose dashes are underscores."""
        self.runs += 1
        temporary = self.temporary / str(self.runs)
        temporary.mkdir()
        given = {"cfngen": self.command, "python": sys.executable}
        given |= {name.replace("_", "-"): text for name, text in inputs.items()}
        return run_action(
            ACTION,
            given,
            github={
                "token": "secret-token",
                "event_name": "pull_request",
                "repository": "acme/shop",
                "event": {"pull_request": self.event} if self.event else {},
            },
            checkout=self.checkout,
            temporary=temporary,
            env=self.env,
        )


@pytest.fixture
def run(request_made: PullRequest, comments: Comments, command: StandIn, tmp_path: Path) -> Runner:
    """A runner for the pull request."""
    return Runner(request_made, comments, command, tmp_path)


# --- the comment -------------------------------------------------------------------------------


def test_it_comments_once(run: Runner, comments: Comments, command: StandIn) -> None:
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


def test_it_finds_its_comment_on_any_page(run: Runner, comments: Comments) -> None:
    """However much was said since, the comment is found and updated."""
    for number in range(230):
        comments.add("somebody", f"{number}")
    comments.comments[205]["user"], comments.comments[205]["body"] = {"login": BOT}, MARKER
    assert run().status == 0
    assert len(comments.comments) == 230
    assert "Nothing" in comments.comments[205]["body"]


@pytest.mark.parametrize("count", [99, 100, 200])
def test_it_stops_at_the_last_page(run: Runner, comments: Comments, count: int) -> None:
    """A last page that is full, or empty, ends the search."""
    for _ in range(count):
        comments.add("somebody", "")
    assert run().status == 0
    assert len(comments.comments) == count + 1


def test_only_its_own_comment_is_its(run: Runner, comments: Comments) -> None:
    """A stranger's comment that looks like it stays as it is, and so does another of the bot's."""
    comments.add("stranger", f"{MARKER}\nAll is well.")
    comments.add(BOT, f"Not at its beginning: {MARKER}")
    comments.comments.append({"id": 1, "user": None, "body": MARKER})  # whose author is gone
    assert run().status == 0
    bodies = [comment["body"] for comment in comments.comments]
    assert bodies[:3] == [f"{MARKER}\nAll is well.", f"Not at its beginning: {MARKER}", MARKER]
    assert len(bodies) == 4


def test_projects_beside_each_other(run: Runner, comments: Comments) -> None:
    """Each folder has a comment of its own, and none can end what marks it."""
    for folder in ("a--> b", "."):
        (run.checkout / folder).mkdir(exist_ok=True)
    for _ in range(2):
        for folder in ("a--> b", "."):
            assert run(working_directory=folder).status == 0
    marks = [comment["body"].splitlines()[0] for comment in comments.comments]
    assert marks == ["<!-- cfngen review: a%2D%2D%3E%20b -->", MARKER]


def test_nothing_to_say(run: Runner, comments: Comments, command: StandIn) -> None:
    """A pull request that changes no stack gets no comment, but one that is there is updated."""
    command.says("Nothing changes.\n", empty=True)
    assert run().status == 0
    assert comments.comments == []
    command.says("A bucket.\n")
    run()
    command.says("Nothing changes.\n", empty=True)
    run()
    assert [c["body"] for c in comments.comments] == [f"{MARKER}\nNothing changes.\n"]


def test_the_same_again(run: Runner, comments: Comments) -> None:
    """What it says already is not written again."""
    run()
    run()
    assert comments.methods() == ["GET", "POST", "GET"]


def test_another_token(run: Runner, comments: Comments) -> None:
    """A token that writes as somebody else is told of, once it is known."""
    comments.writer = "reviewer[bot]"
    ran = run()
    assert "::warning title=cfngen review::The token writes as reviewer[bot]" in ran.log
    assert run(author="reviewer[bot]").status == 0
    assert len(comments.comments) == 1


# --- where it may not be written ---------------------------------------------------------------


@pytest.mark.parametrize(("method", "status"), [("POST", 403), ("GET", 404), ("GET", 403)])
def test_a_forks_token(run: Runner, comments: Comments, method: str, status: int) -> None:
    """Where the token may not write, the summary has the review and the check is as it was."""
    comments.refused[method] = [status]
    ran = run()
    assert ran.status == 0
    assert comments.comments == []
    (notice,) = re.findall("^::notice.*$", ran.log, re.M)
    assert f"({status} Resource not accessible%0Aby integration)" in notice
    assert "**Nothing**" in ran.summary


def test_a_wrong_token(run: Runner, comments: Comments) -> None:
    """Any other refusal fails the step, in words."""
    comments.refused["GET"] = [401]
    ran = run()
    assert ran.status == 2
    assert "::error title=cfngen review::The comment could not be written: 401" in ran.log
    assert "Traceback" not in ran.log


def test_a_service_that_is_down(run: Runner, comments: Comments) -> None:
    """It is asked again, and what it did without saying so is not done twice."""
    comments.lost["POST"] = [500]
    assert run().status == 0
    assert len(comments.comments) == 1


def test_nobody_there(run: Runner) -> None:
    """A service that cannot be reached is an error in words."""
    run.env["GITHUB_API_URL"] = "http://127.0.0.1:1"
    ran = run()
    assert ran.status == 2
    assert "::error title=cfngen review::The comment could not be written" in ran.log
    assert "Traceback" not in ran.log


def test_the_token_stays_here(run: Runner, comments: Comments) -> None:
    """An answer that redirects does not get the token sent on."""
    with Comments() as other:
        comments.elsewhere = other.url
        run()
        assert other.calls
        assert other.tokens == []


# --- the review --------------------------------------------------------------------------------


def test_what_it_is_compared_with(run: Runner, command: StandIn, request_made: PullRequest) -> None:
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
    run: Runner, request_made: PullRequest, tmp_path: Path, depth: int
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


def test_outside_of_pull_requests(run: Runner, comments: Comments, command: StandIn) -> None:
    """A push has a base if it is told one, and no comment."""
    run.event = {}
    ran = run()
    assert ran.status == 2
    assert "This is no pull request: say in the input base" in ran.log
    ran = run(base="HEAD~1")
    assert (ran.status, ran.steps) == (0, ["Install cfngen", "Review"])
    assert comments.calls == []


def test_concerns(run: Runner, comments: Comments, command: StandIn) -> None:
    """What fail-on asks about fails the check, once everything is written."""
    command.says("Data is **lost**.\n", status=1)
    ran = run(fail_on="data, refused\nreplace", sarif="true")
    assert ran.status == 1
    assert ran.steps == ["Install cfngen", "Review", "Comment", "Upload SARIF", "Verdict"]
    assert ran.outputs["concern"] == "true"
    said = command.given()
    asked = [said[at + 1] for at, word in enumerate(said) if word == "--fail-on"]
    assert asked == ["data", "refused", "replace"]
    assert "lost" in comments.comments[0]["body"]
    assert "lost" in ran.summary
    assert ran.used["Upload SARIF"] == {
        "sarif_file": ran.outputs["sarif"],
        "category": "cfngen-review/.",
        "token": "secret-token",
    }


@pytest.mark.parametrize(("status", "text"), [(1, ""), (2, "Half of it.")])
def test_no_review(
    run: Runner, comments: Comments, command: StandIn, status: int, text: str
) -> None:
    """A command that breaks or cannot go on fails the check, and nothing passes for a review."""
    command.says(text, status=status)
    ran = run()
    assert (ran.status, ran.steps[-1]) == (2, "Review")
    assert comments.calls == []


def test_blueprints_are_run_when_asked_for(run: Runner, command: StandIn) -> None:
    """No code that is under review is run unless the workflow says so."""
    run()
    assert "--no-blueprints" in command.given()
    run(blueprints="true")
    assert "--no-blueprints" not in command.given()


def test_a_log_gives_no_commands(run: Runner) -> None:
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
def test_inputs_are_no_code(run: Runner, tmp_path: Path, name: str) -> None:
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


def test_a_commands_path_may_be_relative(run: Runner, command: StandIn) -> None:
    """It is looked for where the job is, also when the project is in a folder."""
    (run.checkout / "apps").mkdir(exist_ok=True)
    found = os.path.relpath(command.command, run.checkout)
    assert run(cfngen=found, working_directory="apps").status == 0
    assert run(cfngen="not-there").status == 2


# --- the installation --------------------------------------------------------------------------


@pytest.mark.slow
def test_it_installs_from_its_own_checkout(run: Runner, tmp_path: Path) -> None:
    """It asks pip for the folder that the action is in; nothing under review is run for that."""
    mark = tmp_path / "ran"
    run.checkout = tmp_path / "hostile"
    run.checkout.mkdir()
    for name in ("venv", "pip", "ensurepip", "json"):
        (run.checkout / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')")
    # Without an index there is nothing to build with.
    run.env |= {"PIP_NO_INDEX": "1"}
    ran = run(cfngen="")
    assert (ran.status, ran.steps) == (1, ["Install cfngen"])
    assert "setuptools>=77" in ran.log
    assert not mark.exists()


def test_an_old_python(run: Runner, tmp_path: Path) -> None:
    """A Python that is too old is told of before anything is installed."""
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = run(cfngen="", python=str(old))
    assert ran.status == 2
    assert "cfngen needs Python 3.11 or newer" in ran.log


# --- all of it, and what it says of itself -----------------------------------------------------


def test_the_real_command(run: Runner, comments: Comments) -> None:
    """With cfngen itself, a bucket that gets another name is a comment, a summary and a verdict."""
    ran = run(cfngen=str(REAL), fail_on="replace", sarif="true")
    assert ran.status == 1, ran.log
    assert ran.steps[-1] == "Verdict"
    (comment,) = comments.comments
    assert "Things" in comment["body"]
    assert "other" not in comment["body"]
    assert comment["body"] == f"{MARKER}\n{ran.summary}"


def test_other_actions_are_pinned() -> None:
    """Whatever is used from elsewhere is used by its commit."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/review.yml").read_text())
    steps = (
        workflow["jobs"]["review"]["steps"] + yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    )
    used = [step["uses"] for step in steps if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"\./.+|[\w./-]+@[0-9a-f]{40}", name)] == []
    assert "./integrations/github" in used


def test_the_scripts_are_clean() -> None:
    """ShellCheck has nothing to say of them."""
    scripts = sorted(ACTION.parent.glob("*.sh"))
    done = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", "--norc", *scripts],
        capture_output=True,
        text=True,
    )
    assert (len(scripts), done.stdout) == (2, "")
