"""Where in a template a finding is: file lines of resources, properties and entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cfngen.cloudformation.values import shown
from cfngen.review.constructs import construct_path
from cfngen.review.model import Finding, PermissionChange, ResourceChange, Side
from cfngen.review.stack import Stack

STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


class FindingLocator:
    """Finds lines of one pair of templates."""

    def __init__(
        self,
        before: Stack,
        after: Stack,
        changes: Mapping[str, ResourceChange],
        permissions: tuple[PermissionChange, ...],
    ) -> None:
        """Keep what findings are about."""
        self.before = before
        self.after = after
        self.changes = changes
        self.policies = {change.attached_to: change.resources for change in permissions}
        self._names = frozenset(after.names)

    def located(self, finding: Finding) -> Finding:
        """Return a finding with its line and its construct."""
        finding = self._with_line(finding)
        if finding.section != "Resources":
            return finding
        side = self.before if finding.side == "base" else self.after
        return replace(finding, construct=construct_path(side.raw(finding.subject)))

    def _with_line(self, finding: Finding) -> Finding:
        """Return a finding with the line of the property, or else of what it is about."""
        if finding.line:
            return finding
        subject = finding.subject
        if finding.section != "Resources":
            return replace(finding, line=self.after.line(finding.section, subject))
        if subject not in self._names and subject in self._kept_before:
            line = self.before.line("Resources", subject)
            return replace(
                finding, line=line, side=Side.BASE, nearest_head_line=self._line_before(subject)
            )
        if finding.path:
            return replace(finding, line=_line(self.after, subject, finding.path))
        return self._of_policy(finding)

    def _of_policy(self, finding: Finding) -> Finding:
        """Return a finding at the first property that is different in what it is about."""
        for name in (finding.subject, *self.policies.get(finding.subject, ())):
            change = self.changes.get(name)
            details = (*change.properties, *change.attributes) if change else ()
            if details and name in self._names:
                return replace(finding, line=_line(self.after, name, details[0].path))
        return replace(finding, line=self.after.line("Resources", finding.subject))

    def _line_before(self, name: str) -> int:
        """Return the line in head of the resource that stood before a removed one."""
        return self.after.line("Resources", self._kept_before.get(name, ""))

    @cached_property
    def _kept_before(self) -> dict[str, str]:
        """The resource that is left of those before each of them; nothing if none is."""
        kept, nearest = "", {}
        for name in self.before.names:
            nearest[name] = kept
            kept = name if name in self._names else kept
        return nearest


def _line(stack: Stack, name: str, path: str) -> int:
    """Return the line of a property, or of the nearest thing around it."""
    body = stack.raw(name)
    if path in body:  # an attribute
        return stack.line("Resources", name, (path,))
    keys: list[str | int] = ["Properties"]
    node: Any = body.get("Properties")
    for step in STEP.finditer(path):
        key = _key(node, step[1] if step[1] is not None else step[2])
        if key is None:
            break
        keys.append(key)
        node = node[key]
    return stack.line("Resources", name, tuple(keys))


def _key(node: Any, label: str) -> str | int | None:
    """Return the key or place in a node that a step of a path means, if it is there."""
    if isinstance(node, dict):
        return label if label in node else None
    if not isinstance(node, list):
        return None
    for number, item in enumerate(node):
        if isinstance(item, dict) and label in (shown(value) for value in item.values()):
            return number
    return int(label) if label.isdecimal() and int(label) < len(node) else None
