"""Words for what a review tells, the same in every format, and text that is safe to look at."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from cfngen.paths import near
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    EntryChange,
    Extent,
    Finding,
    Grant,
    Kind,
    PowerChange,
    ResourceChange,
    StackReview,
)
from cfngen.values import readable, shown

# What a terminal obeys, what turns text around, what is not seen, and what UTF-8 cannot hold.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
LONG = 80  # characters of a value that still stand in a row of a table
ORDER = {
    Concern.REFUSED: "refused", Concern.DATA: "data at risk", Concern.REPLACE: "replaced",
    Concern.BROADEN: "broadened",
}  # fmt: skip
SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.AFFECTED: "→"}
REPLACED = {Certainty.WILL: "-/+", Certainty.MAY: "-/+?"}
SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules")

# Only pages of AWS's own become links, and only where nothing but a path follows.
PAGE = re.compile(r"(.*?)(https://docs\.aws\.amazon\.com/[A-Za-z0-9./_-]+\.html)")


def visible(text: str) -> str:
    """Return a text on one line in which nothing is hidden: control characters are spelled out."""
    return visible_line(text.replace("\n", "⏎").replace("\t", "⇥"))


def visible_line(text: str) -> str:
    """Return a line in which control characters are spelled out, save tabs."""
    return UNSEEN.sub(lambda match: match[0].encode("unicode-escape").decode("ascii"), text)


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, such as a diff, each one visible."""
    return [visible_line(line) for line in text.rstrip("\n").split("\n")]


def clipped(text: str, room: int = LONG) -> str:
    """Return a text that is no longer than there is room; an ellipsis says that there is more."""
    return text if len(text) <= room else text[: room - 1] + "…"


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def value(found: Any) -> str:
    """Return a resolved value on one line."""
    return visible(shown(found)) or '""'


def is_long(detail: Detail) -> bool:
    """Whether the values of a detail need lines of their own."""
    return any(
        len(shown(side)) > LONG or (isinstance(side, str) and "\n" in side)
        for side in (detail.before, detail.after)
        if side is not MISSING
    )


def is_same(detail: Detail) -> bool:
    """Whether the value is the same on both sides, and only what it refers to is not."""
    return detail.before is not MISSING and detail.before == detail.after


def difference(detail: Detail) -> list[str]:
    """Return both values of a detail as a unified diff without its header, visible."""
    before, after = _pretty(detail.before), _pretty(detail.after)
    diff = difflib.unified_diff(before, after, lineterm="", n=3)
    # Without its first two lines, which name the files, and where in them it is.
    return [line for line in list(diff)[2:] if not line.startswith("@@ ")] or after


def _pretty(found: Any) -> list[str]:
    if found is MISSING:
        return []
    if isinstance(found, dict | list):
        text = json.dumps(readable(found), indent=2, ensure_ascii=False, default=str)
        return visible_lines(text)
    return visible_lines(shown(found))


def sign(change: ResourceChange | EntryChange) -> str:
    """Return the sign of a change: + - ~, -/+ for a replacement, → for what only follows."""
    certainty = change.replacement if isinstance(change, ResourceChange) else Certainty.NO
    return REPLACED.get(certainty, SIGNS[change.kind])


def happening(change: ResourceChange) -> str:
    """Return what happens to a resource, in a few words."""
    words = {
        Certainty.WILL: "will be replaced",
        Certainty.MAY: "may be replaced",
        Certainty.NO: "changed in place",
    }[change.replacement]
    if change.kind in (Kind.ADDED, Kind.REMOVED):
        words = change.kind.value
    if change.kind is Kind.AFFECTED:
        words = {"changed in place": "follows"}.get(words, words) + ", for what it refers to"
    if change.type_before and change.type_before != change.type:
        words += f"; was {visible(change.type_before)}"
    return f"{words}; {visible(change.note)}" if change.note else words


def effect(detail: Detail) -> str:
    """Return what a detail does to its resource, nothing if it is changed in place."""
    words = {Certainty.WILL: "replaces it", Certainty.MAY: "may replace it", Certainty.NO: ""}
    return words[detail.replacement]


def detail_remarks(detail: Detail) -> str:
    """Return what there is to say of a detail beside its values."""
    told = [effect(detail), visible(detail.because), visible(detail.note)]
    return "; ".join(part for part in told if part)


def grant_words(grant: Grant, most: int = 1000) -> str:
    """Return who · which actions · on what · under which condition; at most so many actions."""
    actions = [visible(action) for action in grant.actions]
    named = ", ".join(actions[:most])
    if len(actions) > most:
        named += f" and {len(actions) - most} more"
    if grant.count > len(actions):
        named += f" ({counted(grant.count, 'action')})"
    if grant.effect != "Allow":
        named = f"{visible(grant.effect)} {named}"
    parts = [visible(grant.who), named, visible(grant.on), visible(grant.condition)]
    return " · ".join(part for part in parts if part)


def power_words(power: PowerChange) -> str:
    """Return how what a holder may do has changed, without the holder's name."""
    of = {"trust": "who may assume it", "resource": "who may use it"}
    what = of.get(power.policy, visible(power.policy))
    same = "the same in other words" if power.extent is Extent.SAME else power.extent.value
    return f"{what}: {same}"


def finding_subject(finding: Finding) -> str:
    """Return what a finding is about: a logical ID, and a property if the message names none."""
    path = f".{finding.path}" if finding.path and finding.path not in finding.message else ""
    return visible(f"{finding.subject}{path}")


def why(because: str) -> tuple[str, str]:
    """Return the words of a reason and the page of AWS's documentation at its end, or neither."""
    found = PAGE.fullmatch(because)
    if not found:
        return (f"because {visible(because)}" if because else ""), ""
    words = found[1].rstrip(": ")
    return (f"because {visible(words)}: see" if words else "see"), found[2]


def own_because(change: ResourceChange) -> list[str]:
    """Return the reasons for what happens to a resource that none of its details gives."""
    given = {detail.because for detail in (*change.properties, *change.attributes)}
    return [visible(because) for because in change.because if because not in given]


def finding_place(finding: Finding, stack: StackReview) -> str:
    """Return the file and line of a finding as a person would type it."""
    return visible(f"{stack.file}:{finding.line}" if finding.line > 0 else stack.file)


def origin_place(origin: str) -> str:
    """Return a blueprint's file and line as a person would type it."""
    file, colon, line = origin.rpartition(":")
    return visible(f"{near(file)}:{line}" if colon and "\0" not in file else origin)


def in_base(finding: Finding, stack: StackReview, base: str) -> str:
    """Return ` in BASE` for a line that head does not have, nothing for one that it has."""
    gone = finding.side == "base" and stack.kind is Kind.CHANGED and finding.line > 0
    return f" in {visible(base)}" if gone else ""


def certain(finding: Finding) -> str:
    """Return a finding's concern, with a doubt where there is one."""
    doubt = "?" if finding.certainty is Certainty.MAY else ""
    return f"{ORDER[finding.concern]}{doubt}"


def changed_signs(stack: StackReview) -> str:
    """Return how many resources come, go and change, as `+2 -1 ~3`; nothing if none does."""
    return " ".join(
        f"{SIGNS[kind]}{number}"
        for kind in Kind
        if (number := sum(change.kind is kind for change in stack.resources))
    )


def entries_by_section(stack: StackReview) -> Iterator[tuple[str, list[EntryChange]]]:
    """Yield the sections beside Resources that have changes, in a template's order."""
    names = [*SECTIONS, *(e.section for e in stack.entries if e.section not in SECTIONS)]
    for section in dict.fromkeys(names):
        if found := [entry for entry in stack.entries if entry.section == section]:
            yield section, found


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, `1 stack` or `2 stacks`, `2 policies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("cy") else f"{number} {noun}s"
