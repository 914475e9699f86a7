"""What was not compared: named in every format, and a doubt where it could hide a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfngen.review.model import Certainty, Concern, Finding, LeftOut
from cfngen.revisions.recognition import Document
from cfngen.revisions.side import Side, has_suffix
from cfngen.revisions.trees import LARGEST, Kind

IN_ITS_PLACE = "put the template itself there"


def left_out(base: Side, head: Side) -> tuple[LeftOut, ...]:
    """Return everything in the two folders that is no template, or could not be read."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, side in (("base", base), ("head", head)):
        for path, reason in side.others.items():
            shown = side.place.file(side.entries[path].path)
            reasons.setdefault((shown, reason), []).append(name)
    return tuple(
        LeftOut(path, "both" if len(sides) > 1 else sides[0], reason)
        for (path, reason), sides in sorted(reasons.items())
    )


def unseen(
    base: Side,
    head: Side,
    ambiguous: Mapping[str, tuple[str, ...]],
    accepted: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what could hide a change: a template that is a link, or that several others may be."""
    for path in sorted({*base.others, *head.others}):
        for side, other in ((head, base), (base, head)):
            if path not in accepted and (why := _doubt(path, side, other)):
                shown = side.place.file(side.entries[path].path)
                yield _finding(shown, f"in {side.place.label}: {why}")
                break
    for path, candidates in ambiguous.items():
        shown = base.place.file(base.entries[path].path)
        named = " and ".join(candidates)
        yield _finding(
            shown, f"gone, and {named} are equally like it: compare the files one by one"
        )


def _doubt(path: str, side: Side, other: Side) -> str:
    """Return how something that was left out could hide a change; nothing if it could not."""
    entry = side.entries.get(path)
    if entry is None or path in side.texts:
        return ""
    if path in other.texts:
        size = f" ({entry.size:,} bytes)" if entry.size > LARGEST else ""
        return f"{side.others[path]}{size}, where {other.place.label} has a template"
    twin = other.entries.get(path)
    same = twin is not None and bool(entry.digest) and twin.digest == entry.digest
    if entry.kind is Kind.LINK and (has_suffix(path) or not entry.leads_to_file):
        return f"{entry.kind.value}; {IN_ITS_PLACE}"
    if entry.kind is Kind.SPECIAL and has_suffix(path):
        return f"{entry.kind.value}; {IN_ITS_PLACE}"
    if entry.kind is Kind.REPOSITORY and not same:
        return f"{entry.kind.value}; review it where it is"
    reason = side.others[path]
    if reason == Document.BROKEN.value and has_suffix(path) and not same:
        return "not YAML that can be read, and not the same on both sides"
    return ""


def _finding(subject: str, message: str) -> Finding:
    return Finding(Concern.UNKNOWN, Certainty.MAY, subject, message, section="")
