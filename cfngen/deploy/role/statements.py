"""Statements of a policy: actions of one service that share what they are allowed on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cfngen.cloudformation.glob import covers

MAX_LITERAL = 100  # characters of a pattern by which the ARNs that it may cover are looked up

Condition = tuple[str, str, str]  # operator, key, value


@dataclass(frozen=True)
class Statement:
    """One statement, and the notes that explain it."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # operator, key, values
    notes: tuple[str, ...] = ()


@dataclass
class _Grant:
    """What one action is allowed on, for all the types that need it."""

    arns: dict[str, None] = field(default_factory=dict)
    types: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)


class Grants:
    """Actions in the order in which the template needs them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._grants: dict[tuple[str, Condition | None], _Grant] = {}

    def add(
        self,
        action: str,
        arns: tuple[str, ...],
        type_: str,
        note: str = "",
        condition: Condition | None = None,
    ) -> None:
        """Allow an action on some ARNs.

        Args:
            action: such as `s3:CreateBucket`.
            arns: ARNs or patterns.
            type_: the resource type that needs it, or the purpose in words.
            note: why it is allowed on no less, if a reader may ask.
            condition: under which it is allowed; values of one operator and key are alternatives.
        """
        grant = self._grants.setdefault((action, condition), _Grant())
        grant.arns |= dict.fromkeys(arns)
        grant.types[type_] = None
        if note:
            grant.notes[note] = None

    @property
    def actions(self) -> set[str]:
        """Every action that is allowed on something."""
        return {action for action, _ in self._grants}

    def statements(self) -> Iterator[Statement]:
        """Yield the statements."""
        groups: dict[tuple[Any, ...], list[tuple[str, Condition | None, _Grant]]] = {}
        for (action, condition), grant in self._grants.items():
            arns = without_covered(tuple(grant.arns))
            service = "" if arns == ("*",) else action.partition(":")[0]
            # An action with a condition is on its own; values of one condition are alternatives.
            apart = (action, *condition[:2]) if condition else None
            groups.setdefault((service, arns, apart), []).append((action, condition, grant))
        for (_, arns, apart), members in groups.items():
            types = dict.fromkeys(type_ for *_, grant in members for type_ in grant.types)
            notes = dict.fromkeys(note for *_, grant in members for note in grant.notes)
            heading = () if arns == ("*",) else (", ".join(types),)
            values = tuple(dict.fromkeys(condition[2] for _, condition, _ in members if condition))
            conditions = ((*apart[1:], values),) if apart else ()
            actions = tuple(sorted({action for action, *_ in members}))
            yield Statement(actions, arns, conditions, (*heading, *notes))


@lru_cache
def without_covered(arns: tuple[str, ...]) -> tuple[str, ...]:
    """Return ARNs without those that another one covers.

    Not each is compared with each: what a pattern covers has the pattern's longest literal in it.

    >>> without_covered(("arn:aws:s3:::shop-*", "arn:aws:s3:::shop-logs", "arn:aws:s3:::other"))
    ('arn:aws:s3:::shop-*', 'arn:aws:s3:::other')
    """
    patterns: dict[str, list[str]] = {}
    for arn in arns:
        if "*" in arn or "?" in arn:
            literal = max(re.split("[*?]", arn), key=len)[:MAX_LITERAL]
            patterns.setdefault(literal, []).append(arn)
    lengths = {len(literal) for literal in patterns}

    def covered(arn: str) -> bool:
        return any(
            pattern != arn and covers(pattern, arn)
            for length in lengths
            for start in range(len(arn) - length + 1)
            for pattern in patterns.get(arn[start : start + length], ())
        )

    return tuple(arn for arn in arns if not covered(arn))
