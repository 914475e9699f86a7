"""When there is nothing to compare: on both sides an error, on one a doubt."""

from __future__ import annotations

from collections.abc import Iterator

from cfngen.cloudformation.source import SUFFIXES
from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions.side import Place, Side
from cfngen.project.revisions.trees import Tree
from cfngen.review.model import Certainty, Concern, Finding

LOOKED_FOR = f"{', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} files with Resources"
MOST_NAMED = 3


def refuse_nothing(base: Side, head: Side) -> None:
    """Complain if there is no template on either side.

    Raises:
        CfngenError: with both folders, what was looked for, and where there are templates.
    """
    if base.texts or head.texts:
        return
    places = base.place, head.place
    where = " and ".join(dict.fromkeys(_where(place) for place in places))
    hint = next(filter(None, (hint_at(place.tree) for place in places[::-1])), "")
    raise CfngenError(
        f"nothing to compare: no template in {where} (looked for {LOOKED_FOR}){hint}; name the"
        " folder that has them, or set `output` in cfngen.toml"
    )


def one_sided(base: Side, head: Side) -> Iterator[Finding]:
    """Yield why a side without any template may not be what it seems.

    Where base has no template anywhere, all of head's are simply new.
    """
    if head.texts and not base.texts:
        place = base.place
        elsewhere = _elsewhere(place.tree)
        if elsewhere:
            yield _finding(place, f"although it has templates in {_named(elsewhere)}")
        elif place.project.has_manifest and manifest.listed_templates(place.project) != []:
            yield _finding(place, "although it has a manifest: are its templates not committed?")
    elif base.texts and not head.texts:
        yield _finding(head.place, f"and {base.place.label} has {len(base.texts)}")


def _finding(place: Place, why: str) -> Finding:
    message = f"no template was compared: {_where(place)} has none, {why}"
    return Finding(Concern.UNKNOWN, Certainty.MAY, place.shown, message, section="")


def _where(place: Place) -> str:
    return f"{place.shown} in {place.label}" if place.in_revision else place.shown


def hint_at(tree: Tree) -> str:
    """Return where a tree has templates, to be added to a message; nothing if it has none."""
    elsewhere = _elsewhere(tree)
    return f"; there are templates in {_named(elsewhere)}" if elsewhere else ""


def _elsewhere(tree: Tree) -> list[str]:
    """Return folders of the tree that have templates; only a commit's are looked for."""
    folders = sorted({path.rpartition("/")[0] for path in tree.templates()})
    return [f"{display_path(tree.top / folder)}/" for folder in folders]


def _named(folders: list[str]) -> str:
    more = f" and {len(folders) - MOST_NAMED} folders more" if len(folders) > MOST_NAMED else ""
    return f"{', '.join(folders[:MOST_NAMED])}{more}"
