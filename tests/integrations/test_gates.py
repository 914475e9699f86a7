"""What each integration makes of repositories that are not as it expects, with cfngen itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.codecommit_comments import CodeCommit
from support.comments import Comments
from support.integrations import BIN, INTEGRATIONS, REAL, Action, Build, Job
from support.reviews import (
    ADOPTED,
    ELSEWHERE,
    MOVED,
    RENAMED,
    UNTOUCHED,
    Change,
    PullRequest,
    StandIn,
    plant,
)

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

NAMES = ("github", "gitlab", "codecommit")


@dataclass
class Outcome:
    """How a check went: its exit status, its log, and the comments that are there afterwards."""

    status: int
    log: str
    comments: list[str]


@dataclass
class Integration:
    """One of them, with a pull request to review.

    Attributes:
        pull: the pull request.
        command: what reviews, if not cfngen itself.
        run: runs it with a command that reviews and perhaps with concerns to fail on.
    """

    pull: PullRequest
    command: StandIn
    run: Callable[..., Outcome]

    def __call__(self, concerns: str | None = None, command: Path = REAL, **more: str) -> Outcome:
        """Run it once, with what it fails on by default or with other concerns, and more inputs."""
        return self.run(command, concerns, **more)


Opened = Callable[[Change], Integration]


@pytest.fixture(params=NAMES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """What opens a pull request with a change, for one of the integrations."""
    with ExitStack() as stack:

        def open_one(change: Change) -> Integration:
            pull = PullRequest(tmp_path / "shop", change)
            if request.param == "codecommit":
                return _codecommit(pull, stack.enter_context(CodeCommit()), tmp_path)
            make = {"github": _github, "gitlab": _gitlab}[request.param]
            return make(pull, stack.enter_context(Comments()), tmp_path)

        yield open_one


def _github(pull: PullRequest, comments: Comments, folder: Path) -> Integration:
    stand_in = StandIn(folder / "command")
    action = Action(pull, comments, stand_in.command, folder)

    def run(command: Path, concerns: str | None, **more: str) -> Outcome:
        inputs = more if concerns is None else {"fail_on": concerns, **more}
        ran = action(cfngen=str(command), **inputs)
        return Outcome(ran.status, ran.log, [one["body"] for one in comments.comments])

    return Integration(pull, stand_in, run)


def _gitlab(pull: PullRequest, notes: Comments, folder: Path) -> Integration:
    job = Job(pull, notes, folder)

    def run(command: Path, concerns: str | None, **more: str) -> Outcome:
        variables = more if concerns is None else {"fail_on": concerns, **more}
        done = job(command, **{f"CFNGEN_{name.upper()}": text for name, text in variables.items()})
        return Outcome(done.returncode, done.stdout, [one["body"] for one in notes.comments])

    return Integration(pull, job.command, run)


def _codecommit(pull: PullRequest, service: CodeCommit, folder: Path) -> Integration:
    build = Build(pull, service, folder)

    def run(command: Path, concerns: str | None, **more: str) -> Outcome:
        variables = more if concerns is None else {"fail_on": concerns, **more}
        done = build(command, **{name.upper(): text for name, text in variables.items()})
        return Outcome(done.status, done.output, [one["content"] for one in service.comments])

    return Integration(pull, build.command, run)


# --- where the templates are -------------------------------------------------------------------


@pytest.mark.parametrize("concerns", [None, "none"])
def test_templates_that_are_elsewhere(opened: Opened, concerns: str | None) -> None:
    """Where there is nothing to compare the check fails, whatever it is told to fail on.

    It says where it has looked, and what names another place.
    """
    outcome = opened(ELSEWHERE)(concerns)
    assert outcome.status == 2, outcome.log
    assert outcome.comments == []
    assert "output" in outcome.log
    assert "There is no review, so the check fails." in outcome.log
    assert "cfngen.toml or pyproject.toml" in outcome.log
    if "::stop-commands::" in outcome.log:
        (error,) = [line for line in outcome.log.splitlines() if line.startswith("::error")]
        assert "There is no review" in error
        assert "input working-directory, which is . here." in error


def test_templates_that_were_elsewhere(opened: Opened) -> None:
    """A base whose templates are somewhere else fails the check by default, with a comment."""
    outcome = opened(MOVED)()
    assert outcome.status == 1, outcome.log
    assert len(outcome.comments) == 1
    assert "✅" not in outcome.comments[0]


def test_a_first_adoption(opened: Opened) -> None:
    """Where the base has no template at all, the first ones are no failure."""
    outcome = opened(ADOPTED)()
    assert outcome.status == 0, outcome.log
    (comment,) = outcome.comments
    assert "shop" in comment


def test_nothing_changes(opened: Opened) -> None:
    """A pull request that leaves the templates as they are passes, and gets no comment."""
    outcome = opened(UNTOUCHED)()
    assert (outcome.status, outcome.comments) == (0, []), outcome.log


# --- what it fails on --------------------------------------------------------------------------


def concerns_of(command: StandIn) -> list[str]:
    """Return what the command was asked to fail on."""
    arguments = command.given()
    return [arguments[at + 1] for at, word in enumerate(arguments) if word == "--fail-on"]


@pytest.mark.parametrize(
    ("concerns", "given"), [(None, ["unknown"]), ("", ["unknown"]), ("none", []), ("a, b", ["a,b"])]
)
def test_what_it_fails_on(opened: Opened, concerns: str | None, given: list[str]) -> None:
    """It is what is unknown by default, also where a variable is empty; `none` is nothing."""
    integration = opened(RENAMED)
    assert integration(concerns, integration.command.command).status == 0
    assert concerns_of(integration.command) == given


@pytest.mark.parametrize("names", [("expect", "date"), ()])
def test_what_was_approved(opened: Opened, names: tuple[str, ...]) -> None:
    """A digest and a day reach the command, as one word each; without them, neither option does."""
    integration = opened(RENAMED)
    values = {"expect": "a b --limit", "date": "2026-12-01"}
    given = {name: values[name] for name in names}
    assert integration(None, integration.command.command, **given).status == 0
    options = [word for word in integration.command.given() if re.match("--(expect|date)", word)]
    assert options == [f"--{name}={values[name]}" for name in names]


@pytest.mark.parametrize(
    ("concerns", "given"),
    [
        (" \n", ["unknown"]),
        (",", ["unknown"]),
        (" none\n", []),
        ("data, refused\n\treplace\n", ["data,refused,replace"]),
        ("none, data", ["none,data"]),  # which the command refuses
        ("*", ["*"]),
    ],
)
def test_lists_of_concerns(tmp_path: Path, concerns: str, given: list[str]) -> None:
    """They are by commas, spaces or lines, and no shell takes them for anything else."""
    command = StandIn(tmp_path / "command")
    script = INTEGRATIONS / "review.sh"
    done = subprocess.run(
        ["sh", script, command.command, tmp_path, concerns, "--limit", "9", "--", "a b"],
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert concerns_of(command) == given
    assert command.given()[-4:] == ["--limit", "9", "--", "a b"]
    kinds = sorted(path.name for path in tmp_path.glob("review.*"))
    assert kinds == ["review.html", "review.json", "review.md", "review.sarif"]


@pytest.mark.parametrize(
    ("empty", "unknown", "comments"),
    [(True, False, 0), (True, True, 1), (False, False, 1)],
)
def test_when_there_is_a_comment(
    opened: Opened, *, empty: bool, unknown: bool, comments: int
) -> None:
    """There is one if a stack changes, or if something is unknown; else there is none."""
    integration = opened(RENAMED)
    integration.command.says("This.\n", empty=empty, unknown=unknown)
    outcome = integration(None, integration.command.command)
    assert (outcome.status, len(outcome.comments)) == (0, comments)


@pytest.mark.parametrize("review", ["{}", '{"stacks": []}', '{"unknowns": []}'])
def test_a_review_of_another_shape(opened: Opened, review: str) -> None:
    """What does not say that nothing changes is not taken for it."""
    integration = opened(RENAMED)
    integration.command.says("This.\n")
    (integration.command.folder / "json").write_text(review)
    assert len(integration(None, integration.command.command).comments) == 1


# --- whose code it runs ------------------------------------------------------------------------


def test_nothing_under_review_is_run(opened: Opened, tmp_path: Path) -> None:
    """No rule of the linter, no module and no blueprint of the pull request is run."""
    integration = opened(RENAMED)
    folder, mark = integration.pull.folder, tmp_path / "ran"
    plant(folder, mark)
    # What is planted would be run by who runs it.
    environment = {"PATH": os.environ["PATH"]}
    for command in ([BIN / "cfn-lint", "output/shop.yaml"], [sys.executable, "-c", "import yaml"]):
        subprocess.run(command, cwd=folder, env=environment, capture_output=True)
        assert mark.exists()
        mark.unlink()
    outcome = integration("replace")
    assert (outcome.status, len(outcome.comments)) == (1, 1), outcome.log
    assert "Things" in outcome.comments[0]
    assert not mark.exists()
