"""The one place that touches the output directory; `staging` has the steps of it."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cfngen.errors import WriteError, several
from cfngen.escaping import escape_controls
from cfngen.paths import display_path
from cfngen.project import staging
from cfngen.project.header import is_generated, is_unedited

NEW, CHANGED, SAME, REMOVED = "new", "changed", "same", "removed"


@dataclass(frozen=True)
class Change:
    """What a build would do to one file; `None` stands for a file that is not there."""

    path: Path
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """One of new, changed, same and removed."""
        if self.before == self.after:
            return SAME
        if self.before is None:
            return NEW
        return REMOVED if self.after is None else CHANGED

    def diff(self) -> str:
        """Return the change as a unified diff, empty for the same."""
        if self.kind == SAME:
            return ""
        path = escape_controls(display_path(self.path))
        lines = difflib.unified_diff(
            list(io.StringIO(self.before or "", newline="\n")),
            list(io.StringIO(self.after or "", newline="\n")),
            "/dev/null" if self.before is None else path,
            "/dev/null" if self.after is None else path,
            "" if self.before is None else "on disk",
            "" if self.after is None else "from the blueprint",
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def pending_changes(
    output: Path,
    texts: Mapping[str, str | None],
    *,
    prune: bool = False,
    within: Path | None = None,
    pattern: str = "*.yaml",
) -> list[Change]:
    """Return what has to change in the directory, in the order of the names; writes nothing.

    Args:
        output: the directory, which need not exist.
        texts: file names and what should be in them, `None` for a file that should not be there.
        prune: whether files that cfngen made and that are not listed any more are removed.
        within: the directory that `output` must not lead out of through a symlink.
        pattern: which files cfngen makes there.

    Raises:
        WriteError: the directory or a file cannot be read, or leads elsewhere; all of it at once.
    """
    try:
        _check_directory(output, within)
        changes = _wanted(output, texts)
        return changes + (_unwanted(output, texts, pattern) if prune and output.is_dir() else [])
    except OSError as error:
        at = display_path(error.filename or output)
        raise WriteError(f"{at}: cannot be read: {error.strerror}") from None


def _check_directory(output: Path, within: Path | None) -> None:
    target = Path(os.path.realpath(output))
    if within is not None and not target.is_relative_to(os.path.realpath(within)):
        raise WriteError(
            f"{display_path(output)} is a symlink that points outside the project, to {target};"
            " remove it, or name that directory with --output"
        )
    if os.path.lexists(output) and not output.is_dir():
        raise WriteError(f"{display_path(output)} is not a directory; move it away")


def _wanted(output: Path, texts: Mapping[str, str | None]) -> list[Change]:
    """Return the changes to the files that are wanted, the same ones among them."""
    problems: list[str] = []
    changes: list[Change] = []
    for name, after in sorted(texts.items()):
        with _collect(problems):
            changes.append(Change(output / name, _current(output / name), after))
    if problems:
        raise several(WriteError, problems)
    return changes


def _unwanted(output: Path, texts: Mapping[str, str | None], pattern: str) -> list[Change]:
    """Return the removals of files that cfngen made and that are not wanted."""
    return [
        Change(path, _current(path), None)
        for path in sorted(output.glob(pattern))
        if path.name not in texts
        and stat.S_ISREG(path.lstat().st_mode)
        and is_generated(path.read_bytes().decode("utf-8", "replace"))
    ]


def apply(changes: Iterable[Change], *, force: bool = False) -> list[Change]:
    """Make the changes, all of them or none, and return those that were needed.

    New texts are written beside their places, flushed to the disk and then renamed, so that a
    build killed at any moment leaves whole files, old or new. A build that fails puts back what
    it has renamed. Files that are the same are not touched.

    Args:
        changes: what `pending_changes` returned.
        force: overwrite files that were edited by hand, or that cfngen did not make.

    Raises:
        WriteError: a file was edited since, or the directory cannot be written; it is then
            as it was.
    """
    changes = list(changes)
    directories = {change.path.parent for change in changes}
    if not directories:
        return []
    (directory,) = directories
    created: list[Path] = []
    try:
        if all(change.kind == SAME for change in changes) and not any(staging.leftovers(directory)):
            return []
        created += [f for f in (directory, *directory.parents) if not f.exists()]
        directory.mkdir(parents=True, exist_ok=True)
        with staging.exclusive(directory):
            return _apply(directory, changes, force=force)
    except BaseException as error:
        for new in created:
            with contextlib.suppress(OSError):  # not empty, or never made
                new.rmdir()
        if isinstance(error, OSError):
            at = str(error.filename2 or error.filename or directory)
            raise WriteError(
                f"{display_path(directory if staging.PREFIX in at else at)}: cannot be written:"
                f" {error.strerror}; {display_path(directory)}/ is as it was: make room or grant"
                " access, and run again"
            ) from None
        raise


def _apply(directory: Path, changes: list[Change], *, force: bool) -> list[Change]:
    """Make the changes, alone in the directory."""
    needed = _still_needed(changes, force=force)
    if not needed:
        return []
    workspace = Path(tempfile.mkdtemp(prefix=staging.PREFIX, dir=directory))
    try:
        old = {change.path: workspace / f"{number}.old" for number, change in enumerate(needed)}
        new = {change.path: workspace / f"{number}.new" for number, change in enumerate(needed)}
        for change in needed:
            if change.before is not None:
                staging.keep(change.path, old[change.path])
            if change.after is not None:
                staging.stage(new[change.path], change.after, like=change.path)
        tried: list[Change] = []
        try:
            for change in needed:
                tried.append(change)
                if change.after is None:
                    change.path.unlink()
                else:
                    new[change.path].replace(change.path)
            staging.flush(directory)
        except BaseException:
            _undo(tried, old)
            raise
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return needed


def _still_needed(changes: list[Change], *, force: bool) -> list[Change]:
    """Look again, since another build may have written meanwhile.

    Raises:
        WriteError: files were edited, all of them at once.
    """
    problems: list[str] = []
    needed: list[Change] = []
    for change in changes:
        with _collect(problems):
            now = Change(change.path, _current(change.path), change.after)
            if now.kind != SAME:
                needed.append(now)
                problems += [] if force else _edited(now)
    if problems:
        raise several(WriteError, problems)
    return needed


def _current(path: Path) -> str | None:
    """Return what is in a file, `None` if there is none.

    Raises:
        WriteError: something else is in its place, or it cannot be read.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise WriteError(f"{display_path(path)} is a symlink to {path.readlink()}; remove it")
        if not stat.S_ISREG(mode):
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise WriteError(f"{display_path(path)} is {what}; move it away")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise WriteError(
            f"{display_path(path)}: not UTF-8, so not made by cfngen; move it away"
        ) from None
    except OSError as error:
        raise WriteError(f"{display_path(path)}: cannot be read: {error.strerror}") from None


def edited(changes: Iterable[Change]) -> list[str]:
    """Return why some changes would be refused without `force`, a line each."""
    return [line for change in changes for line in _edited(change)]


def _edited(change: Change) -> list[str]:
    """Return why a file should not be overwritten or removed, or nothing."""
    path, before = display_path(change.path), change.before
    if before is None or is_unedited(before):
        return []
    verb = "remove" if change.after is None else "overwrite"
    if "\n<<<<<<< " in f"\n{before}":
        return [f"{path}: has merge conflicts; when the blueprints are merged, build with --force"]
    if is_generated(before):
        reason = "edited by hand since cfngen made it"
        remedy = "move the edit to the blueprint (`cfngen build --check` shows it)"
    else:
        reason, remedy = "not made by cfngen", "move it away"
    return [f"{path}: {reason}; {remedy}, or {verb} it with --force"]


def _undo(tried: list[Change], old: dict[Path, Path]) -> None:
    """Put the old files back, the very same ones.

    Raises:
        WriteError: one could not be put back.
    """
    for change in tried:
        with contextlib.suppress(OSError):  # it may never have been replaced; looked at below
            if change.before is None:
                change.path.unlink(missing_ok=True)
            else:
                old[change.path].replace(change.path)
    if lost := [display_path(c.path) for c in tried if _current(c.path) != c.before]:
        raise WriteError(
            f"{', '.join(lost)}: replaced before the build failed, and cannot be put back;"
            " version control can"
        )


@contextlib.contextmanager
def _collect(problems: list[str]) -> Iterator[None]:
    try:
        yield
    except WriteError as error:
        problems.append(str(error))
