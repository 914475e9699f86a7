"""Prunes the waivers of a project, for the command that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfngen.console.project import write_file
from cfngen.errors import CfngenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfngen.project.review_waivers.reading import SideWaivers
    from cfngen.project.revisions import Comparison
    from cfngen.project.revisions.side import Location
    from cfngen.review import Review
    from cfngen.review.waiver import Waiver

BOM = "\ufeff"


def prune(compared: Comparison, review: Review, *, write: bool) -> Iterator[str]:
    """Take spent and expired waivers out of head's files; yield a line for each.

    Args:
        compared: base, and the directory on disk whose waivers are pruned.
        review: the review of these two, with its waivers.
        write: whether the files are changed.

    Raises:
        CfngenError: head is in a revision, or a file is written so that nothing can be taken out.
    """
    from cfngen.project.review_waivers.reading import read_side
    from cfngen.review.kinds import Side
    from cfngen.review.waiver import WaiverState

    location = compared.locations[-1]
    if location.in_revision:
        raise CfngenError(f"{location.label}: in a revision; waivers are pruned on disk")
    over = (WaiverState.SPENT, WaiverState.EXPIRED)
    gone = {w.entry: w for w in review.waivers if w.state in over and w.side is not Side.BASE}
    side = read_side(location)
    edited = [(path, *_edited(location, side, path, gone)) for path in side.files]
    for path, text, removed in edited:  # once nothing is left that could be refused
        if write and removed:
            write_file(location.tree.top / path, text)
        for waiver in removed:
            name = f"{waiver.code} of {waiver.template}/{waiver.resource}"
            yield f"{location.file(path)}: {waiver.state} waiver of {name}, until {waiver.until}"


def _edited(
    location: Location, side: SideWaivers, path: str, gone: dict[Waiver, Waiver]
) -> tuple[str, list[Waiver]]:
    """Return the text of a file without the waivers that go, and these."""
    from cfngen.project.review_waivers.pruning import without
    from cfngen.project.review_waivers.reading import keys_of

    numbers = {n: gone[w] for n, w in enumerate(side.of(path)) if w in gone}
    if not numbers:
        return "", []
    text = (location.tree.file(path) or b"").decode()
    mark = BOM if text.startswith(BOM) else ""
    return mark + without(text.removeprefix(BOM), keys_of(path), numbers), list(numbers.values())
