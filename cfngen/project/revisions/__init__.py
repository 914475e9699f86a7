"""Templates as they are in a git revision, in a folder, or in a file, and which belong together."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from cfngen.cloudformation.source import Source
from cfngen.errors import CfngenError
from cfngen.paths import display_path
from cfngen.project import manifest
from cfngen.project.revisions import arguments
from cfngen.project.revisions.arguments import Argument, argument
from cfngen.project.revisions.emptiness import one_sided, refuse_nothing
from cfngen.project.revisions.pairing import names, paired, stem
from cfngen.project.revisions.repository import Repository
from cfngen.project.revisions.side import Place, Side, opened, read
from cfngen.project.revisions.unseen import allowed, left_behind, left_out, unseen
from cfngen.review.model import Finding, LeftOut

MOST_NAMED = 5  # templates that have another name


@dataclass(frozen=True)
class Comparison:
    """The templates of both sides, those that belong together under one name.

    `left_out`, `unknowns` and `notes` say what was not compared, and how the rest was: see
    `cfngen.review.model.Review`. `accepted` are the parts that the project accepts without a look
    into them, each with its reason.
    """

    labels: tuple[str, str]
    base: dict[str, Source]
    head: dict[str, Source]
    left_out: tuple[LeftOut, ...] = ()
    unknowns: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    accepted: dict[str, str] = field(default_factory=dict)
    allowed: tuple[tuple[str, str], ...] = ()  # files that `accepted` covers here, with reasons


def pair(base: str, head: str | None, here: Path) -> Comparison:
    """Return the templates of both sides of a review.

    Args:
        base: a file, a folder, a git revision, or a file or folder in one as `REVISION:PATH`;
            `A...B` is what B has changed since it left A, and then says what head is (the working
            tree, with nothing for B).
        head: likewise; the working tree without one.
        here: where the project is looked for. A revision stands for the output folder that the
            project has in it; beside a folder or a file, for that folder or file in it.

    Raises:
        CfngenError: one of them cannot be found, both cannot be compared, or there is no template
            on either side.
    """
    if head is None and "..." in base:
        arguments.refuse_both(base)
        if not os.path.lexists(base):
            left, _, right = base.partition("...")
            since = Repository(here).merge_base(left or "HEAD", right or "HEAD")
            first = Argument(base, revision=since)
            return _outputs(first, argument(right) if right else None, here)
    first, second = argument(base), None if head is None else argument(head)
    if first.is_file or (second and second.is_file):
        return _files(first, second, here)
    if first.path is None and (second is None or second.path is None):
        return _outputs(first, second, here)
    if second is None:
        folder = manifest.output_directory(manifest.find(here))
        second = argument(display_path(folder)) if folder.is_dir() else None
        if second is None:
            raise CfngenError(f"{display_path(folder)}/: no such folder; run `cfngen build` first")
    return _folders(arguments.folder(first, second, here), arguments.folder(second, first, here))


def _outputs(base: Argument, head: Argument | None, here: Path) -> Comparison:
    """Compare what the project has in its output folders, and look at the one that it has left."""
    places = arguments.outputs(base, head, here)
    compared = _folders(*places)
    return replace(compared, unknowns=(*compared.unknowns, *left_behind(*places)))


def _folders(base: Place, head: Place) -> Comparison:
    """Compare what is in two folders."""
    old, new = opened(base), opened(head)
    read(old, new)
    refuse_nothing(old, new)
    pairs = paired(old.texts, new.texts, (base.label, head.label))
    both = [(before, after) for after, before in pairs.pairs.items()]
    used = set(pairs.pairs.values())
    # What has become of a template whose place a link has taken, say, nobody sees.
    both += [(path, "") for path in old.texts if path not in used and path not in new.others]
    both += [("", path) for path in new.texts if path not in pairs.pairs and path not in old.others]
    called = names(both)
    accepted = _accepted(base)
    return Comparison(
        (base.label, head.label),
        {called[pair]: old.source(pair[0]) for pair in both if pair[0]},
        {called[pair]: new.source(pair[1]) for pair in both if pair[1]},
        left_out(old, new),
        (*one_sided(old, new), *unseen(old, new, pairs.ambiguous, accepted)),
        (*_notes(old, new, both), *_newly_accepted(head, accepted)),
        accepted,
        allowed(old, new, accepted),
    )


def _notes(old: Side, new: Side, both: list[tuple[str, str]]) -> list[str]:
    """Return what has moved: the folder, and templates that have another path in it."""
    notes = []
    one, other = old.place, new.place
    if one.in_revision and one.tree.top == other.tree.top and one.folder != other.folder:
        notes.append(f"the output folder was {one.shown} and is {other.shown} now")
    renamed = [
        f"{before} is {after} now"
        for before, after in sorted(both)
        if before and after and stem(before) != stem(after)
    ]
    if renamed:
        more = f" and {len(renamed) - MOST_NAMED} more" if len(renamed) > MOST_NAMED else ""
        notes.append(
            f"{', '.join(renamed[:MOST_NAMED])}{more}: a stack that is named after its template"
            " would be a new one, and the old one would stay"
        )
    return notes


def _files(base: Argument, head: Argument | None, here: Path) -> Comparison:
    """Compare two files with each other, whatever they are called."""
    if head is None:
        raise CfngenError(
            f"{base.text}: a file is compared with a file or a revision, a folder with a folder or"
            " a revision; name what to compare it with"
        )
    old, new = arguments.file(base, head), arguments.file(head, base)
    name = stem(Path(new.file).name)
    around = base.tree(base.path.absolute().parent if base.path else here)
    place = Place(base.text, around, "", arguments.project(around, here))
    return Comparison((base.text, head.text), {name: old}, {name: new}, accepted=_accepted(place))


def _newly_accepted(head: Place, accepted: dict[str, str]) -> list[str]:
    """Return what head's manifest accepts for the reviews that follow, and base's does not."""
    with arguments.of_revision(head.label if head.in_revision else ""):
        later = manifest.accepted_parts(head.project)
    return [
        f"{name} is accepted without a look into it from this change on: {reason}"
        for name, reason in later.items()
        if name not in accepted
    ]


def _accepted(base: Place) -> dict[str, str]:
    """Return the parts that base's manifest accepts: no change accepts itself."""
    with arguments.of_revision(base.label if base.in_revision else ""):
        return manifest.accepted_parts(base.project)
