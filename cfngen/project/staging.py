"""How files are replaced so that a process killed at any moment leaves whole ones, old or new."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

# Beside the files until a build is through; what a killed one left is cleared by the next.
PREFIX = ".cfngen-"


def stage(staged: Path, text: str, like: Path) -> None:
    """Write a text that is to be renamed, and flush it to the disk."""
    mode = stat.S_IMODE(like.stat().st_mode) if like.exists() else None
    with staged.open("xb") as stream:
        stream.write(text.encode("utf-8"))
        stream.flush()
        if mode is not None:
            os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())


def keep(path: Path, kept: Path) -> None:
    """Keep a file under a second name: the very same one, or a copy where links are not known."""
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)


def flush(directory: Path) -> None:
    """Bring the renames themselves to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def leftovers(directory: Path) -> Iterator[Path]:
    """Yield what killed builds left, or running ones have."""
    return directory.glob(f"{PREFIX}*")


@contextlib.contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold the directory against other builds, and clear what a killed one left."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # Windows and some network file systems know no flock; there, builds may race.
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for left in leftovers(directory):
                shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)
