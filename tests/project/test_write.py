"""Writing is all or nothing, and touches only what has changed and is ours."""

from __future__ import annotations

import fcntl
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.blueprint_package import snapshot

from cfngen.errors import WriteError
from cfngen.project import write
from cfngen.project.header import header
from cfngen.project.write import CHANGED, NEW, REMOVED, SAME, Change

# The forks here only write, and end.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")

# Long enough for several blocks of a disk, so that half a file would show.
FILLING = "  - some line of a template that is long enough to count\n" * 500


def made(text: str) -> str:
    """Return a file as cfngen would make it."""
    body = f"{text}\n{FILLING}"
    return f"# {header('b', 'd', {}, body)}\n{body}"


OLD = {name: made(f"old {name}") for name in ("a.yaml", "b.yaml", "c.yaml", "gone.yaml")}
NEWER = {name: made(f"new {name}") for name in ("a.yaml", "b.yaml", "d.yaml")} | {
    "c.yaml": OLD["c.yaml"]
}
KINDS = {"a.yaml": CHANGED, "b.yaml": CHANGED, "c.yaml": SAME, "d.yaml": NEW, "gone.yaml": REMOVED}


def build(output: Path, texts: dict[str, str], *, force: bool = False) -> list[Change]:
    """Plan and apply, as a build does."""
    return write.apply(write.pending_changes(output, texts, prune=True), force=force)


def contents(folder: Path) -> dict[str, str]:
    """Return the files of a folder by name, without those a killed build left."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.name[:1] != "."}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder with the old texts."""
    build(tmp_path / "output", OLD)
    return tmp_path / "output"


def in_child(work: Callable[[], object]) -> int:
    """Run something in a fork and return its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        try:
            code = int(work() or 0)  # type: ignore[call-overload]
        except WriteError:
            code = 2
        except BaseException:  # told by the code
            code = 99
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# --- what changes -------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_names_every_change(output: Path) -> None:
    """New, changed, same and removed files are told apart before anything is touched."""
    before = snapshot(output)
    changes = write.pending_changes(output, NEWER, prune=True)
    assert {change.path.name: change.kind for change in changes} == KINDS
    assert [c.path.name for c in write.pending_changes(output, NEWER)] == [
        "a.yaml",
        "b.yaml",
        "c.yaml",
        "d.yaml",
    ]
    assert snapshot(output) == before


def test_only_what_changed_is_written(output: Path) -> None:
    """A file that is the same keeps its time and inode; the rest is as planned."""
    before = snapshot(output)
    changed = build(output, NEWER)
    after = snapshot(output)
    assert {c.path.name for c in changed} == {n for n, kind in KINDS.items() if kind != SAME}
    assert contents(output) == NEWER
    assert set(after) == set(NEWER)
    assert after["c.yaml"] == before["c.yaml"]
    assert after["a.yaml"][2] != before["a.yaml"][2]
    assert build(output, NEWER) == []
    assert snapshot(output) == after


def test_files_keep_their_mode_and_new_ones_follow_the_umask(output: Path) -> None:
    """A rewritten file has the mode it had; a new one has what the user's umask says.

    No umask makes the one of a.yaml: a file that is written anew does not have it by itself.
    """
    (output / "a.yaml").chmod(0o604)
    umask = os.umask(0o027)
    try:
        build(output, NEWER)
    finally:
        os.umask(umask)
    assert (output / "a.yaml").stat().st_mode & 0o777 == 0o604
    assert (output / "d.yaml").stat().st_mode & 0o777 == 0o640
    assert (output / "c.yaml").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_diff_is_a_unified_diff(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`patch` turns what is on disk into what the blueprints say, odd line ends or not."""
    monkeypatch.chdir(output.parent)
    (output / "a.yaml").write_bytes(
        b"one\r\ntwo\x85\xc2\x85 \xe2\x80\xa8three\n".replace(b"\x85\xc2", b"\xc2")
    )
    (output / "b.yaml").write_text(OLD["b.yaml"] + "no newline at the end")
    changes = write.pending_changes(output, NEWER)
    diff = "".join(change.diff() for change in changes)
    assert "--- output/a.yaml\ton disk\n+++ output/a.yaml\tfrom the blueprint\n@@" in diff
    assert "--- /dev/null\n+++ output/d.yaml\tfrom the blueprint\n@@ -0,0 " in diff
    assert "-no newline at the end\n\\ No newline at end of file\n" in diff
    if not shutil.which("patch"):
        pytest.skip("there is no `patch` to try the diff with")
    subprocess.run(["patch", "-p0", "--binary"], input=diff.encode(), cwd=output.parent, check=True)
    assert {name: contents(output)[name] for name in NEWER} == NEWER


# --- what is not ours ---------------------------------------------------------------------------

STRANGERS = {
    "mine.yaml": b"Resources: {}\n",
    "nearly.yaml": b"# Made by cfngen from nothing at all\n",
    "binary.yaml": b"\xff\xfe\x00",
    "notes.txt": made("not a template").encode(),
    "empty.yaml": b"",
}


def test_prune_never_takes_a_strangers_file(output: Path) -> None:
    """Only files whose header says that cfngen made them are removed; links and folders stay."""
    for name, content in STRANGERS.items():
        (output / name).write_bytes(content)
    (output / "link.yaml").symlink_to("a.yaml")
    (output / "folder.yaml").mkdir()
    (output / "sub").mkdir()
    (output / "sub/inner.yaml").write_text(made("inner"))
    before = snapshot(output)
    build(output, {name: OLD[name] for name in ("a.yaml", "b.yaml", "c.yaml")})
    after = snapshot(output)
    assert set(before) - set(after) == {"gone.yaml"}
    assert all(after[name] == before[name] for name in after)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (made("old a.yaml").replace("old", "new"), "edited by hand since cfngen made it"),
        ("Resources: {}\n", "not made by cfngen; move it away"),
        (f"<<<<<<< ours\n{made('a')}=======\n{made('b')}>>>>>>> theirs\n", "has merge conflicts"),
    ],
)
@pytest.mark.parametrize("name", ["a.yaml", "gone.yaml"])
def test_what_a_person_wrote_is_not_lost(
    output: Path, content: str, problem: str, name: str
) -> None:
    """An edited file stops the build before anything is written, and --force goes on."""
    (output / name).write_text(content)
    before = snapshot(output)
    made_by_us = name == "a.yaml" or problem.startswith("edited")
    if made_by_us:
        with pytest.raises(WriteError, match=f"{name}: {problem}"):
            build(output, NEWER)
        assert snapshot(output) == before
    build(output, NEWER, force=True)
    assert contents(output) == NEWER | ({} if made_by_us else {"gone.yaml": content})


def test_all_edited_files_are_told_at_once(output: Path) -> None:
    """Several files that were edited are named together."""
    for name in ("a.yaml", "b.yaml"):
        (output / name).write_text(OLD[name] + "# mine\n")
    with pytest.raises(WriteError) as caught:
        build(output, NEWER)
    assert len(str(caught.value).splitlines()) == 2


def test_an_edit_that_says_what_the_blueprint_says_is_no_edit(output: Path) -> None:
    """A file that already is as it should be is fine, whoever wrote it."""
    (output / "a.yaml").write_text(NEWER["a.yaml"])
    assert "a.yaml" not in {change.path.name for change in build(output, NEWER)}


def test_line_ends_of_git_are_no_edit(output: Path) -> None:
    """A checkout with CRLF may be built over without --force."""
    (output / "a.yaml").write_bytes(OLD["a.yaml"].replace("\n", "\r\n").encode())
    build(output, NEWER)
    assert (output / "a.yaml").read_bytes() == NEWER["a.yaml"].encode()


# --- what is in the way -------------------------------------------------------------------------


def a_link(path: Path) -> None:
    """Put a link to a file outside in the place."""
    (path.parent.parent / "victim").write_text(OLD["a.yaml"])
    path.symlink_to("../victim")


def not_text(path: Path) -> None:
    """Put a file in the place that is not text."""
    path.write_bytes(b"\xff")


IN_THE_WAY: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (a_link, r"is a symlink to ../victim; remove it"),
    "a dangling link": (lambda p: p.symlink_to("nowhere"), "is a symlink to nowhere"),
    "a folder": (Path.mkdir, "is a directory; move it away"),
    "a pipe": (os.mkfifo, "is not a regular file; move it away"),
    "not text": (not_text, "not UTF-8, so not made by cfngen; move it away"),
}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_is_in_the_place_of_a_file_stops_the_build(output: Path, what: str) -> None:
    """A link, folder or pipe where a template goes is told, and nothing else is written."""
    (output / "a.yaml").unlink()
    put, problem = IN_THE_WAY[what]
    put(output / "a.yaml")
    (output / "b.yaml").unlink()
    (output / "b.yaml").mkdir()
    before = snapshot(output.parent)
    with pytest.raises(WriteError) as caught:
        build(output, NEWER)
    first, second = str(caught.value).splitlines()
    assert "a.yaml" in first
    assert problem in first
    assert "b.yaml is a directory" in second
    assert snapshot(output.parent) == before


def test_a_folder_that_leads_out_of_the_project_stops_the_build(tmp_path: Path) -> None:
    """Neither output/ nor a folder above it may be a link to somewhere else."""
    outside, project = tmp_path / "outside", tmp_path / "project"
    build(outside, OLD)
    project.mkdir()
    (project / "output").symlink_to("../outside")
    (project / "inside").mkdir()
    (project / "fine").symlink_to("inside")
    for output in (project / "output", project / "output/deeper"):
        with pytest.raises(
            WriteError, match=r"is a symlink that points outside the project, to .*outside"
        ):
            write.pending_changes(output, NEWER, within=project)
    assert contents(outside) == OLD
    assert write.pending_changes(project / "fine", NEWER, within=project)
    assert write.pending_changes(
        project / "output", NEWER
    )  # named with --output, it is what was asked for


@pytest.mark.parametrize("put", [Path.touch, lambda p: p.symlink_to("nowhere"), os.mkfifo])
def test_an_output_that_is_no_folder_stops_the_build(
    tmp_path: Path, put: Callable[[Path], object]
) -> None:
    """A file or a dangling link in the place of output/ is told."""
    put(tmp_path / "output")
    with pytest.raises(WriteError, match="output is not a directory; move it away"):
        write.pending_changes(tmp_path / "output", NEWER)


def test_a_file_where_a_parent_should_be_stops_the_build(tmp_path: Path) -> None:
    """`output = "a/b"` with a file `a` is told."""
    (tmp_path / "a").touch()
    with pytest.raises(WriteError, match="Not a directory"):
        build(tmp_path / "a/b", NEWER)


# --- all or nothing -----------------------------------------------------------------------------


def at_event(number: int, act: Callable[[], object]) -> None:
    """Do something before the n-th call to the system, counted from now; for a fork only."""
    left = number
    calls = ("open", "os.", "fcntl.")

    def count(event: str, _arguments: object) -> None:
        nonlocal left
        if event.startswith(calls):
            left -= 1
            if left == 0:
                act()

    def flush(descriptor: int, fsync: Callable[[int], None] = os.fsync) -> None:
        count("os.fsync", None)
        fsync(descriptor)

    os.fsync = flush
    sys.addaudithook(count)


def reset(output: Path) -> None:
    """Put back the old texts."""
    shutil.rmtree(output)
    build(output, OLD)


def test_a_build_killed_at_any_call_leaves_whole_files(output: Path) -> None:
    """Killed before each call to the system in turn, every file is whole, old or new.

    The next build then finishes the work and clears what was left.
    """
    kill = lambda: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
    seen = set()
    for number in range(1, 200):
        reset(output)

        def work(number: int = number) -> None:
            at_event(number, kill)
            build(output, NEWER)

        code = in_child(work)
        now = contents(output)
        for name, text in now.items():
            assert text in (OLD.get(name), NEWER.get(name)), f"{name} after {number} calls"
        assert {"a.yaml", "b.yaml", "c.yaml"} <= set(now)
        seen.add(tuple(now[name] == NEWER[name] for name in ("a.yaml", "b.yaml")))
        build(output, NEWER)
        assert {path.name: path.read_text() for path in output.iterdir()} == NEWER
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert number > 20
    assert seen == {(False, False), (True, False), (True, True)}


@pytest.mark.slow
def test_a_build_that_fails_at_any_call_changes_nothing(output: Path) -> None:
    """A disk that fails once, before each call in turn: all new, or all as it was, inodes too."""

    def fail() -> None:
        raise OSError(28, "No space left on device")

    codes = set()
    for number in range(1, 200):
        reset(output)
        before = snapshot(output)

        def work(number: int = number) -> None:
            at_event(number, fail)
            build(output, NEWER)

        code = in_child(work)
        after = {k: v for k, v in snapshot(output).items() if not k.startswith(".cfngen-")}
        if code == 2:
            assert after == before, f"after {number} calls"
        else:
            assert code == 0
            assert contents(output) == NEWER
        codes.add(code)
        if number > 100 and code == 0:
            break
    assert codes == {0, 2}


@pytest.mark.slow
def test_a_build_stopped_by_a_person_changes_nothing(output: Path) -> None:
    """Ctrl-C before each call in turn puts everything back."""

    def stop() -> None:
        raise KeyboardInterrupt

    for number in range(1, 60):
        reset(output)
        before = snapshot(output)

        def work(number: int = number) -> int:
            at_event(number, stop)
            try:
                build(output, NEWER)
            except KeyboardInterrupt:
                return 130
            return 0

        code = in_child(work)
        now = contents(output)
        assert code in (0, 130)
        assert now in (OLD, NEWER), f"after {number} calls"
        if now == OLD:
            assert {k: v for k, v in snapshot(output).items() if k in OLD} == before


@pytest.mark.slow
def test_a_build_killed_at_random_leaves_whole_files(output: Path) -> None:
    """SIGKILL at forty random moments: every file is whole, and the next build just works."""
    dice = random.Random(4)  # noqa: S311 - moments, not secrets
    seen: list[dict[str, str]] = []
    # On a busy machine it may take more of them until one falls between two builds.
    while len(seen) < 40 or (NEWER not in seen and len(seen) < 400):
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            while True:
                build(output, NEWER)
                os.write(writing, b".")
                build(output, OLD)
        os.close(writing)
        if len(seen) % 2:  # every other one is after a whole build, however long that takes
            os.read(reading, 1)
        time.sleep(dice.uniform(0.001, 0.02))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
        now = contents(output)
        for name, text in now.items():
            assert text in (OLD.get(name), NEWER.get(name)), name
        seen.append(now)
        build(output, OLD)
        assert {path.name: path.read_text() for path in output.iterdir()} == OLD
    assert NEWER in seen


def test_texts_are_on_the_disk_before_they_are_in_place(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves no empty files: texts are flushed before the first rename, names after."""
    happened: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        happened.append("flush " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def rename(source: Path, target: Path) -> None:
        happened.append(f"rename {source.name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    build(output, NEWER)
    new = ("0.new", "1.new", "2.new")
    assert happened == [
        *(f"flush {name}" for name in new),
        *(f"rename {name}" for name in new),
        "flush output",
    ]


def test_a_new_folder_is_taken_away_again(tmp_path: Path) -> None:
    """A first build that fails leaves no empty folders behind."""

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        build(tmp_path / "a/b/output", NEWER)

    assert in_child(work) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_the_size_of_files_is_told(
    output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A text that does not fit is a message that names the folder and the reason."""
    before = snapshot(output)

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            build(output, NEWER)
        except WriteError as error:
            os.write(1, str(error).encode())
            return 2
        return 0

    assert in_child(work) == 2
    said = capfd.readouterr().out
    assert "output: cannot be written: File too large; " in said
    assert "output/ is as it was: make room or grant access, and run again" in said
    assert snapshot(output) == before


def elsewhere(tmp_path: Path, mount: str, texts: str) -> str:
    """Build in a mount of its own, which ends with the process; return what was said.

    Skipped where mounting is not allowed: only root may.
    """
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("only root can mount a full or a read-only disk")
    code = f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from test_write import *
        output = Path({str(tmp_path / "disk")!r})
        def attempt(texts):
            before = snapshot(output)
            try:
                build(output, texts)
            except WriteError as error:
                print(error)
                assert snapshot(output) == before
                return
            print("written")
        {texts}
    """
    (tmp_path / "disk").mkdir()
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(code))
    script = f"{mount} || exit 77; exec {sys.executable} {program}"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, Path(__file__).parents[:2]))},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """On a real disk with room for one set of templates only, the second build is refused."""
    said = elsewhere(
        tmp_path,
        "mount -t tmpfs -o size=160k tmpfs disk",
        "attempt(OLD); attempt({name: text * 3 for name, text in NEWER.items()})",
    )
    assert said.startswith("written\n")
    assert "disk: cannot be written: No space left on device; disk/ is as it was" in said


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """On a disk mounted for reading a build with nothing to do is fine, any other is refused."""
    said = elsewhere(
        tmp_path,
        "mount -t tmpfs tmpfs disk",
        f"attempt(OLD); subprocess.run(['mount', '-o', 'remount,ro', {str(tmp_path / 'disk')!r}],"
        " check=True); attempt(OLD); attempt(NEWER)",
    )
    assert said.startswith("written\nwritten\n")
    assert "disk: cannot be written: Read-only file system; disk/ is as it was" in said


@pytest.fixture
def immutable(output: Path) -> Iterator[Path]:
    """A file that not even root can replace."""
    path = output / "b.yaml"
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode
    ):
        pytest.skip("files cannot be made immutable here: that takes root and chattr")
    yield path
    subprocess.run(["chattr", "-i", path], check=True)


def test_a_file_that_cannot_be_replaced_leaves_the_others_as_they_were(immutable: Path) -> None:
    """The one before it, replaced already, is put back: the same file with the same time."""
    output = immutable.parent
    before = snapshot(output)
    with pytest.raises(WriteError, match=r"b\.yaml: cannot be written: Operation not permitted"):
        build(output, NEWER)
    assert snapshot(output) == before


def test_where_links_are_unknown_a_copy_is_kept(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without hard links a failing build still puts everything back."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    replace = os.replace

    def fail_on_b(source: object, target: object) -> None:
        if str(source).endswith(".new") and str(target).endswith("b.yaml"):
            raise OSError(5, "Input/output error")
        replace(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", fail_on_b)
    before = {name: (row[0], row[1]) for name, row in snapshot(output).items()}
    with pytest.raises(WriteError, match="Input/output error"):
        build(output, NEWER)
    assert {name: (row[0], row[1]) for name, row in snapshot(output).items()} == before


def test_what_cannot_be_put_back_is_told(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk fails for good half-way, the message does not say that all is as it was."""
    replace = os.replace
    calls = 0

    def fail_after_one(source: object, target: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(5, "Input/output error")
        replace(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", fail_after_one)
    with pytest.raises(WriteError, match=r"a\.yaml: replaced before the build failed") as caught:
        build(output, NEWER)
    assert "as it was" not in str(caught.value)


# --- two at once --------------------------------------------------------------------------------


def test_two_builds_at_once_do_not_disturb_each_other(output: Path) -> None:
    """Builds of different texts in turn from four processes: each set is whole, nothing is left."""
    sets = [{name: made(f"{who} {name}") for name in OLD} for who in "wxyz"]
    pids = []
    for texts in sets:
        pid = os.fork()
        if not pid:
            code = 0
            try:
                for _ in range(15):
                    build(output, texts)
            except BaseException:  # told by the code
                code = 1
            os._exit(code)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0, 0]
    assert {path.name: path.read_text() for path in output.iterdir()} in sets


def test_a_build_waits_for_another_and_then_looks_again(output: Path) -> None:
    """What another build wrote meanwhile is not written again."""
    changes = write.pending_changes(output, NEWER, prune=True)
    descriptor = os.open(output, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    pid = os.fork()
    if not pid:
        os.close(descriptor)
        os._exit(len(write.apply(changes)))
    time.sleep(0.2)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    assert contents(output) == OLD
    for name in ("a.yaml", "b.yaml"):
        (output / name).write_text(NEWER[name])
    os.close(descriptor)
    # Left to do: the new one and the one to remove.
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    assert contents(output) == NEWER
