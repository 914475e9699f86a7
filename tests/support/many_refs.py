"""Repositories with as many refs, or as much history, as one wishes, made in seconds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

WHO = b"a <a@example.com> 1700000000 +0000"


def git(path: Path, *arguments: str, feed: bytes = b"") -> str:
    """Run git in a repository and return what it prints."""
    command = ["git", f"--git-dir={path}", *arguments]
    done = subprocess.run(command, input=feed, capture_output=True, check=True)
    return done.stdout.decode().strip()


def empty(path: Path) -> Path:
    """Make an empty bare repository."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    return path


def many_refs(path: Path, count: int) -> Path:
    """Make a repository with a commit for each ref: half of them branches, half of them tags.

    Refs are packed, as they are where a repository is served. The history is a tree: the parent of
    commit n is commit n // 2.
    """
    empty(path)
    marks = path / "marks"
    importing = ("fast-import", "--quiet", "--force", f"--export-marks={marks}")
    git(path, *importing, feed=b"".join(_commits(count)))
    values = [line.split(" ")[1] for line in sorted(marks.read_text().splitlines(), key=_number)]
    marks.unlink()
    names = ["refs/heads/main"] + [
        f"refs/heads/topic/{n % 100:03}/branch-{n:06}" if n % 2 else f"refs/tags/release-{n:06}"
        for n in range(1, count)
    ]
    git(path, "update-ref", "-d", "refs/heads/import")
    lines = [f"{value} {name}\n" for value, name in zip(values, names, strict=True)]
    (path / "packed-refs").write_text("".join(lines))
    git(path, "pack-refs", "--all")
    return path


def _number(line: str) -> int:
    return int(line.split(" ")[0][1:])


def _commits(count: int) -> Iterator[bytes]:
    for n in range(1, count + 1):
        parent = b"from :%d\n" % (n // 2) if n > 1 else b""
        head = b"commit refs/heads/import\nmark :%d\ncommitter %b\ndata 2\nx\n" % (n, WHO)
        yield head + parent + b"\n"


def large_history(path: Path, commits: int, size: int) -> Path:
    """Make a repository with a line of commits, each of which adds a file that does not shrink."""
    empty(path)
    command = ["git", f"--git-dir={path}", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin
        for n in range(commits):
            head = b"commit refs/heads/main\ncommitter %b\ndata 2\nx\n" % WHO
            file = b"M 100644 inline file%d\ndata %d\n" % (n, size)
            importing.stdin.write(head + file + os.urandom(size) + b"\n")
    assert importing.returncode == 0
    return path
