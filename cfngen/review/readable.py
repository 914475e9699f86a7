"""The templates of both sides as they are read, and those that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cfngen.cloudformation.read import MergeKeyError, NotYAMLError
from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review.comparison import UnreadableText
from cfngen.review.model import LeftOut, Side
from cfngen.review.pairs import TemplateSide, includes, may_nest, sections

CODE = "U101"  # of the rule that reports what cannot be read
MERGE_KEY = re.compile(r"<<[\"']?\s*:")  # as it may stand in a template

Sources = Mapping[str, Source]


@dataclass
class Readable:
    """What has to be compared of both sides, and by name what cannot be."""

    base: dict[str, TemplateSide] = field(default_factory=dict)
    head: dict[str, TemplateSide] = field(default_factory=dict)
    unreadable: dict[str, UnreadableText] = field(default_factory=dict)


def to_compare(base: Sources, head: Sources) -> list[str]:
    """Return the names of the templates that have to be compared, in order.

    Equal texts are skipped unless they may refer to other templates.
    """
    return [
        name
        for name in sorted({*base, *head})
        if not _is_equal(name, base, head) or may_nest(head[name].text)
    ]


def stands_alone(name: str, base: Sources, head: Sources) -> bool:
    """Whether a template has no other inside of it, and no file that it includes."""
    texts = [side[name].text for side in (base, head) if name in side]
    return not any(may_nest(text) or includes(text) for text in texts)


def readable(
    names: Iterable[str], base: Sources, head: Sources, labels: tuple[str, str]
) -> Readable:
    """Return some templates parsed.

    A text that cannot be read loses its own findings only: what changes in its stack is unknown,
    and if it is head's, it is certain that CloudFormation cannot read it either. The aws command
    writes merge keys out when it packages a template, so that these are a matter of how it is
    deployed; and what has only the beginning of a template may be none.
    """
    result = Readable()
    for name in names:
        errors: dict[str, RenderError] = {}
        for side, parts, label in zip(
            (base, head), (result.base, result.head), labels, strict=True
        ):
            try:
                if name in side:
                    parts[name] = TemplateSide(side[name], sections(side[name]))
            except RenderError as error:
                errors[label] = error
        if not errors or _is_equal(name, base, head):
            continue
        label, reason = [*errors.items()][-1]
        refused = labels[1] in errors and not isinstance(reason, MergeKeyError)
        if isinstance(reason, NotYAMLError) and name not in result.base:
            refused = refused and head[name].is_template
        if name in head and labels[1] in errors:
            result.base.pop(name, None)  # it is not removed
        file = (head if name in head else base)[name].file or name
        result.unreadable[name] = UnreadableText(name, file, label, str(reason), refused)
    return result


def _is_equal(name: str, base: Sources, head: Sources) -> bool:
    return name in base and name in head and base[name].text == head[name].text


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
