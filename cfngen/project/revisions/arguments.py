"""What the two arguments of a review name: a file, a directory, or a revision."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cfngen.cloudformation.source import Source
from cfngen.errors import CfngenError, ManifestError
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions.deployed import template_printed
from cfngen.project.revisions.emptiness import hint_at
from cfngen.project.revisions.repository import Repository
from cfngen.project.revisions.side import Location, path_in_tree, source_at
from cfngen.project.revisions.trees import InCommit, OnDisk, Tree


@dataclass(frozen=True)
class Argument:
    """One argument: a path on disk, a revision, or a path in a revision."""

    text: str
    path: Path | None = None
    revision: str = ""  # nothing: on disk
    is_file: bool = False

    def tree(self, around: Path) -> Tree:
        """Return the tree that the argument is about, around a path."""
        if not self.revision:
            return OnDisk(around)
        repository = Repository(around)
        return InCommit(repository, repository.commit(self.revision))


def argument(text: str) -> Argument:
    """Return what an argument names.

    Raises:
        CfngenError: it is empty, a special file, or a path in what is no revision.
    """
    if not text.strip():
        raise CfngenError(
            "an empty name is no file, directory or git revision; is a variable unset?"
        )
    path = Path(text)
    refuse_both(text)
    if path.is_dir():
        return Argument(text, path)
    if path.is_file() or path.is_symlink():
        return Argument(text, path, is_file=True)
    if os.path.lexists(path):
        raise CfngenError(f"{text}: a special file, which is not read; write it to a file")
    revision, colon, inside = text.partition(":")
    if not colon:
        return Argument(text, revision=text)
    path = Path(inside or ".")
    repository = Repository(path)
    commit, at = repository.commit(revision), repository.inside(path)
    things = repository.listed(commit, at, recursively=False)
    is_directory = at == "." or any(thing.type == "tree" for thing in things)
    return Argument(text, path, revision, is_file=not is_directory)


def sides(base: str, head: str | None, here: Path) -> tuple[Argument, Argument | None]:
    """Return what both arguments name; `A...B` is where B has left A, and B unless there is more.

    Raises:
        CfngenError: as for `argument`; or both sides are named, and one of them once more.
    """
    if "..." in base:
        refuse_both(base)
    if "..." not in base or os.path.lexists(base):
        return argument(base), None if head is None else argument(head)
    left, _, right = base.partition("...")
    repository = Repository(here)
    since = repository.merge_base(left or "HEAD", right or "HEAD")
    if head is None:
        return Argument(base, revision=since), argument(right) if right else None
    if not os.path.lexists(head) and (":" in head or repository.knows(head)):
        raise CfngenError(
            f"{base} {head}: {base} names both sides already; leave out {head}, or write"
            f" `{left or 'HEAD'} {head}`"
        )
    first = replace(argument(f"{since}:{head}"), text=f"{base}:{head}")
    return first, argument(f"{right}:{head}" if right else head)


def refuse_both(text: str) -> None:
    """Refuse a text that is both a path and a revision: a change could name one like the other.

    Raises:
        CfngenError: with how to write the one and the other.
    """
    if not os.path.lexists(text) or text.startswith(("./", "../", "/")) or text.endswith("/"):
        return  # no revision is written so
    left, dots, right = text.partition("...")
    names = [left or "HEAD", right or "HEAD"] if dots else [text.partition(":")[0]]
    repository = Repository(Path())
    if all(map(repository.knows, names)):
        raise CfngenError(
            f"{text}: both a git revision and a file or directory; write ./{text} for what is on"
            f" disk, or {names[0]}^0 for the revision"
        )


def directory(given: Argument, other: Argument | None, here: Path) -> Location:
    """Return the directory that an argument names; for a revision, the other's directory in it."""
    path = given.path or (other.path if other else None) or here
    tree = given.tree(path)
    label = given.text if given.revision else f"{display_path(path)}/"
    return Location(label, tree, path_in_tree(tree, path), project(tree, here))


def file(given: Argument, other: Argument) -> tuple[Source, bool]:
    """Return the file that an argument names; for a revision, the other's file in it.

    With it comes whether it is what get-template printed, of which the template is returned.

    Raises:
        CfngenError: there is none, or it cannot be read.
    """
    path = given.path or other.path
    if path is None or not (given.is_file or other.is_file) or path.is_dir():
        raise CfngenError(
            f"{given.text} and {other.text}: a file is compared with a file or a revision, a"
            " directory with a directory or a revision"
        )
    tree = given.tree(path.absolute().parent)
    at = path_in_tree(tree, path)
    contents = tree.file(at)
    where = f" in {given.revision}" if given.revision else ""
    if contents is None and given.revision:
        raise CfngenError(f"{display_path(path)}: not a file in {given.revision}")
    if contents is None:
        raise CfngenError(
            f"{display_path(path)}: a symlink, or larger than any template; it is not read"
        )
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CfngenError(f"{display_path(path)}{where}: not UTF-8, so not a template") from None
    printed = template_printed(text)
    return source_at(tree, at, text if printed is None else printed), printed is not None


def project(tree: Tree, here: Path) -> manifest.ManifestSource:
    """Return the manifest of a tree for a directory; on disk, the one found from there."""
    if isinstance(tree, OnDisk):
        return manifest.find(here)
    here = Path(os.path.abspath(here))  # noqa: PTH100 - as git has it: links are not followed
    directories = [path for path in (here, *here.parents) if path.is_relative_to(tree.top)]
    if not directories:
        return manifest.ManifestSource(here)
    return manifest.find_in(directories, lambda path: tree.settings(path_in_tree(tree, path)))


@contextmanager
def of_revision(revision: str) -> Iterator[None]:
    """Name the revision in the problems of its manifest; nothing for the working tree."""
    try:
        yield
    except ManifestError as error:
        if not revision:
            raise
        raise ManifestError(f"{revision}: {problem}" for problem in error.problems) from None


def outputs(base: Argument, head: Argument | None, here: Path) -> tuple[Location, Location]:
    """Return the project's output directory on both sides, as the manifest of each side says.

    Raises:
        CfngenError: a manifest cannot be read, or the working tree has no such directory.
    """
    trees = base.tree(here), head.tree(here) if head else OnDisk(here)
    projects = [project(tree, here) for tree in trees]
    listed: list[Path | None] = []
    for project_found, side in zip(projects, (base, head), strict=True):
        with of_revision(side.text if side else ""):
            listed.append(
                manifest.output_directory(project_found) if project_found.has_manifest else None
            )
    usual = here.absolute() / "output"
    first, second = (
        own or (usual if tree.has(path_in_tree(tree, usual)) else None) or other or usual
        for own, other, tree in zip(listed, listed[::-1], trees, strict=True)
    )
    if head is None and not second.is_dir():
        raise CfngenError(
            f"{display_path(second)}/: no such directory{hint_at(trees[0])}; run `cfngen build`"
            " first, or name the directory that has the templates"
        )
    labels = base.text, head.text if head else f"{display_path(second)}/"
    return (
        Location(labels[0], trees[0], path_in_tree(trees[0], first), projects[0]),
        Location(labels[1], trees[1], path_in_tree(trees[1], second), projects[1]),
    )
