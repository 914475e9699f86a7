"""What a review compared and what it did not, as phrases for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfngen.plurals import counted
from cfngen.review.formats.change_sets import change_set_phrases
from cfngen.review.model import LeftOut, Review, Side

MAX_NAMED = 5
SIDES = {Side.BASE: " in {base}", Side.HEAD: " in {head}", Side.BOTH: ""}


def scope(review: Review) -> list[str]:
    """Return what a review compared and what it left out, one phrase each."""
    return list(_phrases(review))


def _phrases(review: Review) -> Iterator[str]:
    about = review.scope
    if review.unchanged:
        yield f"{counted(review.unchanged, 'template')} unchanged"
    if about.opaque:
        parts = "part is" if len(about.opaque) == 1 else "parts are"
        yield (
            f"{len(about.opaque)} {parts} the same on both sides and not inspected"
            f" ({_named(about.opaque)})"
        )
    for name, reason in about.accepted:
        yield f"{name} is accepted without inspection: {reason}"
    groups: dict[str, list[LeftOut]] = {}
    for left in about.left_out:
        groups.setdefault(left.reason, []).append(left)
    for reason, group in groups.items():
        names = [_with_side(left, review) for left in group]
        yield f"{len(group)} left out ({reason}): {_named(names)}"
    yield from about.notes
    yield from change_set_phrases(review)


def _with_side(left: LeftOut, review: Review) -> str:
    return left.path + SIDES[left.side].format(base=review.base, head=review.head)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
