"""Parameters, outputs, conditions, mappings and rules that differ between the two sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.values import canonical
from cfngen.review.compare.conditions import same_conditions
from cfngen.review.compare.differences import differences
from cfngen.review.compare.replacement import following_note, most_certain, property_references
from cfngen.review.model import MISSING, Detail, EntryChange, Kind, ResourceChange
from cfngen.review.stack import Stack

SECTIONS = (
    "Transform",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Hooks",
    "Globals",
    "Outputs",
)
# What only people read.
DESCRIPTION_FIELDS = frozenset(("Description", "ConstraintDescription", "AssertDescription"))
DEFAULT_NOTE = "running stacks keep their current value"


def entry_changes(
    before: Stack, after: Stack, replaced: dict[str, ResourceChange]
) -> Iterator[EntryChange]:
    """Yield what changed outside the resources.

    Args:
        before: base's template.
        after: head's template.
        replaced: the resources that may be replaced: outputs which refer to them change as well.
    """
    same = same_conditions(before, after)
    for section in SECTIONS:
        old, new = (_section(side, section) for side in (before, after))
        for name in dict.fromkeys((*new, *old)):
            if section == "Conditions" and name in same:
                continue
            change = _entry(section, name, old.get(name, MISSING), new.get(name, MISSING))
            if section == "Outputs":
                change = _following_output(change, name, new.get(name), replaced)
            if change:
                side = before if change.kind is Kind.REMOVED else after
                yield replace(change, line=side.line(section, name))


def _section(stack: Stack, section: str) -> dict[str, Any]:
    if section == "Transform":
        value = stack.sections.value("Transform") if stack.sections else None
        names = value if isinstance(value, list) else [] if value is None else [value]
        return {str(name): {} for name in names}
    entries = {
        str(name): _without_descriptions(stack.resolver.resolve(entry))
        for name, entry in stack.section(section).items()
    }
    for entry in entries.values() if section == "Outputs" else ():
        if isinstance(entry, dict) and isinstance(entry.get("Condition"), str):
            entry["Condition"] = stack.resolver.conditions.name(entry["Condition"])
    return entries


def _without_descriptions(entry: Any) -> Any:
    """Return an entry without its descriptions, which only people read."""
    if isinstance(entry, dict):
        return {
            key: _without_descriptions(value)
            for key, value in entry.items()
            if key not in DESCRIPTION_FIELDS
        }
    return [_without_descriptions(item) for item in entry] if isinstance(entry, list) else entry


def _entry(section: str, name: str, old: Any, new: Any) -> EntryChange | None:
    if old is MISSING or new is MISSING:
        kind = Kind.ADDED if old is MISSING else Kind.REMOVED
        details = [Detail("", old, new)]
        if isinstance(there := new if old is MISSING else old, dict):
            details = [
                Detail(key, value, MISSING) if new is MISSING else Detail(key, MISSING, value)
                for key, value in there.items()
                if not key.startswith("Fn::")
            ] or details
        return EntryChange(section, name, kind, tuple(details))
    if not (isinstance(old, dict) and isinstance(new, dict)):
        old, new = {"": old}, {"": new}
    details_changed = [
        Detail(d.path, d.before, d.after) for d in differences(_sorted(old), _sorted(new))
    ]
    if not details_changed:
        return None
    note = ""
    if section == "Parameters" and all(detail.path == "Default" for detail in details_changed):
        note = DEFAULT_NOTE
    return EntryChange(section, name, Kind.CHANGED, tuple(details_changed), note)


def _sorted(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter with its `AllowedValues` sorted: their order has no meaning."""
    allowed = entry.get("AllowedValues")
    return entry | {"AllowedValues": sorted(allowed, key=canonical)} if allowed else entry


def _following_output(
    change: EntryChange | None, name: str, output: Any, replaced: dict[str, ResourceChange]
) -> EntryChange | None:
    """Return the change of an output, with a note if it refers to what may be replaced."""
    if not isinstance(output, dict) or (change and change.kind is Kind.ADDED):
        return change
    hit = sorted({n for r in property_references(output, frozenset(replaced)) for n in r.names})
    if not hit:
        return change
    certainty = most_certain([replaced[name].replacement for name in hit])
    note, follows = following_note(hit, certainty), tuple(hit)
    if not change:
        value = output.get("Value", MISSING)
        detail = Detail("Value", value, value, note=note, follows=follows)
        change = EntryChange("Outputs", name, Kind.AFFECTED, (detail,))
    return replace(change, note=note, follows=follows, following=certainty)
