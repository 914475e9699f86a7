"""Pairs of templates that are compared: those of the review, and the nested ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from cfngen.cloudformation.placeholders import NOTHING_MASKED, Masked
from cfngen.cloudformation.resolve import NO_OTHER_SIDE, OtherSide
from cfngen.cloudformation.sections import Sections
from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.compare.conditions import changed_conditions, changed_mappings, other_sides
from cfngen.review.compare.resources import ComparedResources, compare
from cfngen.review.includes import INCLUDE, with_includes
from cfngen.review.model import Certainty, Kind
from cfngen.review.stack import Stack

# What a template has somewhere that has another in it, or something that nobody can look into.
NESTING_WORDS = (
    "TemplateURL", "TemplateBody", "Transform", "ForEach", "::MODULE",
    "Serverless::Application", "CloudFormationProvisionedProduct",
)  # fmt: skip
# A letter may be spelled with an escape: in quotes, in a tag, or by a tag's prefix.
HEX = "[0-9A-Fa-f]"
ESCAPED = re.compile(
    rf"\\(?:x(?P<x>{HEX}{{2}})|u(?P<u>{HEX}{{4}})|U(?P<U>{HEX}{{8}})|(?P<slash>/)"
    rf"|(?:\r\n?|[\n\x85\u2028\u2029])[ \t]*)|%(?P<percent>{HEX}{{2}})"
)


@lru_cache(maxsize=8)  # each of a pair is looked at several times, one after the other
def may_nest(text: str) -> bool:
    """Whether a template may contain another one, or a part that cannot be inspected."""
    if _nests(text) or "%TAG" in text:
        return True
    plain = unescaped(text)
    return plain != text and _nests(plain)


def _nests(text: str) -> bool:
    return any(word in text and _has_word(text, word) for word in NESTING_WORDS)


def _has_word(text: str, word: str) -> bool:
    """Whether a word is in a text that is not a part of a longer one, such as `InputTransformer`.

    Ten times as fast as a pattern.
    """
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        before, after = text[max(start - 1, 0) : start], text[end : end + 1]
        if not _joins(before, word[0]) and not _joins(word[-1], after):
            return True
        start = text.find(word, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word."""
    return all(each.isalnum() or each == "_" for each in (left or " ", right or " "))


@lru_cache(maxsize=8)
def unescaped(text: str) -> str:
    r"""Return a text in which letters that may be spelled with an escape are plain.

    Where YAML knows no escapes, it is another text than YAML reads.

    >>> unescaped(r'"\x54ransform"')
    '"Transform"'
    """
    return ESCAPED.sub(_letter, text) if "\\" in text or "%" in text else text


def _letter(escape: re.Match[str]) -> str:
    digits = escape["x"] or escape["u"] or escape["U"] or escape["percent"]
    try:
        return chr(int(digits, 16)) if digits else escape["slash"] or ""
    except (ValueError, OverflowError):  # no such character
        return escape[0]


def sections(source: Source) -> Sections:
    """Return a parsed template, with the files that it includes.

    Raises:
        RenderError: it is no template.
    """
    if not includes(source.text):
        return _cut(source.text)
    return Sections(source.text, lambda body: with_includes(body, source))


def includes(text: str) -> bool:
    """Whether a template may include a file."""
    if INCLUDE in text:
        return True
    if "%TAG" not in text and INCLUDE not in unescaped(text):
        return False
    try:
        return INCLUDE in json.dumps(_cut(text).body, default=str)
    except RenderError:  # it may have no resources but those that it includes
        return True


@lru_cache(maxsize=64)
def _cut(text: str) -> Sections:
    return Sections(text)


@dataclass(frozen=True)
class TemplateSide:
    """One side of a pair: a template, and where it comes from.

    `parameters` are those whose value an outer template gives, and `around` are the outer
    templates, the nearest first. `lines` maps a line of the template to that of the file. `outer`
    has the references of the outer template that stand in the text of this one.
    """

    source: Source
    sections: Sections = field(repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    around: tuple[Source, ...] = ()
    lines: Callable[[int], int] | None = None
    outer: Masked = field(default=NOTHING_MASKED, repr=False)

    @property
    def text(self) -> str:
        """The template as one text, with the files in it that it includes."""
        if not self.sections.rewritten:
            return self.source.text
        return json.dumps(self.sections.body, default=str)

    @property
    def meaning(self) -> object:
        """What is equal if nothing can differ: the text, or the parsed data with included files."""
        return self.sections.body if self.sections.rewritten else self.source.text


@dataclass(frozen=True)
class UnreadableTemplate:
    """A nested template that cannot be read.

    `reference` is equal on both sides if nothing can have changed in it, as far as one can see;
    `advice` is what a person can do.
    """

    description: str
    reference: str
    advice: str


@dataclass(eq=False)
class Pair:
    """A template before and after; `unreadable` are nested ones that cannot be read."""

    name: str
    kind: Kind
    old: TemplateSide | None
    new: TemplateSide | None
    outer: Pair | None = None
    resource: str = ""  # of the outer template
    unreadable: dict[str, tuple[UnreadableTemplate | None, UnreadableTemplate | None]] = field(
        default_factory=dict
    )
    # What those inside of it hand to it, on both sides.
    outputs: tuple[dict[str, Any], dict[str, Any]] = field(default_factory=lambda: ({}, {}))

    @property
    def file(self) -> str:
        """Where a person finds it."""
        there = self.new or self.old
        file = there.source.file if there else ""
        return file or (self.outer.file if self.outer else self.name)

    @property
    def root(self) -> Pair:
        """The template that is deployed by itself: this one, or the one around it."""
        return self.outer.root if self.outer else self

    @property
    def same(self) -> bool:
        """Whether both sides are equal, and get equal parameters."""
        old, new = self.old, self.new
        return (
            old is not None
            and new is not None
            and old.meaning == new.meaning
            and old.outer.marked == new.outer.marked
            and old.parameters == new.parameters
            and self.outputs[0] == self.outputs[1]
        )

    def add_outputs(self, outputs: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Take the outputs of a nested template; what was computed without them is discarded."""
        if not any(outputs):
            return
        for own, more in zip(self.outputs, outputs, strict=True):
            own.update(more)
        for worked_out in ("stacks", "compared"):
            self.__dict__.pop(worked_out, None)

    @cached_property
    def stacks(self) -> tuple[Stack, Stack]:
        """Both sides, resolved."""
        stacks = self._stacks()
        if self.same:
            return stacks
        mappings = changed_mappings(*stacks)
        if mappings:
            stacks = self._stacks(mappings, other_sides(*stacks))
        conditions = changed_conditions(*stacks)
        sides = other_sides(*stacks)
        if conditions or any(side.names != {n: n for n in side.names} for side in sides):
            stacks = self._stacks(mappings | conditions, sides)
        return stacks

    def _stacks(
        self,
        moved: frozenset[str] = frozenset(),
        others: tuple[OtherSide, OtherSide] = (NO_OTHER_SIDE, NO_OTHER_SIDE),
    ) -> tuple[Stack, Stack]:
        return (
            _stack(self.old, self.outputs[0], moved, others[0]),
            _stack(self.new, self.outputs[1], moved, others[1]),
        )

    @cached_property
    def compared(self) -> ComparedResources:
        """The resources of both sides, compared."""
        return ComparedResources() if self.same else compare(*self.stacks)

    @property
    def replaced(self) -> frozenset[str]:
        """The resources that may be replaced."""
        changes = self.compared.changes.items()
        return frozenset(n for n, c in changes if c.replacement is not Certainty.NO)


def _stack(
    part: TemplateSide | None,
    outputs: Mapping[str, Any],
    moved: frozenset[str],
    other: OtherSide,
) -> Stack:
    if part is None:
        return Stack()
    values = {**part.parameters, **outputs}
    return Stack(
        part.sections,
        changed=moved,
        parameters=values,
        lines=part.lines,
        outer=part.outer,
        other=other,
    )
