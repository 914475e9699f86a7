"""Which payloads were executed: noted by whatever runs one, and looked up after the tests.

A payload is known by its bytes: a changed copy, as tests make them, shows nothing of what ships.
Run as a program, this says which payloads no test has executed since the notes were removed.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".pytest_cache" / "evidence" / "payloads"
PLACES = ("blueprints/*/payload/*", "blueprints/_shared/*/*", "cfngen/patterns/payload/*")
# Directories of programs that run as processes of their own, where Python leaves what it compiled
# of the modules that they imported.
WATCHED: set[Path] = set()


def payloads(root: Path = ROOT) -> list[Path]:
    """Return every file that is embedded in a template, or put into an image or an archive."""
    paths = (path for place in PLACES for path in root.glob(place))
    return sorted(p for p in paths if p.is_file() and "__pycache__" not in p.parts)


@functools.cache
def by_digest() -> dict[str, Path]:
    """Return the payloads by the SHA-256 of their bytes."""
    return {digest(path.read_bytes()): path for path in payloads()}


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def note(content: bytes | str) -> None:
    """Note that a text was executed, if it is a payload, byte for byte."""
    raw = content.encode() if isinstance(content, str) else content
    number = digest(raw)
    if number in by_digest():
        KEPT.mkdir(parents=True, exist_ok=True)
        who = os.environ.get("PYTEST_CURRENT_TEST", "a process beside the tests")
        (KEPT / number).write_text(f"{by_digest()[number].relative_to(ROOT)}: {who}\n")


def note_archive(content: bytes) -> None:
    """Note that a function whose code is an archive was called."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            note(archive.read(name))


def watch(directory: Path) -> None:
    """Have the modules in a directory noted that processes import from it."""
    WATCHED.add(directory)


def collect(*directories: Path) -> None:
    """Note what was imported from these directories so far, or else from all that are watched."""
    for directory in directories or [*WATCHED]:
        for compiled in directory.glob("__pycache__/*.pyc"):
            source = directory / f"{compiled.name.partition('.')[0]}.py"
            if source.is_file():
                note(source.read_bytes())


def missing(root: Path = ROOT, kept: Path = KEPT) -> Iterator[str]:
    """Yield the payloads that nothing has executed, as paths."""
    for path in payloads(root):
        if not (kept / digest(path.read_bytes())).exists():
            yield str(path.relative_to(root))


if __name__ == "__main__":
    if left := list(missing()):
        sys.exit("\n".join(["no test has executed these payloads:", *left]))
