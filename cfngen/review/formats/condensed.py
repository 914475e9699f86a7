"""What people need of a template that is new or gone, instead of every line that came or went."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cfngen.review.formats.columns import value, visible
from cfngen.review.formats.phrases import counted, is_kept
from cfngen.review.model import MISSING, EntryChange, Kind, StackReview

MOST_TYPES = 5


def condensed(stack: StackReview) -> StackReview:
    """Return what is worth showing of a template: all of it where it only changed.

    Of one that is gone stay the resources that are kept, of one that is new go its conditions and
    mappings; `facts` tells the rest.
    """
    if stack.kind is Kind.REMOVED:
        kept = tuple(change for change in stack.resources if is_kept(change))
        return StackReview(stack.name, stack.kind, stack.file, stack.findings, kept)
    if stack.kind is Kind.ADDED:
        told = ("Parameters", "Outputs")
        return replace(stack, entries=tuple(e for e in stack.entries if e.section in told))
    return stack


def facts(stack: StackReview) -> list[str]:
    """Return what there is to know of a template that is new or gone, each in a few words."""
    if stack.kind is Kind.REMOVED:
        return [*_counted(stack), *_staying(stack), *_exports(stack)]
    if stack.kind is Kind.ADDED:
        return [*_counted(stack), *_asked(stack), *_exports(stack)]
    return []


def _counted(stack: StackReview) -> list[str]:
    if not stack.resources:
        return []
    types = Counter(change.type for change in stack.resources).most_common()
    named = [f"{number} {visible(name)}" if number > 1 else visible(name) for name, number in types]
    if len(named) > MOST_TYPES:
        named[MOST_TYPES:] = [f"{len(named) - MOST_TYPES} other types"]
    return [f"{counted(len(stack.resources), 'resource')}: {', '.join(named)}"]


def _staying(stack: StackReview) -> list[str]:
    names = [visible(change.name) for change in stack.resources if is_kept(change)]
    return [f"stays in the account when the stack is deleted: {', '.join(names)}"] if names else []


def _exports(stack: StackReview) -> list[str]:
    names = [name for entry in stack.entries if (name := _export(entry))]
    return [f"exports: {', '.join(names)}"] if names else []


def _asked(stack: StackReview) -> list[str]:
    names = [
        visible(entry.name)
        for entry in stack.entries
        if entry.section == "Parameters"
        and not any(detail.path == "Default" for detail in entry.details)
    ]
    return [f"parameters without a default: {', '.join(names)}"] if names else []


def _export(entry: EntryChange) -> str:
    """Return the name that an output is exported under, nothing if it is not."""
    if entry.section != "Outputs":
        return ""
    for detail in entry.details:
        if detail.path in ("Export.Name", "Export"):
            found = detail.before if detail.after is MISSING else detail.after
            if isinstance(found, dict):
                found = found.get("Name", "")
            return value(found)
    return ""
