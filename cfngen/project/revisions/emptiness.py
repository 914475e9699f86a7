"""What to say if there is nothing to compare: an error on both sides, a doubt on one."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.cloudformation.source import SUFFIXES
from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions.side import Location, Side
from cfngen.project.revisions.trees import Tree
from cfngen.review.comparison import EmptySide, some_directories

LOOKED_FOR = f"{', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} files with Resources"


def refuse_nothing(base: Side, head: Side) -> None:
    """Complain if there is no template on either side.

    Raises:
        CfngenError: with both directories, what was looked for, and where there are templates.
    """
    if base.texts or head.texts:
        return
    locations = base.location, head.location
    where = " and ".join(dict.fromkeys(_where(location) for location in locations))
    hint = next(filter(None, (hint_at(location.tree) for location in locations[::-1])), "")
    raise CfngenError(
        f"nothing to compare: no template in {where} (looked for {LOOKED_FOR}){hint}; name the"
        " directory that has them, or set `output` in cfngen.toml"
    )


def one_sided(base: Side, head: Side) -> Iterator[EmptySide]:
    """Yield a side without any template that may not be what it seems.

    Where base has no template anywhere, all of head's are simply new.
    """
    if head.texts and not base.texts:
        location = base.location
        elsewhere = tuple(_elsewhere(location.tree))
        listed = location.project.has_manifest and manifest.listed_templates(location.project) != []
        if elsewhere or listed:
            yield EmptySide(location.shown, _where(location), elsewhere)
    elif base.texts and not head.texts:
        location = head.location
        count = len(base.texts)
        yield EmptySide(location.shown, _where(location), (), base.location.label, count)


def _where(location: Location) -> str:
    return f"{location.shown} in {location.label}" if location.in_revision else location.shown


def hint_at(tree: Tree) -> str:
    """Return a hint at where a tree has templates; empty if it has none."""
    elsewhere = _elsewhere(tree)
    return f"; there are templates in {some_directories(elsewhere)}" if elsewhere else ""


def _elsewhere(tree: Tree) -> list[str]:
    """Return the directories of a commit that have templates; none for a disk."""
    directories = sorted({path.rpartition("/")[0] for path in tree.templates()})
    return [f"{display_path(tree.top / directory)}/" for directory in directories]
