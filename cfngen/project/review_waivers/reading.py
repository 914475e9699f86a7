"""The waivers of one side of a review, from a commit or from disk."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project.review_waivers.entries import read_entries
from cfngen.project.revisions.side import Location
from cfngen.project.revisions.trees import InCommit, Tree
from cfngen.review.waiver import WAIVERS_FILE, Waiver

FILE = WAIVERS_FILE
# Where each file has its waivers. The first one is for those who have no project.
TABLES = {
    FILE: ("waivers",),
    "cfngen.toml": ("review", "waivers"),
    "pyproject.toml": ("tool", "cfngen", "review", "waivers"),
}
MAX_BYTES = 1_000_000
PLACE = re.compile(r"(?s)(.*) \(at line (\d+), column (\d+)\)")


@dataclass(frozen=True)
class SideWaivers:
    """The waivers that stand on one side, and what is wrong with its files.

    `by_file` has those of each file that has some, which is a path from the top of the tree.
    """

    by_file: tuple[tuple[str, tuple[Waiver, ...]], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers of all files."""
        return tuple(waiver for _, waivers in self.by_file for waiver in waivers)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that have waivers."""
        return tuple(path for path, _ in self.by_file)

    def of(self, file: str) -> tuple[Waiver, ...]:
        """Return the waivers of one of the files, in their order."""
        return dict(self.by_file)[file]


def read_side(location: Location) -> SideWaivers:
    """Return the waivers for the templates in a location.

    They are in the nearest directory, from that of the templates up to the top of its repository,
    that has a file with waivers. No link is followed: a file that is one is a problem.
    """
    for directory in _upwards(location.directory):
        side = _read_directory(location, directory)
        if side.files or side.problems:
            return side
    return SideWaivers()


def table_of(document: Any, keys: tuple[str, ...]) -> Any:
    """Return what a document has under some keys; `None` where it has nothing."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _read_directory(location: Location, directory: str) -> SideWaivers:
    by_file: list[tuple[str, tuple[Waiver, ...]]] = []
    problems: list[str] = []
    for name, keys in TABLES.items():
        path = f"{directory}/{name}" if directory else name
        shown = f"{location.label}: " if location.in_revision else ""
        shown += display_path(location.tree.top / path)
        try:
            table = table_of(_document(location.tree, path, required=name == FILE), keys)
        except CfngenError as error:
            problems.append(f"{shown}{error}")
            continue
        if table is None:
            continue
        some, wrong = read_entries(table, f"{shown}: {'.'.join(keys)}")
        by_file.append((path, tuple(some)))
        problems += wrong
    side = SideWaivers(tuple(by_file), tuple(problems))
    keys_seen = [waiver.key for waiver in side.waivers]
    if not problems and len(set(keys_seen)) < len(keys_seen):
        twice = f"{' and '.join(side.files)} waive the same; keep one of the entries"
        return SideWaivers(side.by_file, (twice,))
    return side


def keys_of(path: str) -> tuple[str, ...]:
    """Return where a file has its waivers."""
    return TABLES[PurePosixPath(path).name]


def _document(tree: Tree, path: str, *, required: bool) -> Any:
    """Return what a file says, `None` if there is none.

    Args:
        tree: where it is.
        path: from the top of the tree.
        required: whether the file is about waivers only. What is wrong with a manifest, somebody
            else says, if it is one at all.
    """
    content = tree.file(path)
    if content is None:
        if required and _exists(tree, path):
            raise CfngenError(": a symlink, or too large; it is not read")
        return None
    if len(content) > MAX_BYTES:
        raise CfngenError(f": larger than {MAX_BYTES:,} bytes")
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        problem = ": not UTF-8; save the file as UTF-8"
    except RecursionError:
        problem = ": not TOML: nested too deeply"
    except ValueError as error:
        parts = PLACE.fullmatch(str(error))
        place = f":{parts[2]}:{parts[3]}" if parts else ""
        problem = f"{place}: not TOML: {parts[1] if parts else error}"
    if required:
        raise CfngenError(problem)
    return None


def _exists(tree: Tree, path: str) -> bool:
    if isinstance(tree, InCommit):
        return bool(tree.repository.listed(tree.commit, path, recursively=False))
    return os.path.lexists(tree.top / path)


def _upwards(directory: str) -> Iterator[str]:
    parts = PurePosixPath(directory).parts
    for number in range(len(parts), -1, -1):
        yield "/".join(parts[:number])
