"""What was not compared: listed in every format, and reported if it could hide a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfngen.cloudformation.read import MAX_SIZE
from cfngen.project.revisions.recognition import Document
from cfngen.project.revisions.side import Location, Side, has_suffix, list_side, read
from cfngen.project.revisions.trees import Kind
from cfngen.review.comparison import Doubt, UncomparedFile
from cfngen.review.model import LeftOut
from cfngen.review.model import Side as SideName
from cfngen.review.waiver import WAIVERS_FILE

IN_ITS_PLACE = "put the template itself there"
UNREADABLE = frozenset(
    (Document.BROKEN.value, Document.BINARY.value, Document.MACRO_OUTPUT.value)
)  # but perhaps by CloudFormation, or a macro


def left_out(base: Side, head: Side) -> tuple[LeftOut, ...]:
    """Return everything in the two directories that is not a template, or unreadable."""
    reasons: dict[tuple[str, str], list[SideName]] = {}
    for name, side in ((SideName.BASE, base), (SideName.HEAD, head)):
        for path, reason in side.others.items():
            if path.rpartition("/")[2] == WAIVERS_FILE and reason == Document.OTHER.value:
                continue  # the review says what stands in it
            shown = side.location.file(side.entries[path].path)
            reasons.setdefault((shown, reason), []).append(name)
    return tuple(
        LeftOut(path, SideName.BOTH if len(sides) > 1 else sides[0], reason)
        for (path, reason), sides in sorted(reasons.items())
    )


def unseen(
    base: Side,
    head: Side,
    ambiguous: Mapping[str, tuple[str, ...]],
    accepted: Mapping[str, str],
) -> Iterator[UncomparedFile]:
    """Yield what could hide a change: symlinks for templates, and ambiguous pairs."""
    for path, file in _doubts(base, head):
        if not _is_accepted(path, base, head, accepted):
            yield file
    for path, candidates in ambiguous.items():
        shown = base.location.file(base.entries[path].path)
        yield UncomparedFile(shown, Doubt.AMBIGUOUS, candidates=candidates)


def allowed(base: Side, head: Side, accepted: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the files that could hide a change and are accepted, as `./PATH`, with reasons."""
    names = [
        f"./{path}" for path, _ in _doubts(base, head) if _is_accepted(path, base, head, accepted)
    ]
    return tuple((name, accepted[name]) for name in names)


def _is_accepted(path: str, base: Side, head: Side, accepted: Mapping[str, str]) -> bool:
    """Whether a file is accepted; never if a side has a template in its place."""
    return f"./{path}" in accepted and path not in base.texts and path not in head.texts


def _doubts(base: Side, head: Side) -> Iterator[tuple[str, UncomparedFile]]:
    """Yield what was left out and could hide a change, by its path."""
    for path in sorted({*base.others, *head.others}):
        for side, other in ((head, base), (base, head)):
            if reason := _doubt(path, side, other):
                shown = side.location.file(side.entries[path].path)
                name = "" if path in base.texts or path in head.texts else f"./{path}"
                label = side.location.label
                yield path, UncomparedFile(shown, Doubt.LEFT_OUT, label, reason, name)
                break


def left_behind(base: Location, head: Location) -> Iterator[UncomparedFile]:
    """Yield what changed in the abandoned output directory.

    A deployment by the old path takes it, and nothing else compares it.
    """
    old = Location(head.label, head.tree, base.directory, head.project)
    same = base.directory == head.directory or not head.directory
    if (
        same
        or f"{base.directory}/".startswith(f"{head.directory}/")
        or not old.tree.has(old.directory)
    ):
        return
    was, now = list_side(base), list_side(old)
    read(was, now)
    for path, entry in now.entries.items():
        if f"{entry.path}/".startswith(f"{head.directory}/"):
            continue  # compared where it is
        before = was.entries.get(path)
        same = before is not None and bool(before.digest) and before.digest == entry.digest
        likely = path in now.texts or (entry.kind is not Kind.FILE and has_suffix(path))
        if likely and not same and was.texts.get(path) != now.texts.get(path, ""):
            yield UncomparedFile(old.file(entry.path), Doubt.LEFT_BEHIND, base.label)


def _doubt(path: str, side: Side, other: Side) -> str:
    """Return how something that was left out could hide a change; empty if it could not."""
    entry = side.entries.get(path)
    if entry is None or path in side.texts:
        return ""
    if path in other.texts:
        size = f" ({entry.size:,} bytes)" if entry.size > MAX_SIZE else ""
        return f"{side.others[path]}{size}, where {other.location.label} has a template"
    twin = other.entries.get(path)
    same = twin is not None and bool(entry.digest) and twin.digest == entry.digest
    if entry.kind is Kind.LINK and (has_suffix(path) or not entry.leads_to_file):
        return f"{entry.kind.value}; {IN_ITS_PLACE}"
    if entry.kind is Kind.SPECIAL and has_suffix(path):
        return f"{entry.kind.value}; {IN_ITS_PLACE}"
    if entry.kind is Kind.REPOSITORY and not same:
        return f"{entry.kind.value}; review it where it is"
    reason = side.others[path]
    if reason in UNREADABLE and has_suffix(path) and not same:
        return f"{reason}, and not the same on both sides"
    return ""
