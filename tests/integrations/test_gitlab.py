"""The job for GitLab: its own commands, and notes on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.comments import Comments
from support.reviews import PullRequest, StandIn

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

ROOT = Path(__file__).parents[2]
JOB: dict[str, Any] = yaml.safe_load(
    (ROOT / "integrations/gitlab/review.gitlab-ci.yml").read_text()
)["cfngen-review"]
MARKER = "<!-- cfngen review -->"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def pull(tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A merge request, which nobody changes."""
    return PullRequest(tmp_path_factory.mktemp("gitlab") / "shop")


@pytest.fixture
def notes() -> Iterator[Comments]:
    """The notes of a merge request."""
    with Comments() as server:
        yield server


class Job:
    """Runs the job's script, after an installation that is taken for done."""

    def __init__(self, pull: PullRequest, notes: Comments, folder: Path) -> None:
        """Start with what GitLab tells a job."""
        self.command = StandIn(folder / "command")
        self.pull = pull
        self.home = folder / "home"
        (self.home / "venv/bin").mkdir(parents=True)
        (self.home / "cfngen").symlink_to(ROOT)
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "CFNGEN_HOME": str(self.home),
            "CFNGEN_REVIEW_TOKEN": "secret-token",
            "CI_API_V4_URL": notes.url,
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull.newer,
        }

    def __call__(self, cfngen: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run it once."""
        link = self.home / "venv/bin/cfngen"
        link.unlink(missing_ok=True)
        link.symlink_to(cfngen or self.command.command)
        return subprocess.run(
            ["sh", "-e", "-c", "\n".join(JOB["script"])],
            cwd=self.pull.folder,
            env={**self.env, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def job(pull: PullRequest, notes: Comments, tmp_path: Path) -> Job:
    """The job."""
    return Job(pull, notes, tmp_path)


def test_it_writes_one_note(job: Job, notes: Comments) -> None:
    """The first run writes a note, the next one writes it anew, on whatever page it is."""
    for number in range(150):
        notes.add("somebody", f"{number}")
    notes.add("stranger", f"{MARKER}\nAll is well.")
    assert job().returncode == 0
    job.command.says("Now **it** is.\n")
    done = job()
    assert done.returncode == 0, done.stdout
    assert len(notes.comments) == 152
    assert notes.comments[150]["body"] == f"{MARKER}\nAll is well."
    assert notes.comments[151]["body"] == f"{MARKER}\nNow **it** is.\n"
    assert set(notes.tokens) == {"secret-token"}
    assert "--no-blueprints" in job.command.given()


def test_without_a_token(job: Job, notes: Comments) -> None:
    """The review is an artifact, and nobody is asked for anything."""
    assert job(CFNGEN_REVIEW_TOKEN="").returncode == 0
    assert notes.calls == []
    assert JOB["artifacts"]["paths"] == ["cfngen-review/"]
    kept = sorted(path.name for path in (job.pull.folder / "cfngen-review").iterdir())
    assert kept == ["review.html", "review.json", "review.md"]


def test_nothing_to_say(job: Job, notes: Comments) -> None:
    """A merge request that changes no stack gets no note."""
    job.command.says("Nothing changes.\n", empty=True)
    assert job().returncode == 0
    assert notes.comments == []


def test_concerns(job: Job, notes: Comments) -> None:
    """A concern fails the job once the note is there; a failed review writes none."""
    job.command.says("Lost.\n", status=1)
    assert (job(CFNGEN_FAIL_ON="data,refused").returncode, len(notes.comments)) == (1, 1)
    said = job.command.given()
    assert said[said.index("--fail-on") + 1] == "data,refused"
    job.command.says("Broken.\n", status=2)
    assert (job().returncode, len(notes.comments)) == (2, 1)


def test_a_token_that_may_not(job: Job, notes: Comments) -> None:
    """A token that is refused is an error in words."""
    notes.refused["POST"] = [403]
    done = job()
    assert done.returncode == 2
    assert "note.py: the note could not be written: HTTP Error 403" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_token_stays_here(job: Job, notes: Comments) -> None:
    """An answer that redirects does not get the token sent on."""
    with Comments() as other:
        notes.elsewhere = other.url
        job()
        assert other.calls
        assert other.tokens == []


def test_the_real_command(job: Job, notes: Comments) -> None:
    """With cfngen itself, a bucket that gets another name is a note and a page."""
    done = job(BIN / "cfngen", CFNGEN_FAIL_ON="replace")
    assert done.returncode == 1, done.stdout
    (note,) = notes.comments
    assert "Things" in note["body"]
    assert "other" not in note["body"]
    assert "Things" in (job.pull.folder / "cfngen-review/review.html").read_text()
