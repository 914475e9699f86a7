"""Trees of files, on disk and in a commit, walked alike; symlinks are not followed."""

from __future__ import annotations

import enum
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from cfngen.cloudformation.read import MAX_SIZE
from cfngen.cloudformation.source import SUFFIXES, is_aside
from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project.revisions.recognition import Document, recognized
from cfngen.project.revisions.repository import Listed, Repository

BATCH = 200  # files that are read together
MAX_LINKS = 5  # from one to the next


class Kind(enum.Enum):
    """What a thing in a tree is."""

    FILE = "a file"
    LINK = "a symlink, which is not followed"
    SPECIAL = "a special file, which is not read"
    REPOSITORY = "a Git repository of its own, which is not inspected"
    ASIDE = "a directory that is skipped"


@dataclass(frozen=True)
class Entry:
    """One thing in a tree.

    `path` is relative to the top, with a slash at the end for a directory. Equal digests are equal
    contents; for what is not a file they are empty or what git has.
    """

    path: str
    kind: Kind
    digest: str = ""
    size: int = 0
    leads_to_file: bool = False  # of a link: whether a regular file is known to be at its end


class Tree(Protocol):
    """Files below a directory, the `top`."""

    top: Path

    def walk(self, directory: str) -> list[Entry]:
        """Return what is below a directory, sorted; empty if there is none."""

    def has(self, directory: str) -> bool:
        """Whether there is such a directory."""

    def contents(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return the contents of files."""

    def file(self, path: str) -> bytes | None:
        """Return the contents of a regular file; `None` if there is none, or a symlink."""

    def settings(self, path: str) -> bytes | None:
        """Return the contents of a settings file, through symlinks within the tree."""

    def templates(self) -> list[str]:
        """Return the paths of templates anywhere in a commit; empty for a disk."""


class OnDisk:
    """The files of the repository around a directory, or of the directory itself."""

    def __init__(self, directory: Path) -> None:
        """Find the top: the nearest directory upwards with `.git`."""
        directory = Path(os.path.abspath(directory))  # noqa: PTH100 - links are not followed
        around = (path for path in (directory, *directory.parents) if (path / ".git").exists())
        self.top = next(around, directory)

    def walk(self, directory: str) -> list[Entry]:
        """Return what is below a directory.

        Raises:
            CfngenError: a directory or file cannot be read.
        """
        at = self.top
        for part in PurePosixPath(directory).parts:
            at /= part
            if at.is_symlink():
                raise CfngenError(
                    f"{display_path(at)}: a symlink, which is not followed; name its target"
                )
        return sorted(self._walk(at), key=lambda entry: entry.path)

    def has(self, directory: str) -> bool:
        """Whether there is such a directory."""
        return (self.top / directory).is_dir()

    def contents(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return the contents of files."""
        return [_read(self.top / entry.path) for entry in entries]

    def file(self, path: str) -> bytes | None:
        """Return the contents of a regular file; `None` if a symlink leads to it."""
        at = self.top
        try:
            for part in PurePosixPath(path).parts:
                at /= part
                if at.is_symlink():
                    return None
            if not at.is_file() or at.stat().st_size > MAX_SIZE:
                return None
        except OSError:  # a name longer than any file has
            return None
        return _read(at)

    def settings(self, path: str) -> bytes | None:
        """Return the contents of a file, through symlinks."""
        at = self.top / path
        return _read(at) if at.is_file() else None

    def templates(self) -> list[str]:
        """Return nothing: the rest of a disk is not part of any change."""
        return []

    def _walk(self, directory: Path) -> Iterator[Entry]:
        try:
            with os.scandir(directory) as listing:
                children = list(listing)
        except OSError as error:
            raise CfngenError(
                f"{display_path(directory)}: cannot be read: {error.strerror}"
            ) from None
        for child in children:
            path = Path(child.path)
            name = path.relative_to(self.top).as_posix()
            mode = child.stat(follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                yield Entry(name, Kind.LINK, leads_to_file=path.is_file())
            elif child.name == ".git":
                continue  # no part of any commit
            elif stat.S_ISDIR(mode):
                if is_aside(child.name):
                    yield Entry(f"{name}/", Kind.ASIDE)
                elif os.path.lexists(path / ".git"):
                    yield Entry(f"{name}/", Kind.REPOSITORY)
                else:
                    yield from self._walk(path)
            elif stat.S_ISREG(mode):
                size = child.stat(follow_symlinks=False).st_size
                yield Entry(name, Kind.FILE, _digest(path, size), size)
            else:
                yield Entry(name, Kind.SPECIAL)


class InCommit:
    """The files of a commit."""

    def __init__(self, repository: Repository, commit: str) -> None:
        """Keep where to read."""
        self.repository = repository
        self.commit = commit
        self.top = repository.top

    def walk(self, directory: str) -> list[Entry]:
        """Return what is below a directory."""
        start = "" if directory in ("", ".") else f"{directory}/"
        entries: dict[str, Entry] = {}
        for listed in self.repository.listed(self.commit, start):
            entry = self._entry(listed, start)
            entries[entry.path] = entry
        return sorted(entries.values(), key=lambda entry: entry.path)

    def has(self, directory: str) -> bool:
        """Whether there is such a directory."""
        things = self.repository.listed(self.commit, directory, recursively=False)
        return not directory or any(thing.type == "tree" for thing in things)

    def contents(self, entries: Sequence[Entry]) -> list[bytes]:
        """Return the contents of files."""
        return self.repository.blobs([entry.digest for entry in entries])

    def file(self, path: str) -> bytes | None:
        """Return the contents of a regular file."""
        things = self.repository.listed(self.commit, path, recursively=False)
        if len(things) != 1 or not is_regular(things[0]) or things[0].size > MAX_SIZE:
            return None
        return self.repository.blobs([things[0].digest])[0]

    def settings(self, path: str) -> bytes | None:
        """Return the contents of a file; a link is followed within the commit.

        Raises:
            OSError: a link leads out of it, or to nothing.
        """
        for links in range(MAX_LINKS):
            things = self.repository.listed(self.commit, path, recursively=False) if path else []
            if len(things) != 1 and not links:
                return None
            if len(things) != 1 or things[0].type != "blob":
                break
            if is_regular(things[0]):
                return self.repository.blobs([things[0].digest])[0]
            path = self._target(things[0])
        raise OSError(errno.ENOENT, "leads to no file of the commit")

    def templates(self) -> list[str]:
        """Return the paths of some templates anywhere in the commit, as git finds them."""
        likely = set(self.repository.containing(self.commit, "Resources", SUFFIXES))
        entries = [
            entry
            for entry in self.walk("")
            if entry.path in likely and entry.kind is Kind.FILE and entry.size <= MAX_SIZE
        ]
        for start in range(0, len(entries), BATCH):
            some = entries[start : start + BATCH]
            paths = [
                entry.path
                for entry, content in zip(some, self.contents(some), strict=True)
                if recognized(content) in (Document.TEMPLATE, Document.BEGINNING)
            ]
            if paths:
                return paths
        return []

    def _entry(self, listed: Listed, start: str) -> Entry:
        directories = PurePosixPath(listed.path.removeprefix(start)).parts[:-1]
        for number, name in enumerate(directories, 1):
            if is_aside(name):
                return Entry(f"{start}{'/'.join(directories[:number])}/", Kind.ASIDE)
        if listed.type == "commit":
            return Entry(f"{listed.path}/", Kind.REPOSITORY, listed.digest)
        if listed.mode == "120000":
            return Entry(listed.path, Kind.LINK, listed.digest, 0, self._leads_to_file(listed))
        return Entry(listed.path, Kind.FILE, listed.digest, listed.size)

    def _leads_to_file(self, link: Listed) -> bool:
        path = self._target(link)
        things = self.repository.listed(self.commit, path, recursively=False) if path else []
        return len(things) == 1 and is_regular(things[0])

    def _target(self, link: Listed) -> str:
        """Return the path that a symlink leads to; empty if it leads out of the commit."""
        target = self.repository.blobs([link.digest])[0].decode("utf-8", "surrogateescape")
        path = os.path.normpath(PurePosixPath(link.path).parent / target)
        return "" if path.startswith(("/", "..")) else path


def is_regular(listed: Listed) -> bool:
    """Whether an entry of a commit is a file, and not a symlink."""
    return listed.type == "blob" and listed.mode != "120000"


def _digest(path: Path, size: int) -> str:
    """Return the digest that git has for a file, so that both kinds of trees compare."""
    if size > MAX_SIZE:
        return ""  # no template, whatever is in it
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise CfngenError(f"{display_path(path)}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CfngenError(f"{display_path(path)}: cannot be read: {error.strerror}") from None
