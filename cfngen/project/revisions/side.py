"""One side of a comparison: what is in a folder of a tree, sorted into templates and the rest."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cfngen.cloudformation.read import LARGEST
from cfngen.cloudformation.source import SUFFIXES, Source
from cfngen.errors import CfngenError, Problems
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions.recognition import Document, recognized
from cfngen.project.revisions.trees import Entry, InCommit, Kind, Tree

TOO_LARGE = "larger than any template"


@dataclass(frozen=True)
class Place:
    """A folder in a tree, with the manifest that goes for it.

    `label` is what a reviewer knows this side by; `folder` goes from the tree's top, without a
    slash at the end, and is nothing for the top itself.
    """

    label: str
    tree: Tree
    folder: str
    project: manifest.ManifestSource

    @property
    def in_revision(self) -> bool:
        """Whether it is in a commit, and not on disk."""
        return isinstance(self.tree, InCommit)

    @property
    def shown(self) -> str:
        """The folder as a person would type it."""
        return f"{display_path(self.tree.top / self.folder)}/"

    def below(self, path: str) -> str:
        """Return a path of the tree as it is below the folder."""
        return path.removeprefix(f"{self.folder}/") if self.folder else path

    def file(self, path: str) -> str:
        """Return a path of the tree as a person would type it."""
        return display_path(self.tree.top / path) + ("/" if path.endswith("/") else "")


@dataclass
class Side:
    """The contents of a place, by paths below its folder."""

    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # of the templates
    others: dict[str, str] = field(default_factory=dict)  # why each of the rest is none

    def source(self, path: str) -> Source:
        """Return a template with where it is."""
        return source_at(self.place.tree, self.entries[path].path, self.texts[path])


def opened(place: Place) -> Side:
    """Return what is in a place, nothing read yet."""
    entries = {place.below(entry.path): entry for entry in place.tree.walk(place.folder)}
    side = Side(place, entries)
    for path, entry in entries.items():
        if entry.kind is not Kind.FILE:
            side.others[path] = entry.kind.value
        elif entry.size > LARGEST:
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
        contents = side.place.tree.contents([side.entries[path] for path in wanted])
        for path, content in zip(wanted, contents, strict=True):
            document = recognized(content, closely=not _is_same(path, side, other))
            if document is Document.TEMPLATE:
                side.texts[path] = content.decode("utf-8-sig")
            else:
                side.others[path] = document.value
        for path in side.entries:
            if path not in side.texts:
                side.others.setdefault(path, Document.OTHER.value)
    problems = [*_broken(base, head), *_broken(head, base)]
    if problems:
        raise Problems(problems)


def _broken(side: Side, other: Side) -> Iterator[str]:
    """Take for templates what is one on the other side, and yield what is no text at all."""
    for path in [path for path in side.others if path in other.texts]:
        entry = side.entries[path]
        if entry.kind is not Kind.FILE or entry.size > LARGEST:
            continue
        (content,) = side.place.tree.contents([entry])
        try:
            side.texts[path] = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            where = f" in {side.place.label}" if side.place.in_revision else ""
            yield f"{side.place.file(entry.path)}{where}: not UTF-8, so no template"
        else:
            del side.others[path]


def has_suffix(path: str) -> bool:
    """Whether a file is called as templates are."""
    return path.lower().endswith(SUFFIXES)


def _is_read(path: str, side: Side, other: Side) -> bool:
    if has_suffix(path):
        return True
    return not _is_same(path, side, other)


def _is_same(path: str, side: Side, other: Side) -> bool:
    twin, digest = other.entries.get(path), side.entries[path].digest
    return twin is not None and bool(digest) and twin.digest == digest


def source_at(tree: Tree, path: str, text: str) -> Source:
    """Return a text as the file at a path of a tree, with what lies beside it there."""

    def beside(relative: str) -> Source | None:
        """Read a file of the same tree; a link, or a path that leads out of it, leads to none."""
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


def folder_of(tree: Tree, path: Path) -> str:
    """Return a path as a tree has it; nothing for its top.

    Raises:
        CfngenError: it is not in the tree.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if not absolute.is_relative_to(tree.top):
        raise CfngenError(f"{display_path(path)}: not in the repository {display_path(tree.top)}")
    inside = absolute.relative_to(tree.top).as_posix()
    return "" if inside == "." else inside
