"""Words for what a review tells, the same in every format that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfngen.cloudformation.document import Origin
from cfngen.review.formats.columns import visible
from cfngen.review.model import (
    Certainty,
    Concern,
    EntryChange,
    Extent,
    Finding,
    Grant,
    Kind,
    PowerChange,
    ResourceChange,
    StackReview,
)

ORDER = {
    Concern.REFUSED: "refused", Concern.DATA: "data at risk", Concern.REPLACE: "replaced",
    Concern.BROADEN: "broadened", Concern.UNKNOWN: "unknown",
}  # fmt: skip
SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.AFFECTED: "→"}
REPLACED = {Certainty.WILL: "-/+", Certainty.MAY: "-/+?"}
REFUSED = "!"
# What each sign means, in the order in which they are counted.
LEGEND = {
    REFUSED: "refused", "-/+": "replaced", "-/+?": "maybe replaced", "-": "removed", "+": "added",
    "~": "changed in place", "→": "follows what it refers to",
}  # fmt: skip
SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules")
STAYS = "stays in the account"  # what the note of a removed resource says that is kept
FOLLOWS = re.compile(r"refers to (.+), which (?:will|may) be replaced", re.DOTALL)


def sign(change: ResourceChange | EntryChange) -> str:
    """Return the sign of a change, one of `LEGEND`."""
    if not isinstance(change, ResourceChange):
        return SIGNS[change.kind]
    if is_retyped(change):
        return REFUSED
    return REPLACED.get(change.replacement, SIGNS[change.kind])


def signs(stack: StackReview) -> list[tuple[str, int]]:
    """Return which signs the resources of a template have, and how many have each."""
    found = [sign(change) for change in stack.resources]
    return [(mark, found.count(mark)) for mark in LEGEND if mark in found]


def changed_signs(stack: StackReview) -> str:
    """Return how many resources come, go and change, as `-1 +2 ~3`; nothing if none does."""
    return " ".join(f"{mark}{number}" for mark, number in signs(stack))


def legend(stacks: Sequence[StackReview]) -> str:
    """Return what the signs mean that resources and entries of some templates have."""
    used = {sign(change) for stack in stacks for change in stack.resources}
    used |= {sign(entry) for stack in stacks for entry in stack.entries}
    return " · ".join(f"{mark} {words}" for mark, words in LEGEND.items() if mark in used)


def is_retyped(change: ResourceChange) -> bool:
    """Whether a logical ID changes its type, which CloudFormation refuses."""
    return bool(change.type_before) and change.type_before != change.type


def is_kept(change: ResourceChange) -> bool:
    """Whether a resource that is removed only leaves its stack."""
    return change.kind is Kind.REMOVED and STAYS in change.note


def happening(change: ResourceChange) -> str:
    """Return what happens to a resource, in a few words."""
    if is_kept(change):
        return visible(change.note)
    words = _happening(change)
    return f"{words}; {visible(change.note)}" if change.note else words


def _happening(change: ResourceChange) -> str:
    if is_retyped(change):
        return f"refused: was {visible(change.type_before)}"
    if change.kind in (Kind.ADDED, Kind.REMOVED):
        return change.kind.value
    words = {
        Certainty.WILL: "will be replaced",
        Certainty.MAY: "may be replaced",
        Certainty.NO: "changed in place",
    }[change.replacement]
    if change.kind is not Kind.AFFECTED:
        return words
    followed = ", ".join(_followed(change)) or "what it refers to"
    if change.replacement is Certainty.NO:
        return f"follows {followed}"
    return f"{words}, following {followed}"


def _followed(change: ResourceChange) -> list[str]:
    """Return the names of what a resource refers to that is replaced."""
    notes = (FOLLOWS.fullmatch(detail.note) for detail in change.properties)
    names = [visible(name) for found in notes if found for name in found[1].split(", ")]
    return list(dict.fromkeys(names))


def grant_words(grant: Grant, holder: str = "", most: int = 1000) -> str:
    """Return who · which actions · on what · under which condition; at most so many actions.

    What has the policy itself, `holder`, is not named again.
    """
    actions = [visible(action) for action in grant.actions]
    named = ", ".join(actions[:most])
    if len(actions) > most:
        named += f" and {len(actions) - most} more"
    if grant.count > len(actions):
        named += f" ({counted(grant.count, 'action')})"
    who = "" if grant.who == holder else visible(grant.who)
    on = "" if grant.on == holder else visible(grant.on)
    words = " · ".join(part for part in (who, named, on, visible(grant.condition)) if part)
    if grant.effect == "Allow":
        return words
    return f"{'denied' if grant.effect == 'Deny' else visible(grant.effect)}: {words}"


def grant_lines(power: PowerChange, most: int = 1000) -> list[tuple[str, str]]:
    """Return what came to a policy and went from it: a sign, + or -, and words.

    Who gains by a sentence that denies gains by its going away.
    """
    return [
        (mark if grant.effect == "Allow" else other, grant_words(grant, power.holder, most))
        for mark, other, grants in (("+", "-", power.gained), ("-", "+", power.lost))
        for grant in grants
    ]


def power_words(power: PowerChange, kind: Kind = Kind.CHANGED) -> str:
    """Return whose permissions they are and how they have changed, without the holder's name."""
    of = {
        "permissions": "what it may do",
        "trust": "who may assume it",
        "resource": "who may use it",
    }
    what = of.get(power.policy, visible(power.policy))
    if kind is Kind.ADDED:  # nothing was there that could be broadened
        return what
    same = "the same in other words" if power.extent is Extent.SAME else power.extent.value
    return f"{what}: {same}"


def finding_subject(finding: Finding) -> str:
    """Return what a finding is about: a logical ID, and a property if the message names none."""
    path = f".{finding.path}" if finding.path and finding.path not in finding.message else ""
    return visible(f"{finding.subject}{path}")


def finding_place(finding: Finding, stack: StackReview) -> str:
    """Return the file and line of a finding as a person would type it."""
    return visible(f"{stack.file}:{finding.line}" if finding.line > 0 else stack.file)


def origin_place(origin: Origin) -> str:
    """Return a blueprint's file and line as a person would type it."""
    return visible(origin.display())


def in_base(finding: Finding, base: str) -> str:
    """Return ` in BASE` for a line that head does not have, nothing for one that it has."""
    return f" in {visible(base)}" if finding.side == "base" and finding.line > 0 else ""


def payload_words(name: str, resource: str, path: str) -> str:
    """Return what a payload is called, and where it is as far as its name does not say so."""
    place = path if name.startswith(f"{resource}/") else f"{resource}.{path}"
    return visible(name if name in (place, f"{resource}/{path}") else f"{name} · {place}")


def entries_by_section(stack: StackReview) -> Iterator[tuple[str, list[EntryChange]]]:
    """Yield the sections beside Resources that have changes, in a template's order."""
    names = [*SECTIONS, *(e.section for e in stack.entries if e.section not in SECTIONS)]
    for section in dict.fromkeys(names):
        if found := [entry for entry in stack.entries if entry.section == section]:
            yield section, found


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, `1 stack` or `2 stacks`, `2 policies`, `2 properties`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith(("cy", "ty")) else f"{number} {noun}s"
