"""The job for GitLab: its own commands, and notes on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.comments import Comments
from support.integrations import JOB, REAL, Job
from support.reviews import PullRequest

pytestmark = pytest.mark.payloads  # programs, run against services on loopback

MARKER = "<!-- cfngen review -->"


@pytest.fixture(scope="module")
def pull(tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A merge request, which nobody changes."""
    return PullRequest(tmp_path_factory.mktemp("gitlab") / "shop")


@pytest.fixture
def notes() -> Iterator[Comments]:
    """The notes of a merge request."""
    with Comments() as server:
        yield server


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


@pytest.mark.parametrize("status", [0, 2])
def test_it_writes_through_no_link(job: Job, tmp_path: Path, status: int) -> None:
    """Whatever the merge request has where the artifact belongs gives way; nothing else does."""
    artifact = job.pull.folder / "cfngen-review"
    shutil.rmtree(artifact, ignore_errors=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "review.md").write_text("Mine.")
    artifact.symlink_to(other)
    job.command.says("Ours.\n", status=status)
    assert job().returncode == status
    assert [path.read_text() for path in other.iterdir()] == ["Mine."]
    assert not artifact.is_symlink()
    if status == 0:
        (artifact / "review.md").unlink()
        (artifact / "review.md").symlink_to(other / "review.md")
        (artifact / "more").write_text("x")
        assert job().returncode == 0
        assert (artifact / "review.md").read_text() == "Ours.\n"
        assert (other / "review.md").read_text() == "Mine."
        assert not (artifact / "more").exists()
    else:
        assert not artifact.exists()


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
    for status in (2, 70):
        job.command.says("Broken.\n", status=status)
        done = job(CFNGEN_FAIL_ON="none")
        assert (done.returncode, len(notes.comments)) == (status, 1)
        assert "There is no review, so the check fails" in done.stdout
    job.command.says("", status=1)
    done = job()
    assert (done.returncode, len(notes.comments)) == (2, 1)
    assert "cfngen review wrote no review.md." in done.stdout


def test_a_token_that_may_not(job: Job, notes: Comments) -> None:
    """A token that is refused is an error in words."""
    notes.refused["POST"] = [403]
    done = job()
    assert done.returncode == 2
    assert "note.py: the note could not be written: 403" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_token_goes_by_tls_only(job: Job) -> None:
    """An address without TLS is refused in words, before anything is sent."""
    for url in ("http://gitlab.example/api/v4", "ftp://gitlab.example", "gitlab.example", ""):
        done = job(CI_API_V4_URL=url)
        assert done.returncode == 2
        assert "note.py: the note could not be written: CI_API_V4_URL is not https" in done.stdout


def test_the_token_stays_here(job: Job, notes: Comments) -> None:
    """An answer that redirects does not get the token sent on."""
    with Comments() as other:
        notes.elsewhere = other.url
        job()
        assert other.calls
        assert other.tokens == []


def test_the_real_command(job: Job, notes: Comments) -> None:
    """With cfngen itself, a bucket that gets another name is a note and a page."""
    done = job(REAL, CFNGEN_FAIL_ON="replace")
    assert done.returncode == 1, done.stdout
    (note,) = notes.comments
    assert "Things" in note["body"]
    assert "other" not in note["body"]
    assert "Things" in (job.pull.folder / "cfngen-review/review.html").read_text()
