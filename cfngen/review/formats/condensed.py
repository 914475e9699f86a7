"""The parts worth showing of a template that is new or removed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cfngen.plurals import counted
from cfngen.review.formats.change_sets import change_set_facts
from cfngen.review.formats.columns import one_line_value
from cfngen.review.formats.phrases import is_kept
from cfngen.review.model import MISSING, EntryChange, Kind, StackReview

MAX_TYPES = 5


def condensed(stack: StackReview) -> StackReview:
    """Return what is worth showing of a template: all of it where it only changed.

    Of a removed template, the resources that are kept remain; of a new one, conditions and
    mappings are left out. `facts` summarizes the rest.
    """
    if stack.kind is Kind.REMOVED:
        kept = tuple(change for change in stack.resources if is_kept(change))
        return StackReview(stack.name, stack.kind, stack.file, stack.findings, kept)
    if stack.kind is Kind.ADDED:
        shown_sections = ("Parameters", "Outputs")
        return replace(
            stack, entries=tuple(e for e in stack.entries if e.section in shown_sections)
        )
    return stack


def facts(stack: StackReview) -> list[str]:
    """Return a few facts about a template that is new or removed, or has a change set."""
    listed = list(change_set_facts(stack))
    if stack.kind is Kind.REMOVED:
        return [*_counted(stack), *_staying(stack), *_exports(stack), *listed]
    if stack.kind is Kind.ADDED:
        return [*_counted(stack), *_required_parameters(stack), *_exports(stack), *listed]
    return listed


def _counted(stack: StackReview) -> list[str]:
    if not stack.resources:
        return []
    types = Counter(change.type for change in stack.resources).most_common()
    named = [f"{number} {name}" if number > 1 else name for name, number in types]
    if len(named) > MAX_TYPES:
        named[MAX_TYPES:] = [f"{len(named) - MAX_TYPES} other types"]
    return [f"{counted(len(stack.resources), 'resource')}: {', '.join(named)}"]


def _staying(stack: StackReview) -> list[str]:
    names = [change.name for change in stack.resources if is_kept(change)]
    return [f"stays in the account when the stack is deleted: {', '.join(names)}"] if names else []


def _exports(stack: StackReview) -> list[str]:
    names = [name for entry in stack.entries if (name := _export(entry))]
    return [f"exports: {', '.join(names)}"] if names else []


def _required_parameters(stack: StackReview) -> list[str]:
    names = [
        entry.name
        for entry in stack.entries
        if entry.section == "Parameters"
        and not any(detail.path == "Default" for detail in entry.details)
    ]
    return [f"parameters without a default: {', '.join(names)}"] if names else []


def _export(entry: EntryChange) -> str:
    """Return the name that an output is exported under; empty if it is not."""
    if entry.section != "Outputs":
        return ""
    for detail in entry.details:
        if detail.path in ("Export.Name", "Export"):
            name = detail.before if detail.after is MISSING else detail.after
            if isinstance(name, dict):
                name = name.get("Name", "")
            return one_line_value(name)
    return ""
