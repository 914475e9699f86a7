"""Phrases for what a review reports, the same in every format that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.cloudformation.document import Origin
from cfngen.escaping import escape_controls
from cfngen.plurals import counted
from cfngen.review.model import (
    Certainty,
    Effect,
    EntryChange,
    Extent,
    Fate,
    Finding,
    Grant,
    Kind,
    PermissionChange,
    PolicyKind,
    ResourceChange,
    Side,
    StackReview,
)

SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.AFFECTED: "→"}
REPLACED = {Certainty.WILL: "-/+", Certainty.MAY: "-/+?"}
REFUSED = "!"
# What each sign means, in the order in which they are counted.
LEGEND = {
    REFUSED: "refused", "-/+": "replaced", "-/+?": "possibly replaced", "-": "removed",
    "+": "added", "~": "changed in place", "→": "affected by a replacement",
}  # fmt: skip
POLICIES = {
    PolicyKind.PERMISSIONS: "what it may do",
    PolicyKind.TRUST: "who may assume it",
    PolicyKind.RESOURCE: "who may use it",
}
SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules")


def sign(change: ResourceChange | EntryChange) -> str:
    """Return the sign of a change, one of `LEGEND`."""
    if not isinstance(change, ResourceChange):
        return SIGNS[change.kind]
    if is_retyped(change):
        return REFUSED
    return REPLACED.get(change.replacement, SIGNS[change.kind])


def signs(stack: StackReview) -> list[tuple[str, int]]:
    """Return the signs of the resources of a template, and the number of each."""
    marks = [sign(change) for change in stack.resources]
    return [(mark, marks.count(mark)) for mark in LEGEND if mark in marks]


def legend(stacks: Sequence[StackReview]) -> str:
    """Return what the signs mean that are used for some templates."""
    used = {sign(change) for stack in stacks for change in stack.resources}
    used |= {sign(entry) for stack in stacks for entry in stack.entries}
    return " · ".join(f"{mark} {meaning}" for mark, meaning in LEGEND.items() if mark in used)


def is_retyped(change: ResourceChange) -> bool:
    """Whether a logical ID changes its type, which CloudFormation refuses."""
    return bool(change.type_before) and change.type_before != change.type


def is_kept(change: ResourceChange) -> bool:
    """Whether a removed resource only leaves its stack, and is kept."""
    return change.fate in (Fate.RETAINED, Fate.SNAPSHOT)


def outcome(change: ResourceChange) -> str:
    """Return what happens to a resource, in a few words."""
    if is_kept(change):
        return change.note
    phrase = _outcome(change)
    return f"{phrase}; {change.note}" if change.note else phrase


def _outcome(change: ResourceChange) -> str:
    if is_retyped(change):
        return f"refused: was {change.type_before}"
    if change.kind in (Kind.ADDED, Kind.REMOVED):
        return change.kind.value
    phrase = {
        Certainty.WILL: "will be replaced",
        Certainty.MAY: "may be replaced",
        Certainty.NO: "changed in place",
    }[change.replacement]
    if change.kind is not Kind.AFFECTED:
        return phrase
    followed = ", ".join(change.follows) or "a replacement"
    if change.replacement is Certainty.NO:
        return f"affected by {followed}"
    return f"{phrase}, following {followed}"


def grant_phrase(grant: Grant, attached_to: str = "", max_actions: int = 1000) -> str:
    """Return a grant as principal · actions · resource · condition; at most some actions.

    `attached_to`, which has the policy itself, is not repeated.
    """
    number = len(grant.actions)
    named = ", ".join(grant.actions[:max_actions])
    if number > max_actions:
        named += f" and {number - max_actions} more"
    if grant.count > number:
        named += f" ({counted(grant.count, 'action')})"
    principal = "" if grant.principal == attached_to else grant.principal
    resource = "" if grant.resource == attached_to else grant.resource
    phrase = " · ".join(part for part in (principal, named, resource, grant.condition) if part)
    return phrase if grant.effect is Effect.ALLOW else f"denied: {phrase}"


def grant_lines(change: PermissionChange, max_actions: int = 1000) -> list[tuple[str, str]]:
    """Return the grants that a policy gained and lost: a sign, + or -, and a phrase on one line.

    Removing a statement that denies something is a gain.
    """
    return [
        (
            mark if grant.effect is Effect.ALLOW else other,
            escape_controls(grant_phrase(grant, change.attached_to, max_actions)),
        )
        for mark, other, grants in (("+", "-", change.gained), ("-", "+", change.lost))
        for grant in grants
    ]


def permission_phrase(change: PermissionChange, kind: Kind = Kind.CHANGED) -> str:
    """Return what kind of permissions changed and how, without what they are attached to."""
    subject = POLICIES.get(change.policy, change.policy.value)
    if kind is Kind.ADDED:  # nothing was there that could be broadened
        return subject
    same = "the same, written differently" if change.extent is Extent.SAME else change.extent.value
    return f"{subject}: {same}"


def finding_subject(finding: Finding) -> str:
    """Return what a finding is about: a logical ID, and a property not in the message."""
    path = f".{finding.path}" if finding.path and finding.path not in finding.message else ""
    return f"{finding.subject}{path}"


def construct_of(thing: Finding | ResourceChange) -> str:
    """Return the construct of the CDK that something comes from, if it says so."""
    return thing.construct


def finding_place(finding: Finding, stack: StackReview) -> str:
    """Return the file and line of a finding as a person would type it."""
    return f"{stack.file}:{finding.line}" if finding.line > 0 else stack.file


def origin_place(origin: Origin) -> str:
    """Return a blueprint's file and line as a person would type it."""
    return origin.display()


def in_base(finding: Finding, base: str) -> str:
    """Return ` in BASE` for a line that only base has; empty for one that head has."""
    return f" in {base}" if finding.side is Side.BASE and finding.line > 0 else ""


def payload_title(name: str, resource: str, path: str) -> str:
    """Return the name of a payload, and its property if the name does not contain that."""
    place = path if name.startswith(f"{resource}/") else f"{resource}.{path}"
    return name if name in (place, f"{resource}/{path}") else f"{name} · {place}"


def entries_by_section(stack: StackReview) -> Iterator[tuple[str, list[EntryChange]]]:
    """Yield the sections beside Resources that have changes, in a template's order."""
    names = [*SECTIONS, *(e.section for e in stack.entries if e.section not in SECTIONS)]
    for section in dict.fromkeys(names):
        if entries := [entry for entry in stack.entries if entry.section == section]:
            yield section, entries
