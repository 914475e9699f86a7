"""Outputs that other templates import: CloudFormation refuses to remove or change them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cfngen.review.model import Certainty, Concern, EntryChange, Finding, Kind
from cfngen.review.powers.covering import covers
from cfngen.review.stack import Stack
from cfngen.sections import Sections
from cfngen.values import CLOSE, OPEN, canonical, literal, shown

SOURCE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"
)
NOTE = "CloudFormation refuses this while any stack imports it"


@dataclass(frozen=True)
class Side:
    """All templates of one side, as text; what they import is looked for when it is asked for."""

    texts: Mapping[str, str]

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """Which template imports what, each a resolved text."""
        return [
            (name, value)
            for name, text in sorted(self.texts.items())
            if "ImportValue" in text
            for value in _imports(Stack(Sections(text)))
        ]


def refused(
    name: str, before: Stack, after: Stack, entries: list[EntryChange], base: Side, head: Side
) -> Iterator[Finding]:
    """Yield the exports of a template that are removed or changed while others import them.

    Args:
        name: the template's name.
        before: base's template.
        after: head's template.
        entries: what changed outside the resources.
        base: all templates before the change.
        head: all templates after it.
    """
    for entry, exported, what in _touched(before, after, entries):
        now = _importers(head, name, exported)
        then = _importers(base, name, exported)
        if now:
            how = Certainty.WILL if any(now.values()) and not _unsure(entry) else Certainty.MAY
            message = f"the export {shown(exported)} is {what} while {_names(now)} it"
        elif then:
            how = Certainty.MAY
            message = (
                f"the export {shown(exported)} is {what}, and {_names(then)} it until this change"
                " is deployed there: deploy that first"
            )
        else:
            continue
        yield Finding(
            Concern.REFUSED,
            how,
            entry.name,
            message,
            SOURCE,
            section="Outputs",
            line=entry.line,
            side="base" if entry.kind is Kind.REMOVED else "head",
        )


def noted(
    before: Stack, after: Stack, entries: list[EntryChange], found: list[Finding]
) -> list[EntryChange]:
    """Return entries, those exports with a note that nothing here is known to import."""
    told = {finding.subject for finding in found if finding.section == "Outputs"}
    touched = {
        entry.name: what
        for entry, _, what in _touched(before, after, entries)
        if entry.name not in told
    }
    return [
        replace(entry, note=f"{entry.note}; {NOTE}" if entry.note else NOTE)
        if entry.section == "Outputs" and entry.name in touched
        else entry
        for entry in entries
    ]


def _touched(
    before: Stack, after: Stack, entries: list[EntryChange]
) -> Iterator[tuple[EntryChange, Any, str]]:
    """Yield the outputs whose export is removed or changed, with its name, and which of them."""
    kept = {canonical(_export(after, output)) for output in after.section("Outputs")}
    for entry in entries:
        if entry.section != "Outputs" or entry.kind is Kind.ADDED:
            continue
        exported = _export(before, entry.name)
        if exported is None:
            continue
        removed = canonical(exported) not in kept
        if removed or any(detail.path == "Value" for detail in entry.details):
            yield entry, exported, "removed" if removed else "changed"


def _unsure(entry: EntryChange) -> bool:
    return entry.kind is Kind.AFFECTED and " may be replaced" in entry.note


def _names(importers: dict[str, bool]) -> str:
    sure = [name for name, certain in importers.items() if certain]
    unsure = [name for name, certain in importers.items() if not certain]
    return " and ".join(
        f"{', '.join(names)} {verb}"
        for names, verb in ((sure, "imports"), (unsure, "may import"))
        if names
    )


def _export(stack: Stack, output: str) -> Any:
    found = stack.section("Outputs").get(output)
    export = found.get("Export") if isinstance(found, dict) else None
    return stack.resolver.resolve(export.get("Name")) if isinstance(export, dict) else None


def _importers(side: Side, exporter: str, exported: Any) -> dict[str, bool]:
    """Return the templates that import a name: whether each does so for certain."""
    found: dict[str, bool] = {}
    for name, wanted in side.imports:
        if name != exporter and _may_be(exported, wanted):
            found[name] = found.get(name, False) or (literal(exported) and literal(wanted))
    return found


def _may_be(exported: Any, wanted: str) -> bool:
    """Whether two names may be the same once references are known."""
    if not isinstance(exported, str):
        return False
    one, other = _flattened(exported), _flattened(wanted)
    return covers(one, other.replace("*", "?")) or covers(other, one.replace("*", "?"))


def _flattened(text: str) -> str:
    """Return a name with a `*` for each reference, and without those that stand there as text."""
    found, depth = [], 0
    for character in re.sub("[*?$]", "_", text):
        if character == OPEN and not depth:
            found.append("*")
        elif character not in (OPEN, CLOSE) and not depth:
            found.append(character)
        depth = max(0, depth + (character == OPEN) - (character == CLOSE))
    return "".join(found)


def _imports(stack: Stack) -> Iterator[str]:
    """Yield the names that a template imports."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if list(value) == ["Fn::ImportValue"]:
                name = stack.resolver.resolve(value["Fn::ImportValue"])
                if isinstance(name, str):
                    yield name
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    if stack.sections:
        yield from walk(stack.sections.body)
