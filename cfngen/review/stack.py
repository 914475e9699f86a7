"""One side of a review: a template whose resources are resolved one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cfngen.cloudformation.placeholders import NOTHING_MASKED, Masked
from cfngen.cloudformation.resolve import NO_OTHER_SIDE, OtherSide
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.template import Resource, TemplateBody

__all__ = ["Resource", "Stack"]


class Stack(TemplateBody):
    """A template as one side of a review sees it; an empty one where there is none."""

    def __init__(
        self,
        sections: Sections | None = None,
        *,
        changed: frozenset[str] = frozenset(),
        parameters: Mapping[str, Any] | None = None,
        lines: Callable[[int], int] | None = None,
        outer: Masked = NOTHING_MASKED,
        other: OtherSide = NO_OTHER_SIDE,
    ) -> None:
        """Look at a template.

        Args:
            sections: the template, if there is one on this side.
            changed: as for `Resolver`.
            parameters: as for `Resolver`.
            lines: which line of the file has a line of the template, where that is another.
            outer: as for `Resolver`.
            other: as for `Resolver`.
        """
        super().__init__(sections, changed=changed, parameters=parameters, outer=outer, other=other)
        self._lines = lines

    def text(self, name: str) -> str:
        """Return a resource as text; empty if there is none. Equal texts mean the same."""
        piece = self.sections.resources.get(name) if self.sections else None
        if piece is None:
            return ""
        return piece.text or piece.written

    def mentions(self, name: str, other: str) -> bool:
        """Whether the text of a resource has the name of another in it."""
        text = self.text(name)
        # An escape in quotes, or a function that makes a name, may hide it.
        return other in text or "\\" in text or self._macros

    @property
    def _macros(self) -> bool:
        return self.sections is not None and self.sections.value("Transform") is not None

    def line(self, section: str, name: str = "", path: tuple[str | int, ...] = ()) -> int:
        """Return the line of the file on which something begins, 1 if there is none."""
        if self.sections is None:
            return 1
        line = self.sections.line(section, name, path)
        return self._lines(line) if self._lines else line
