"""The templates of both sides as they are read, and those that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cfngen.cloudformation.read import MergeKeyError
from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.comparison import UnreadableText
from cfngen.review.model import LeftOut, Side
from cfngen.review.pairs import TemplateSide, may_nest, sections

CODE = "U101"  # of the rule that reports what cannot be read
MERGE_KEY = re.compile(r"<<[\"']?\s*:")  # as it may stand in a template

Sources = Mapping[str, Source]


@dataclass
class Readable:
    """What has to be compared of both sides, and by name what cannot be."""

    base: dict[str, TemplateSide] = field(default_factory=dict)
    head: dict[str, TemplateSide] = field(default_factory=dict)
    unreadable: dict[str, UnreadableText] = field(default_factory=dict)


def readable(base: Sources, head: Sources, labels: tuple[str, str]) -> Readable:
    """Return the parsed templates that have to be compared.

    Equal texts are skipped unless they may refer to other templates. A text that cannot be read
    loses its own findings only: what changes in its stack is unknown, and if it is head's, it is
    certain that CloudFormation cannot read it either. The aws command writes merge keys
    out when it packages a template, so that these are a matter of how it is deployed.
    """
    result = Readable()
    for name in sorted({*base, *head}):
        there = [side[name] for side in (base, head) if name in side]
        equal = len(there) == 2 and there[0].text == there[1].text
        if equal and not may_nest(there[0].text):
            continue
        errors: dict[str, RenderError] = {}
        for side, parts, label in zip(
            (base, head), (result.base, result.head), labels, strict=True
        ):
            try:
                if name in side:
                    parts[name] = TemplateSide(side[name], sections(side[name]))
            except RenderError as error:
                errors[label] = error
        if not errors or equal:
            continue
        label, reason = [*errors.items()][-1]
        if name in head and labels[1] in errors:
            result.base.pop(name, None)  # it is not removed
        refused = labels[1] in errors and not isinstance(reason, MergeKeyError)
        file = there[-1].file or name
        result.unreadable[name] = UnreadableText(name, file, label, str(reason), refused)
    return result


def with_merges(base: Sources, head: Sources) -> Iterator[LeftOut]:
    """Yield the templates that stay as they are and cannot be read, since they have merge keys."""
    for name, source in head.items():
        old = base.get(name)
        if old and old.text == source.text and MERGE_KEY.search(source.text):
            try:
                sections(source)
            except MergeKeyError as error:
                yield LeftOut(source.file or name, Side.BOTH, str(error))
            except RenderError:
                continue
