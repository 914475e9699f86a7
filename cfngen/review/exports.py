"""Outputs that other templates import: CloudFormation refuses to remove or change them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.values import CLOSE, OPEN, canonical, literal, shown
from cfngen.review.model import Certainty, Concern, EntryChange, Finding, Kind
from cfngen.review.names import Names
from cfngen.review.permissions.glob import covers
from cfngen.review.stack import Stack

SOURCE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"
)
NOTE = "CloudFormation refuses this while any stack imports it"


@dataclass(frozen=True)
class Side:
    """All templates of one side, as text; what they import or name is looked for when asked for."""

    texts: Mapping[str, str]

    @cached_property
    def names(self) -> Names:
        """The names that they give their resources."""
        return Names(self.texts)

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
    for touched in _touched(before, after, entries):
        now = _importers(head, name, touched.export)
        then = _importers(base, name, touched.export)
        export = f"the export {shown(touched.export)} is {touched.outcome}"
        if now:
            sure = any(now.values()) and touched.sure
            how = Certainty.WILL if sure else Certainty.MAY
            message = f"{export} while {_names(now)} it"
        elif then:
            how = Certainty.MAY
            message = (
                f"{export}, and {_names(then)} it until this change is deployed there: deploy that"
                " first"
            )
        else:
            continue
        yield Finding(
            Concern.REFUSED,
            how,
            touched.output,
            message,
            SOURCE,
            section="Outputs",
            line=touched.line,
            side="base" if touched.gone else "head",
        )


def noted(
    before: Stack, after: Stack, entries: list[EntryChange], found: list[Finding]
) -> list[EntryChange]:
    """Return entries, those exports with a note that nothing here is known to import."""
    told = {finding.subject for finding in found if finding.section == "Outputs"}
    outputs = {touched.output for touched in _touched(before, after, entries)} - told
    return [
        replace(entry, note=f"{entry.note}; {NOTE}" if entry.note else NOTE)
        if entry.section == "Outputs" and entry.name in outputs
        else entry
        for entry in entries
    ]


@dataclass(frozen=True)
class _Touched:
    """An output whose export is not there any more, or not always, or has another value."""

    output: str
    export: Any
    outcome: str
    sure: bool = True
    gone: bool = False  # the output itself
    line: int = 0


def _touched(before: Stack, after: Stack, entries: list[EntryChange]) -> Iterator[_Touched]:
    """Yield the outputs whose export is removed or changed, or may be so by a condition."""
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
            yield _Touched(output, exported, "removed", gone=gone, line=line)
        elif entry and any(detail.path == "Value" for detail in entry.details):
            sure = not (entry.kind is Kind.AFFECTED and " may be replaced" in entry.note)
            yield _Touched(output, exported, "changed", sure, line=line)
        elif condition := _conditional(before, after, output):
            known = after.resolver.known(condition)
            outcome = f"removed where {condition} is false" if known is None else "removed"
            yield _Touched(output, exported, outcome, sure=known is not None, line=line)


def _conditional(before: Stack, after: Stack, output: str) -> str:
    """Return the condition that an output comes under, or that does not say the same any more."""
    was, now = (side.section("Outputs").get(output) for side in (before, after))
    old, new = (side.get("Condition") if isinstance(side, dict) else None for side in (was, now))
    if not isinstance(new, str) or after.resolver.known(new):
        return ""
    if isinstance(old, str) and before.resolver.known(old) is False:
        return ""  # nothing was exported
    if old == new and new in after.resolver.told:
        return new
    return new if old != new else ""


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
