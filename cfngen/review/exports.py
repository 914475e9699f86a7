"""Outputs that other templates import: CloudFormation refuses to remove or change them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.glob import covers
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.text import AnyText, Text, parts_of
from cfngen.cloudformation.values import canonical, shown
from cfngen.errors import RenderError
from cfngen.review.model import Certainty, EntryChange, Kind
from cfngen.review.names import Names
from cfngen.review.stack import Stack

REMOVED, CHANGED = "removed", "changed"  # what becomes of an export
IMPORT_NOTE = "CloudFormation refuses this while any stack imports it"


@dataclass(frozen=True)
class SideTemplates:
    """All templates of one side, as text; imports and names are read on demand."""

    texts: Mapping[str, str]

    @cached_property
    def names(self) -> Names:
        """The custom names that the templates give their resources."""
        return Names(self.texts)

    @cached_property
    def imports(self) -> list[tuple[str, AnyText]]:
        """Which template imports which export name, as resolved texts."""
        return [
            (name, value)
            for name, text in sorted(self.texts.items())
            if "ImportValue" in text
            for value in _imports(_stack(text))
        ]


@dataclass(frozen=True)
class ExportChange:
    """An output whose export is removed, becomes conditional, or gets another value.

    `importers` are the templates of head that import it, each with whether that is certain;
    `importers_before` those of base.
    """

    output: str
    export: Any
    outcome: str
    certain: bool = True
    gone: bool = False  # the output itself
    line: int = 0
    importers: Mapping[str, bool] = field(default_factory=dict)
    importers_before: Mapping[str, bool] = field(default_factory=dict)

    @property
    def certainty(self) -> Certainty:
        """Whether a deployment is refused; not by those who no longer import it."""
        certain = any(self.importers.values()) and self.certain
        return Certainty.WILL if certain else Certainty.MAY

    @property
    def message(self) -> str:
        """What becomes of it while who imports it; empty if none of the templates does."""
        export = f"the export {shown(self.export)} is {self.outcome}"
        if self.importers:
            return f"{export} while {_names(self.importers)} it"
        if self.importers_before:
            return (
                f"{export}, and {_names(self.importers_before)} it until this change is deployed"
                " there: deploy that first"
            )
        return ""


def export_changes(
    name: str,
    sides: tuple[Stack, Stack],
    entries: Iterable[EntryChange],
    base: SideTemplates,
    head: SideTemplates,
) -> Iterator[ExportChange]:
    """Yield the outputs whose export is removed or changed, for certain or under a condition.

    Args:
        name: what the template is called in `base` and `head`.
        sides: the template before and after.
        entries: what changed outside the resources.
        base: all templates before the change.
        head: all templates after it.
    """
    for change in _changes(*sides, entries):
        yield replace(
            change,
            importers=_importers(head, name, change.export),
            importers_before=_importers(base, name, change.export),
        )


def with_import_notes(
    entries: Iterable[EntryChange], changes: Iterable[ExportChange]
) -> list[EntryChange]:
    """Return the entries; exports that nothing here imports get a note that others may."""
    changes = list(changes)
    reported = {change.output for change in changes if change.message}
    outputs = {change.output for change in changes} - reported
    return [
        replace(entry, note=f"{entry.note}; {IMPORT_NOTE}" if entry.note else IMPORT_NOTE)
        if entry.section == "Outputs" and entry.name in outputs
        else entry
        for entry in entries
    ]


def _changes(before: Stack, after: Stack, entries: Iterable[EntryChange]) -> Iterator[ExportChange]:
    kept = {canonical(_export(after, output)) for output in after.section("Outputs")}
    changed = {entry.name: entry for entry in entries if entry.section == "Outputs"}
    for output in before.section("Outputs"):
        exported = _export(before, output)
        if exported is None:
            continue
        entry = changed.get(output)
        line = entry.line if entry else after.line("Outputs", output)
        if canonical(exported) not in kept:
            gone = entry is not None and entry.kind is Kind.REMOVED
            yield ExportChange(output, exported, REMOVED, gone=gone, line=line)
        elif entry and any(detail.path == "Value" for detail in entry.details):
            certain = not (entry.kind is Kind.AFFECTED and entry.following is Certainty.MAY)
            yield ExportChange(output, exported, CHANGED, certain, line=line)
        elif condition := _conditional(before, after, output):
            truth = after.resolver.truth(condition)
            outcome = f"{REMOVED} where {condition} is false" if truth is None else REMOVED
            yield ExportChange(output, exported, outcome, certain=truth is not None, line=line)


def _conditional(before: Stack, after: Stack, output: str) -> str:
    """Return the condition that now decides whether an output exists; empty if none does."""
    was, now = (side.section("Outputs").get(output) for side in (before, after))
    old, new = (
        side.resolver.conditions.name(entry["Condition"])
        if isinstance(entry, dict) and isinstance(entry.get("Condition"), str)
        else None
        for side, entry in ((before, was), (after, now))
    )
    if not isinstance(new, str) or after.resolver.truth(new):
        return ""
    if isinstance(old, str) and before.resolver.truth(old) is False:
        return ""  # nothing was exported
    if old == new and new in after.resolver.changed:
        return new
    return new if old != new else ""


def _names(importers: Mapping[str, bool]) -> str:
    certain_names = [name for name, certain in importers.items() if certain]
    possible_names = [name for name, certain in importers.items() if not certain]
    return " and ".join(
        f"{', '.join(names)} {verb}"
        for names, verb in (
            (certain_names, "import" if len(certain_names) > 1 else "imports"),
            (possible_names, "may import"),
        )
        if names
    )


def _export(stack: Stack, output: str) -> Any:
    entry = stack.section("Outputs").get(output)
    export = entry.get("Export") if isinstance(entry, dict) else None
    return stack.resolver.resolve(export.get("Name")) if isinstance(export, dict) else None


def _importers(side: SideTemplates, exporter: str, exported: Any) -> dict[str, bool]:
    """Return the templates that import a name, each with whether it certainly does."""
    importers: dict[str, bool] = {}
    for name, wanted in side.imports:
        if name != exporter and _may_be(exported, wanted):
            importers[name] = importers.get(name, False) or (
                isinstance(exported, str) and isinstance(wanted, str)
            )
    return importers


def _may_be(exported: Any, wanted: AnyText) -> bool:
    """Whether two names may be equal once their references are known.

    >>> from cfngen.cloudformation.resolve import Resolver
    >>> name = Resolver({}, {}).resolve({"Fn::Sub": "${AWS::StackName}-Key"})
    >>> _may_be(name, "shop-Key"), _may_be(name, "shop-Topic")
    (True, False)
    """
    if not isinstance(exported, str | Text):
        return False
    exported_pattern, wanted_pattern = _as_pattern(exported), _as_pattern(wanted)
    return covers(exported_pattern, wanted_pattern.replace("*", "?")) or covers(
        wanted_pattern, exported_pattern.replace("*", "?")
    )


def _as_pattern(text: AnyText) -> str:
    """Return a name as a pattern, with a `*` for each reference."""
    return "".join(
        re.sub("[*?$]", "_", part) if isinstance(part, str) else "*" for part in parts_of(text)
    )


def _stack(text: str) -> Stack:
    """Return a template; an empty one if it cannot be read, which is reported of itself."""
    try:
        return Stack(Sections(text))
    except RenderError:
        return Stack()


def _imports(stack: Stack) -> Iterator[AnyText]:
    """Yield the names that a template imports."""

    def walk(value: Any) -> Iterator[AnyText]:
        if isinstance(value, dict):
            if list(value) == ["Fn::ImportValue"]:
                name = stack.resolver.resolve(value["Fn::ImportValue"])
                if isinstance(name, str | Text):
                    yield name
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    if stack.sections:
        yield from walk(stack.sections.body)
