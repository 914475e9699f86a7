"""One side of a comparison: the files of a directory, sorted into templates and others."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cfngen.cloudformation.read import MAX_SIZE
from cfngen.cloudformation.source import SUFFIXES, Source
from cfngen.errors import CfngenError, Problems
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions.deployed import template_printed
from cfngen.project.revisions.recognition import Document, recognized
from cfngen.project.revisions.trees import BATCH, Entry, InCommit, Kind, Tree

TOO_LARGE = "larger than any template"


@dataclass(frozen=True)
class Location:
    """A directory in a tree, with the manifest that applies to it.

    `label` is what a reviewer knows this side by; `directory` goes from the tree's top, without a
    slash at the end, and is empty for the top itself.
    """

    label: str
    tree: Tree
    directory: str
    project: manifest.ManifestSource

    @property
    def in_revision(self) -> bool:
        """Whether it is in a commit, and not on disk."""
        return isinstance(self.tree, InCommit)

    @property
    def shown(self) -> str:
        """The directory as a person would type it."""
        return f"{display_path(self.tree.top / self.directory)}/"

    def below(self, path: str) -> str:
        """Return a path of the tree relative to the directory."""
        return path.removeprefix(f"{self.directory}/") if self.directory else path

    def file(self, path: str) -> str:
        """Return a path of the tree as a person would type it."""
        return display_path(self.tree.top / path) + ("/" if path.endswith("/") else "")


@dataclass
class Side:
    """The contents of a location, by path below its directory."""

    location: Location
    entries: dict[str, Entry] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # of the templates
    others: dict[str, str] = field(default_factory=dict)  # why each of the rest is none
    begun: set[str] = field(default_factory=set)  # of the templates, those by their beginning only
    deployed: set[str] = field(default_factory=set)  # of the templates, what get-template printed

    def add(self, path: str, text: str) -> None:
        """Add a template; what get-template printed is the template in it."""
        printed = template_printed(text)
        self.texts[path] = text if printed is None else printed
        if printed is not None:
            self.deployed.add(path)

    def source(self, path: str) -> Source:
        """Return a template with where it is."""
        source = source_at(self.location.tree, self.entries[path].path, self.texts[path])
        return replace(source, is_template=path not in self.begun)


def list_side(location: Location) -> Side:
    """Return what is in a location, without reading it."""
    entries = {
        location.below(entry.path): entry for entry in location.tree.walk(location.directory)
    }
    side = Side(location, entries)
    for path, entry in entries.items():
        if entry.kind is not Kind.FILE:
            side.others[path] = entry.kind.value
        elif entry.size > MAX_SIZE:
            side.others[path] = TOO_LARGE
    return side


def read(base: Side, head: Side) -> None:
    """Find the templates of two sides.

    A file of another suffix than a template's is looked into where it is not the same on both
    sides: what is the same hides no change. What is a template on one side is taken for one on
    the other, so that one that somebody has broken is refused, and not taken for gone.

    Raises:
        Problems: a template of one side is no text on the other.
    """
    for side, other in ((base, head), (head, base)):
        wanted = [
            path for path in side.entries if path not in side.others and _is_read(path, side, other)
        ]
        for path, content in _contents(side, wanted):
            document = recognized(content, closely=not _is_same(path, side, other))
            if document in (Document.TEMPLATE, Document.BEGINNING):
                side.add(path, content.decode("utf-8-sig"))
                side.begun |= {path} if document is Document.BEGINNING else set()
            else:
                side.others[path] = document.value
        for path in side.entries:
            if path not in side.texts:
                side.others.setdefault(path, Document.OTHER.value)
    problems = [*_broken(base, head), *_broken(head, base)]
    if problems:
        raise Problems(problems)


def _contents(side: Side, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield paths with their contents, of which only some are there at a time."""
    for start in range(0, len(paths), BATCH):
        some = paths[start : start + BATCH]
        yield from zip(
            some, side.location.tree.contents([side.entries[path] for path in some]), strict=True
        )


def _broken(side: Side, other: Side) -> Iterator[str]:
    """Take as templates what is a template on the other side; yield what is not text."""
    for path in [path for path in side.others if path in other.texts]:
        entry = side.entries[path]
        if entry.kind is not Kind.FILE or entry.size > MAX_SIZE:
            continue
        (content,) = side.location.tree.contents([entry])
        try:
            side.add(path, content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            where = f" in {side.location.label}" if side.location.in_revision else ""
            yield f"{side.location.file(entry.path)}{where}: not UTF-8, so not a template"
        else:
            del side.others[path]


def has_suffix(path: str) -> bool:
    """Whether a file has the suffix of a template."""
    return path.lower().endswith(SUFFIXES)


def _is_read(path: str, side: Side, other: Side) -> bool:
    if has_suffix(path):
        return True
    return not _is_same(path, side, other)


def _is_same(path: str, side: Side, other: Side) -> bool:
    twin, digest = other.entries.get(path), side.entries[path].digest
    return twin is not None and bool(digest) and twin.digest == digest


def source_at(tree: Tree, path: str, text: str) -> Source:
    """Return a text as the file at a path of a tree, with access to the files beside it."""

    def beside(relative: str) -> Source | None:
        """Return a file of the same tree; `None` for symlinks and paths that lead out of it."""
        if not relative or relative.startswith("/") or ":" in relative or "\0" in relative:
            return None
        at = posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))
        if at.startswith("..") or at == ".":
            return None
        contents = tree.file(at)
        try:
            return None if contents is None else source_at(tree, at, contents.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return None

    return Source(text, display_path(tree.top / path), beside)


def path_in_tree(tree: Tree, path: Path) -> str:
    """Return a path relative to the top of a tree; empty for the top itself.

    Raises:
        CfngenError: it is not in the tree.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if not absolute.is_relative_to(tree.top):
        raise CfngenError(f"{display_path(path)}: not in the repository {display_path(tree.top)}")
    inside = absolute.relative_to(tree.top).as_posix()
    return "" if inside == "." else inside
