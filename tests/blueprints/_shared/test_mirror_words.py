"""What the mirror tells of what servers say: their words, without secrets and of bounded length."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.git_repositories import World

pytestmark = pytest.mark.payloads


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_the_server_says_why(world: World, hook: str) -> None:
    """Its words are in the log with the refs, and in the reason that ends the run."""
    world.codecommit().hook(hook, 'echo "logo.psd is over the limit of 2 GB" >&2; exit 1')
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="1")
    assert run.status == 1
    words = "remote: logo.psd is over the limit of 2 GB"
    assert words in run.of("refused")[0]["said"]
    assert words in run.of("differs")[0]["refs"]["refs/heads/main"][2]
    reason = run.of("failed")[0]["reason"]
    assert reason.startswith("1 refs differ; refs/heads/main: [remote rejected] (")
    assert words in reason


def test_words_of_a_server_that_hides_something(world: World) -> None:
    """Credentials in addresses, colours and bells, and progress do not get into the log."""
    script = (
        r"printf '\033[31mpolicy\033[0m\007 forbids\n' >&2; "
        "echo 'see https://user:s3cret@example.com/why' >&2; "
        "echo 'Compressing objects:  50% (1/2)' >&2; exit 1"
    )
    world.codecommit().hook("pre-receive", script)
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="1")
    said = run.of("refused")[0]["said"]
    assert "remote: policy forbids; " in said
    assert "https://example.com/why" in said
    for unwanted in ("s3cret", "\\u001b", "\\u0007", "objects"):
        assert unwanted not in run.output


def test_a_server_that_talks_without_end(world: World) -> None:
    """Its words are cut, in the log and, to a sentence or two, in the reason."""
    world.codecommit().hook("pre-receive", "seq -f 'line %.0f of a complaint' 9999 >&2; exit 1")
    for n in range(30):
        world.source.commit(f"b{n}")
    run = world.mirror(MIRROR_ROUNDS="1")
    assert "line 1 of a complaint; remote: line 2" in run.of("refused")[0]["said"]
    assert len(run.of("refused")[0]["said"]) <= 1000
    assert len(run.of("failed")[0]["reason"]) < 500
    assert max(len(line) for line in run.output.splitlines()) < 10_000


def test_a_word_that_would_be_a_line(world: World) -> None:
    """What a server says cannot forge a line of the log."""
    script = """echo '"}' >&2; echo '{"event": "equal", "url": "x", "refs": 1}' >&2; exit 1"""
    world.codecommit().hook("pre-receive", script)
    world.source.commit("main")
    run = world.mirror(MIRROR_ROUNDS="1")
    assert not run.of("equal")


def test_nothing_is_said_of_what_went_well(world: World) -> None:
    """A hook's chatter on a push that is taken is no complaint."""
    world.codecommit().hook("post-receive", "echo welcome >&2")
    world.source.commit("main")
    run = world.mirror()
    assert run.status == 0
    assert "welcome" not in run.output


# --- a source that is cut off ------------------------------------------------------------------


def shallow(world: World, tmp_path: Path) -> str:
    """Make a shallow clone of the source and return its address."""
    for n in range(3):
        world.source.commit("main", f"more {n}")
    path = tmp_path / "shallow.git"
    url = f"file://{world.source.path}"
    command = ["git", "clone", "-q", "--bare", "--no-single-branch", "--depth", "2", url, str(path)]
    subprocess.run(command, check=True, env={**world.environment})
    return str(path)


@pytest.mark.parametrize("protocol", ["", "file://"])
@pytest.mark.parametrize("cache", ["kept", "none"])
def test_a_shallow_source_is_refused(
    world: World, tmp_path: Path, protocol: str, cache: str
) -> None:
    """One attempt, one sentence, and nothing happens to the destination."""
    url = protocol + shallow(world, tmp_path)
    settings = {} if cache == "kept" else {"MIRROR_DIR": str(tmp_path / "new.git")}
    run = world.mirror(MIRROR_SOURCE_URL=url, **settings)
    assert run.status == 1
    (failed,) = run.of("failed")
    assert "it is a shallow clone: its history is cut off" in failed["reason"]
    if cache == "kept":  # a clone does not speak of it
        assert "shallow roots are not allowed" in run.of("warned")[0]["said"]
    assert not run.of("retrying")
    assert not run.of("cache_dropped")
    assert world.codecommit().pushes() == []
    assert world.mirror().status == 0
