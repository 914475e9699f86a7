"""The terminal: colour, pipes, Ctrl-C, full disks."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.blueprint_package import (
    cfngen,
    environment,
)
from support.command_line import RUN, add


def on_a_terminal(*arguments: str, cwd: Path, env: dict[str, str]) -> str:
    """Run the command on a terminal and return what is seen there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*RUN, *arguments], cwd=cwd, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end closes
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    process.wait()
    return seen.decode()


@pytest.mark.parametrize(
    ("more", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        pytest.param({"NO_COLOR": "0"}, False, marks=pytest.mark.slow),
        pytest.param({"NO_COLOR": ""}, True, marks=pytest.mark.slow),
        pytest.param({"TERM": "dumb"}, False, marks=pytest.mark.slow),
    ],
)
def test_colour_on_a_terminal_only(
    root: Path, site: Path, more: dict[str, str], *, coloured: bool
) -> None:
    """Colour on a terminal, unless NO_COLOR has any value but an empty one."""
    env = environment(site, **{"TERM": "xterm", **more})
    assert ("\x1b[" in on_a_terminal("list", cwd=root, env=env)) is coloured
    seen = on_a_terminal("show", "nothing", cwd=root, env=env)
    assert ("\x1b[31m" in seen) is coloured
    assert "no template 'nothing'" in seen


def test_no_colour_in_a_pipe(root: Path, site: Path) -> None:
    """What is piped is plain."""
    done = cfngen("list", cwd=root, sites=(site,), env={"TERM": "xterm"})
    assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_that_leaves_is_no_error(root: Path, site: Path) -> None:
    """`cfngen show x | head -1` ends as any command does whose reader left, without a word."""
    add(root, long="cli_long")
    for name, stream, other in (
        ("one", "stdout", "stderr"),
        ("long", "stdout", "stderr"),
        ("nothing", "stderr", "stdout"),
    ):
        reading, writing = os.pipe()
        os.close(reading)
        arguments = ["show", name]
        process = subprocess.Popen(
            [*RUN, *arguments],
            cwd=root,
            env=environment(site),
            **{stream: writing, other: subprocess.PIPE},
        )
        os.close(writing)
        said = b"".join(part or b"" for part in process.communicate())
        assert (process.returncode, said) == (128 + signal.SIGPIPE, b"")


def test_a_full_disk_behind_stdout_is_told(root: Path, site: Path) -> None:
    """`cfngen show x > file` on a full disk is a message, and no success."""
    add(root, long="cli_long")
    for name in ("one", "long"):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*RUN, "show", name],
                cwd=root,
                env=environment(site),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 2
        assert done.stderr == "Error: standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["show", "build"])
def test_ctrl_c_is_quiet(root: Path, site: Path, command: str) -> None:
    """Ctrl-C ends at once with 130, says nothing, and leaves no process behind."""
    add(root, slow="cli_slow")
    process = subprocess.Popen(
        [*RUN, command, "slow"],
        cwd=root,
        env=environment(site),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Where the tests run in the background, SIGINT is ignored, and would be here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 30
    while not (root / "ready").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody in the foreground
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, b"", b"")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not (root / "output").exists()


def test_a_working_directory_that_was_removed_is_told(root: Path, site: Path) -> None:
    """Standing in a folder that is gone is a message."""
    gone = root / "gone"
    gone.mkdir()
    code = f"import os; from cfngen.cli import main; os.rmdir({str(gone)!r}); exit(main(['list']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=gone,
        env=environment(site),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: the working directory was removed; ")
