"""The one place that touches the output folder."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cfngen.errors import WriteError
from cfngen.header import intact, made_by_us

NEW, CHANGED, SAME, REMOVED = "new", "changed", "same", "removed"
TEMPORARY = ".cfngen-"


@dataclass(frozen=True)
class Change:
    """What a build would do to one file; `None` stands for a file that is not there."""

    path: Path
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """One of new, changed, same and removed."""
        if self.before is None:
            return NEW
        if self.after is None:
            return REMOVED
        return SAME if self.before == self.after else CHANGED

    def diff(self) -> str:
        """Return the change as a unified diff, empty for the same."""
        if self.kind == SAME:
            return ""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            "/dev/null" if self.before is None else f"{self.path} (on disk)",
            "/dev/null" if self.after is None else f"{self.path} (from the blueprint)",
        )
        return "".join(lines)


def plan(output: Path, texts: dict[str, str], *, prune: bool = False) -> list[Change]:
    """Return what has to change in the folder, in the order of the names; writes nothing.

    Args:
        output: the folder, which need not exist.
        texts: file names and what should be in them.
        prune: whether files that cfngen made and nobody asks for any more are removed.

    Raises:
        WriteError: the folder or a file cannot be read, or leads elsewhere.
    """
    problems: list[str] = []
    if output.is_symlink() and not output.resolve().is_relative_to(output.parent.resolve()):
        problems.append(
            f"{output} is a link to {output.resolve()}, outside the project; remove the link, or"
            " name that folder with --output"
        )
    elif output.exists() and not output.is_dir():
        problems.append(f"{output} is not a folder; move it away")
    changes = []
    for name, after in sorted(texts.items()):
        with _collect(problems):
            changes.append(Change(output / name, _current(output / name), after))
    if prune and output.is_dir():
        for path in sorted(output.glob("*.yaml")):
            if path.name not in texts and not path.is_symlink():
                with _collect(problems):
                    before = _current(path)
                    if before is not None and made_by_us(before):
                        changes.append(Change(path, before, None))
    if problems:
        raise WriteError("\n".join(problems))
    return changes


def apply(changes: list[Change], *, force: bool = False) -> list[Change]:
    """Make the changes, each file whole or not at all, and return those that were needed.

    Everything is written beside its place, flushed to the disk and then renamed, so that a build
    killed at any moment leaves whole files. Files that are the same are not touched.

    Args:
        changes: what `plan` returned.
        force: overwrite files that were edited by hand, or that cfngen did not make.

    Raises:
        WriteError: a file was edited since, or the folder cannot be written; the folder is then
            as it was.
    """
    needed = [change for change in changes if change.kind != SAME]
    if not needed:
        return []
    if not force and (edited := [problem for c in needed if (problem := _edited(c))]):
        raise WriteError("\n".join(edited))
    folder = needed[0].path.parent
    staged: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder) as folder_descriptor:
            try:
                for change in needed:
                    if change.after is not None:
                        staged.append((_stage(change.path, change.after), change.path))
                for temporary, path in staged:
                    temporary.replace(path)
                for change in needed:
                    if change.after is None:
                        change.path.unlink()
                os.fsync(folder_descriptor)
            finally:
                for temporary, _ in staged:
                    temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(
            f"{error.filename or folder}: cannot be written: {error.strerror}; nothing was lost,"
            " make room or grant access and run again"
        ) from None
    return needed


def _current(path: Path) -> str | None:
    if path.is_symlink():
        raise WriteError(f"{path} is a link to {path.readlink()}; remove the link")
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise WriteError(f"{path}: not UTF-8, so not made by cfngen; move it away") from None
    except OSError as error:
        raise WriteError(f"{path}: cannot be read: {error.strerror}") from None


def _edited(change: Change) -> str:
    """Return why a file should not be overwritten, or nothing."""
    if change.before is None or intact(change.before):
        return ""
    if made_by_us(change.before):
        return (
            f"{change.path}: edited by hand since cfngen made it; move the edit to the blueprint"
            " (`cfngen build --check` shows it), or overwrite it with --force"
        )
    return f"{change.path}: not made by cfngen; move it away, or overwrite it with --force"


def _stage(path: Path, text: str) -> Path:
    """Write the text beside its place and return the temporary file."""
    descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fchmod(descriptor, path.stat().st_mode & 0o777 if path.exists() else _mode())
            os.fsync(descriptor)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _mode() -> int:
    """Return the mode of a new file under the user's umask."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[int]:
    """Hold the folder against other builds, and clear what a killed one left."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(ImportError):  # Windows has no flock; there, builds may race
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in folder.glob(f"{TEMPORARY}*.tmp"):
            left.unlink(missing_ok=True)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _collect(problems: list[str]) -> Iterator[None]:
    try:
        yield
    except WriteError as error:
        problems.append(str(error))
