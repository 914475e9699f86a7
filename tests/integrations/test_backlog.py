"""The review of Backlog's pull requests: real repositories and scripts, an API on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.backlog import KEY, ROBOT, Backlog
from support.integrations import INTEGRATIONS, REAL
from support.reviews import PullRequest, StandIn, git

from cfngen import read
from cfngen.testing import run_buildspec

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

MARKER = "cfngen review:"
HERE = INTEGRATIONS / "backlog"
STACK = read((HERE / "review.yaml").read_text())
PROJECT = STACK["Resources"]["Review"]["Properties"]


@pytest.fixture
def backlog() -> Iterator[Backlog]:
    """A space."""
    with Backlog() as server:
        yield server


class Build:
    """Reviews what is open, as a build does.

    Attributes:
        pull: a pull request, in a repository with a branch for each side.
        command: what reviews, unless a run says otherwise.
    """

    def __init__(self, backlog: Backlog, folder: Path) -> None:
        """Start with one pull request."""
        self.folder = folder
        self.pull = PullRequest(folder / "shop")
        self.command = StandIn(folder / "command")
        self.runs = 0
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BACKLOG_URL": backlog.url,
            "BACKLOG_API_KEY": KEY,
            "BACKLOG_PROJECT": "SHOP",
            "BACKLOG_REPOSITORY": "stacks",
        }
        self.says("Nothing of it is replaced.\n")

    def says(self, text: str, *, status: int = 0, empty: bool = False) -> None:
        """Set what the command says."""
        self.command.says("In markdown.\n", status=status, empty=empty)
        (self.command.folder / "text").write_text(text)

    def __call__(
        self, cfngen: Path | None = None, fail_on: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it once."""
        self.runs += 1
        files = self.folder / f"files{self.runs}"
        files.mkdir()
        command = ["sh", HERE / "review.sh", cfngen or self.command.command, files]
        return subprocess.run(
            [*command, f"file://{self.pull.folder}", fail_on],
            cwd=self.folder,
            env={**self.env, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def build(backlog: Backlog, tmp_path: Path) -> Build:
    """What reviews."""
    return Build(backlog, tmp_path)


def test_it_comments_once(build: Build, backlog: Backlog) -> None:
    """The first build writes a comment, the next one writes it anew, in a block of code."""
    done = build()
    assert done.returncode == 0, done.stdout
    assert backlog.texts() == [f"{MARKER}\n\n```\nNothing of it is replaced.\n```\n"]
    build.says("Now it is.\n")
    assert build().returncode == 0
    assert backlog.texts() == [f"{MARKER}\n\n```\nNow it is.\n```\n"]
    assert build().returncode == 0
    assert [method for method in backlog.methods() if method != "GET"] == ["POST", "PATCH"]
    given = build.command.given()
    assert given[-2:] == ["--", "refs/review/base...refs/review/branch"]
    assert "--no-blueprints" in given


def test_a_project_with_backlogs_own_rules(build: Build, backlog: Backlog) -> None:
    """Where texts are no Markdown, the block of code is written as it is there."""
    backlog.rule = "backlog"
    assert build().returncode == 0
    assert backlog.texts() == [f"{MARKER}\n{{code}}\nNothing of it is replaced.\n{{/code}}\n"]


@pytest.mark.parametrize(("rule", "fence"), [("markdown", "```"), ("backlog", "{/code}")])
def test_a_template_cannot_end_the_block(
    build: Build, backlog: Backlog, rule: str, fence: str
) -> None:
    """What a template says stays in the block of code."""
    backlog.rule = rule
    build.says(f"A {fence} b\n{fence}\n# Approved by @all {fence * 2}\n{{/CODE}}\n")
    assert build().returncode == 0
    (text,) = backlog.texts()
    assert text
    assert text.count(fence) == (2 if rule == "markdown" else 1)
    assert text.endswith(f"{fence}\n")
    assert "Approved" in text


@pytest.mark.parametrize("starts_after", [False, True])
@pytest.mark.parametrize("count", [99, 100, 230])
def test_it_finds_its_comment_on_any_page(
    build: Build, backlog: Backlog, count: int, *, starts_after: bool
) -> None:
    """However pages begin and whatever was said since, the comment is found and updated."""
    backlog.starts_after = starts_after
    backlog.add(7, 1, f"{MARKER}\nAll is well.")
    for number in range(count):
        backlog.add(7, 1, f"{number}" if number % 2 else None)
    backlog.add(7, ROBOT, f"Not at its beginning: {MARKER}")
    backlog.add(7, ROBOT, f"{MARKER}\r\nOf before.")
    assert build().returncode == 0
    texts = backlog.texts()
    assert len(texts) == count + 3
    assert texts[0] == f"{MARKER}\nAll is well."
    assert "Nothing of it" in (texts[-1] or "")


def test_all_that_is_open_is_reviewed(build: Build, backlog: Backlog) -> None:
    """Each has its own comment, and one that cannot be reviewed stops none of the others."""
    branch = "x;touch${IFS}ran;'\"$(>ran)"
    git(build.pull.folder, "branch", branch, "change")
    backlog.requests = [(8, "main", branch), (7, "main", "gone"), (9, "main", "change")]
    backlog.comments |= {8: [], 9: []}
    done = build()
    assert done.returncode == 2
    assert [len(backlog.comments[number]) for number in (7, 8, 9)] == [0, 1, 1]
    assert not list(build.folder.rglob("ran"))


def test_many_that_are_open(build: Build, backlog: Backlog) -> None:
    """Those on later pages are listed too."""
    backlog.requests = [(number, "main", f"b{number}") for number in range(1, 202)]
    done = subprocess.run(
        [sys.executable, "-I", HERE / "comment.py", "--open"],
        env=build.env,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[200] == "201\tmain\tb201"


def test_nothing_to_say(build: Build, backlog: Backlog) -> None:
    """A pull request that changes no stack gets no comment; without any, nothing is done."""
    build.says("Nothing changes.\n", empty=True)
    assert build().returncode == 0
    assert backlog.texts() == []
    backlog.requests = []
    assert build().returncode == 0


def test_concerns(build: Build, backlog: Backlog) -> None:
    """A concern fails the build once the comment is there; a failed review writes none."""
    build.says("Lost.\n", status=1)
    assert (build(fail_on="data,refused").returncode, len(backlog.texts())) == (1, 1)
    given = build.command.given()
    assert given[given.index("--fail-on") + 1] == "data,refused"
    build.says("Broken.\n", status=70)
    done = build()
    assert (done.returncode, len(backlog.texts())) == (2, 1)
    assert "There is no review, so the check fails" in done.stdout


def test_a_long_review(build: Build, backlog: Backlog) -> None:
    """What is too long ends at a line, and says how much is missing."""
    build.says("The verdict.\n" + "x" * 99 + "\n" + "y\n" * 20_000)
    assert build().returncode == 0
    (text,) = backlog.texts()
    assert text
    assert text.startswith(f"{MARKER}\n\n```\nThe verdict.\n")
    assert len(text) < 20_100
    assert "more lines: the build's log has all of them.\n```\n" in text


def test_the_limit_of_requests(build: Build, backlog: Backlog) -> None:
    """It waits until the time that Backlog names, before which all is refused, and begins again."""
    backlog.refused["POST"], backlog.reset = [429], 5
    done = build()
    assert done.returncode == 0, done.stdout
    assert len(backlog.texts()) == 1


def test_a_limit_that_lasts(build: Build, backlog: Backlog) -> None:
    """A wait that is too long is an error that says how long."""
    backlog.refused["POST"], backlog.reset = [429], 3600
    done = build()
    assert done.returncode == 2
    assert "could not be written: 429 Too Many Requests; it may be asked again in 36" in done.stdout


def test_a_service_that_is_down(build: Build, backlog: Backlog) -> None:
    """It is asked again, and what it did without saying so is not done twice."""
    backlog.lost["POST"] = [500]
    assert build().returncode == 0
    assert len(backlog.texts()) == 1


@pytest.mark.parametrize(
    "env",
    [
        {"BACKLOG_API_KEY": "wrong+key/="},
        {"BACKLOG_URL": "http://127.0.0.1:1"},
        {"BACKLOG_URL": "http://acme.backlog.example"},
        {"BACKLOG_URL": ""},
        {"BACKLOG_PROJECT": "OTHER"},
    ],
)
def test_the_key_is_never_printed(build: Build, backlog: Backlog, env: dict[str, str]) -> None:
    """Whatever goes wrong, it is in words, and neither the key nor an address with it is there."""
    done = build(**env)
    assert done.returncode == 2
    assert "comment.py: the pull requests could not be listed: " in done.stdout
    for spelling in ("key/=", "key%2F", "apiKey=", "Traceback"):
        assert spelling not in done.stdout


def test_the_key_stays_here(build: Build, backlog: Backlog) -> None:
    """No redirection is followed, since it could take the key with it."""
    with Backlog() as other:
        backlog.elsewhere = other.url
        assert build().returncode == 2
        assert other.calls == []


def test_the_real_command(build: Build, backlog: Backlog) -> None:
    """With cfngen itself, a bucket that gets another name is a comment."""
    done = build(REAL, "replace")
    assert done.returncode == 1, done.stdout
    (text,) = backlog.texts()
    assert text
    assert "Things" in text
    assert "other" not in text
    assert "<" not in text


# --- the stack ---------------------------------------------------------------------------------


def test_the_build_reviews(build: Build, backlog: Backlog) -> None:
    """The stack's buildspec, with its project's variables and no others, writes the comment."""
    names = {one["Name"] for one in PROJECT["Environment"]["EnvironmentVariables"]}
    home = build.folder / "home"
    (home / "venv/bin").mkdir(parents=True)
    (home / "venv/bin/cfngen").symlink_to(build.command.command)
    (home / "cfngen").symlink_to(INTEGRATIONS.parent)
    values = {
        **{name: value for name, value in build.env.items() if name != "PATH"},
        "BACKLOG_REMOTE": f"file://{build.pull.folder}",
        "BACKLOG_HOST_KEYS": "host ssh-ed25519 A",
        "BACKLOG_KEY": "a private key",
        "CFNGEN_REPOSITORY": "https://git.example/cfngen.git",
        "CFNGEN_COMMIT": "a" * 40,
        "FAIL_ON": "data",
    }
    assert set(values) == names
    env = {**values, "PATH": build.env["PATH"], "HOME_DIR": str(home)}
    text = PROJECT["Source"]["BuildSpec"]
    done = run_buildspec(text, cwd=build.pull.folder, env=env, phases=["build"])
    assert done.status == 0, done.output
    assert len(backlog.texts()) == 1
    assert (home / "key").read_text() == "a private key\n"
    assert (home / "key").stat().st_mode & 0o077 == 0
    given = build.command.given()
    assert given[given.index("--fail-on") + 1] == "data"


def test_the_stack_is_clean() -> None:
    """The linter has nothing to say of it, and its secrets are read from parameters only."""
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", HERE / "review.yaml"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
    kinds = {one["Name"]: one.get("Type") for one in PROJECT["Environment"]["EnvironmentVariables"]}
    secret = {name for name, kind in kinds.items() if kind == "PARAMETER_STORE"}
    assert secret == {"BACKLOG_KEY", "BACKLOG_API_KEY"}
