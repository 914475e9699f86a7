"""Two lists of sentences compared: what one says that the other does not already say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfngen.cloudformation.values import literal
from cfngen.review.model import Grant
from cfngen.review.permissions.actions import Actions, left, told
from cfngen.review.permissions.alternatives import WHEN, When
from cfngen.review.permissions.alternatives import condition as when
from cfngen.review.permissions.conditions import described, no_stricter, split
from cfngen.review.permissions.glob import wild
from cfngen.review.permissions.principals import Who
from cfngen.review.permissions.statements import Sentence

MOST_CASES = 4  # conditions of the template that are told apart
MOST_PAIRS = 5_000  # of a sentence's parts and others, beyond which it is compared as a whole

News = list[tuple[Sentence, frozenset[str]]]


def news(before: Sequence[Sentence], after: Sequence[Sentence], effect: str) -> News:
    """Return the sentences of an effect that are new, each with the actions for which it is.

    What a sentence of `after` allows and another of it denies is not new, whatever `before` says.
    """
    known = set(before)
    olds: dict[Who, list[Sentence]] = {}
    for sentence in before:
        if sentence.effect == effect:
            olds.setdefault(sentence.who, []).append(sentence)
    denied = [s for s in after if s.effect == "Deny"] if effect == "Allow" else []
    found = []
    for sentence in after:
        if sentence.effect != effect or sentence in known:
            continue
        rest = _uncovered(sentence, olds)
        if rest and denied:
            rest &= left(sentence.actions, _covering(sentence, denied))
        if rest:
            found.append((sentence, rest))
    return found


def _uncovered(sentence: Sentence, by_who: Mapping[Who, Sequence[Sentence]]) -> frozenset[str]:
    olds = [
        old
        for who, theirs in by_who.items()
        if who.includes(sentence.who)
        for old in theirs
        if old.on.includes(sentence.on)
    ]
    rest = left(sentence.actions, _allowing(sentence.condition, olds))
    if not rest or not olds:
        return rest
    parts = [one for part in split(sentence.condition) for one in _cases(part, olds)]
    if len(parts) < 2 or len(parts) * len(olds) > MOST_PAIRS:
        return rest
    return frozenset[str]().union(
        *(left(sentence.actions, _allowing(part, olds)) for part in parts)
    )


def _allowing(condition: When, olds: Sequence[Sentence]) -> list[Actions]:
    return [old.actions for old in olds if no_stricter(old.condition, condition)]


def _cases(condition: When, olds: Sequence[Sentence]) -> list[When]:
    """Return a condition for both cases of each condition of the template that others ask for."""
    mine = {entry.key for entry in condition if entry.operator == WHEN}
    asked = {e.key for old in olds for e in old.condition if e.operator == WHEN}
    found = [condition]
    for name in sorted(asked - mine)[:MOST_CASES]:
        found = [one | when(name, truth) for one in found for truth in ("true", "false")]
    return found


def _covering(sentence: Sentence, others: Sequence[Sentence]) -> list[Actions]:
    return [
        other.actions
        for other in others
        if other.who.includes(sentence.who)
        and other.on.includes(sentence.on)
        and no_stricter(other.condition, sentence.condition)
    ]


def grants(found: News, itself: str, spelled: dict[str, str]) -> tuple[Grant, ...]:
    """Return new sentences for a person, those about the same together.

    `itself` is what a `*` for a resource means, where that is the thing that has the policy.
    """
    grouped: dict[tuple[str, str, str, str], News] = {}
    for sentence, rest in found:
        on = itself if itself and str(sentence.on) == "*" else str(sentence.on)
        key = (sentence.effect, str(sentence.who), on, described(sentence.condition))
        grouped.setdefault(key, []).append((sentence, rest))
    return tuple(
        Grant(
            effect,
            who,
            tuple(dict.fromkeys(a for one, rest in mine for a in told(one.actions, rest, spelled))),
            on,
            condition,
            len(set(filter(literal, (action for _, rest in mine for action in rest)))),
        )
        for (effect, who, on, condition), mine in grouped.items()
    )


def spelling(all_of: Iterable[Sentence]) -> dict[str, str]:
    """Return how the policies spell the actions that they write out, by small letters."""
    return {
        pattern.lower(): pattern
        for sentence in all_of
        for pattern in sentence.actions.patterns
        if literal(pattern) and not wild(pattern)
    }
