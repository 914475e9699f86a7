"""Compares two lists of statements: what one allows or denies that the other does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfngen.cloudformation.glob import wild
from cfngen.cloudformation.text import AnyText
from cfngen.review.alternatives import TEMPLATE_CONDITION, Condition
from cfngen.review.alternatives import template_condition as when
from cfngen.review.model import Effect, Grant
from cfngen.review.permissions.actions import Actions, format_actions, uncovered_actions
from cfngen.review.permissions.conditions import describe, is_no_stricter, split, template_terms
from cfngen.review.permissions.exceptions import remainders
from cfngen.review.permissions.principals import PrincipalSet
from cfngen.review.permissions.statements import Statement

MAX_CASES = 4  # template conditions whose cases are compared one by one
MAX_PAIRS = 5_000  # of parts of a statement and others, beyond which it is compared as a whole

NewStatements = list[tuple[Statement, frozenset[AnyText]]]


def new_statements(
    before: Sequence[Statement], after: Sequence[Statement], effect: str
) -> NewStatements:
    """Return the statements of an effect that are new, each with the actions that are.

    What one statement of `after` allows and another denies is not new, whatever `before` says.

    >>> from cfngen.review.permissions.statements import statements
    >>> def read(action):
    ...     statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    ...     return statements({"Statement": statement}, "Role")
    >>> old, new = read("sqs:Send*"), read(["sqs:SendMessage", "sqs:PurgeQueue"])
    >>> [sorted(actions) for _, actions in new_statements(old, new, "Allow")]
    [['sqs:purgequeue']]
    >>> new_statements(read("sqs:*"), new, "Allow")
    []
    """
    unchanged = set(before)
    olds: dict[PrincipalSet, list[Statement]] = {}
    for statement in before:
        if statement.effect == effect:
            olds.setdefault(statement.principal, []).append(statement)
    denied = [s for s in after if s.effect == "Deny"] if effect == "Allow" else []
    new: NewStatements = []
    for statement in after:
        if statement.effect != effect or statement in unchanged:
            continue
        rest = _uncovered(statement, olds)
        if rest and denied:
            rest &= uncovered_actions(statement.actions, _covering(statement, denied))
        if rest:
            others = [old for group in olds.values() for old in group]
            for part, actions in remainders(statement, rest, others):
                if left := actions if part is statement else actions & _uncovered(part, olds):
                    new.append((part, left))
    return new


def _uncovered(
    statement: Statement, by_principals: Mapping[PrincipalSet, Sequence[Statement]]
) -> frozenset[AnyText]:
    olds = [
        old
        for principals, statements in by_principals.items()
        if principals.includes(statement.principal)
        for old in statements
        if old.resource.includes(statement.resource)
    ]
    rest = uncovered_actions(statement.actions, _allowing(statement.condition, olds))
    if not rest or not olds:
        return rest
    parts = [case for part in split(statement.condition) for case in _cases(part, olds)]
    if len(parts) < 2 or len(parts) * len(olds) > MAX_PAIRS:
        return rest
    return frozenset[AnyText]().union(
        *(uncovered_actions(statement.actions, _allowing(part, olds)) for part in parts)
    )


def _allowing(condition: Condition, olds: Sequence[Statement]) -> list[Actions]:
    return [old.actions for old in olds if is_no_stricter(old.condition, condition)]


def _cases(condition: Condition, olds: Sequence[Statement]) -> list[Condition]:
    """Return a condition once for each truth of the template conditions that others depend on."""
    own = {entry.key for entry in condition if entry.operator == TEMPLATE_CONDITION}
    required = {e.key for old in olds for e in old.condition if e.operator == TEMPLATE_CONDITION}
    cases = [condition]
    for name in sorted(required - own)[:MAX_CASES]:
        cases = [case | when(name, truth) for case in cases for truth in ("true", "false")]
    return cases


def _covering(statement: Statement, others: Sequence[Statement]) -> list[Actions]:
    return [
        other.actions
        for other in others
        if other.principal.includes(statement.principal)
        and other.resource.includes(statement.resource)
        and is_no_stricter(other.condition, statement.condition)
    ]


def grants(new: NewStatements, itself: str, spellings: dict[AnyText, str]) -> tuple[Grant, ...]:
    """Return new statements for a reader, those about the same things together.

    `itself` is what a `*` for a resource means, where that is the resource that has the policy.
    """
    grouped: dict[tuple[str, str, str, str, str], NewStatements] = {}
    for statement, rest in new:
        resource = itself if itself and str(statement.resource) == "*" else str(statement.resource)
        of_template = describe(template_terms(statement.condition))
        key = (
            statement.effect, str(statement.principal), resource, describe(statement.condition),
            of_template,
        )  # fmt: skip
        grouped.setdefault(key, []).append((statement, rest))
    return tuple(
        Grant(
            Effect(effect),
            principal,
            tuple(
                dict.fromkeys(
                    a
                    for statement, rest in group
                    for a in format_actions(statement.actions, rest, spellings)
                )
            ),
            resource,
            condition,
            len({a for _, rest in group for a in rest if isinstance(a, str)}),
            of_template,
        )
        for (effect, principal, resource, condition, of_template), group in grouped.items()
    )


def spelling(statements: Iterable[Statement]) -> dict[AnyText, str]:
    """Return how policies spell the actions that they write out, by lower case."""
    return {
        pattern.lower(): pattern
        for statement in statements
        for pattern in statement.actions.patterns
        if isinstance(pattern, str) and not wild(pattern)
    }
