"""Statements about everything but something, where another one only excepts more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cfngen.cloudformation.glob import covers
from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import shown
from cfngen.review.alternatives import Condition, Term
from cfngen.review.permissions.actions import uncovered_actions
from cfngen.review.permissions.conditions import (
    NEGATIVE,
    is_no_stricter,
    matches,
    operator_parts,
)
from cfngen.review.permissions.principals import PrincipalSet
from cfngen.review.permissions.statements import ResourceSet, Statement

MAX_CANDIDATES = 50  # statements with exceptions that one is compared with

Remainder = tuple[Statement, frozenset[AnyText]]


def remainders(
    statement: Statement, actions: frozenset[AnyText], others: Sequence[Statement]
) -> Iterator[Remainder]:
    """Yield what the others leave of a statement, for actions of which none covers all of it.

    Where one of them covers a statement but for something that it excepts, only that is left.

    >>> from cfngen.review.permissions.statements import statements
    >>> def deny(*excepted):
    ...     body = {"Effect": "Deny", "NotPrincipal": {"AWS": [*excepted]}, "Action": "sqs:*"}
    ...     return statements({"Statement": body}, "Queue")
    >>> actions = frozenset({"sqs:sendmessage"})
    >>> left = remainders(*deny("a"), actions, deny("a", "b"))
    >>> [(str(part.principal), *rest) for part, rest in left]
    [('b', 'sqs:sendmessage')]
    """
    candidates = [other for other in others if _excepts(other)]
    for other in candidates if len(candidates) <= MAX_CANDIDATES else ():
        covered = actions - uncovered_actions(statement.actions, [other.actions])
        parts = list(_left(statement, other)) if covered else []
        yield from ((part, covered) for part in parts)
        actions -= covered if parts else frozenset()
    if actions:
        yield statement, actions


def _excepts(statement: Statement) -> bool:
    return (
        statement.principal.negated
        or statement.resource.negated
        or any(_excepted_by(term.operator) for term in statement.condition)
    )


def _left(statement: Statement, other: Statement) -> Iterator[Statement]:
    """Yield what another statement does not cover since it excepts it, and covers otherwise."""
    principals = other.principal.includes(statement.principal)
    resources = other.resource.includes(statement.resource)
    conditions = is_no_stricter(other.condition, statement.condition)
    if resources and conditions and not principals:
        yield from _of_principals(statement, other)
    if principals and conditions and not resources:
        yield from _of_resources(statement, other)
    if principals and resources and not conditions:
        for condition in _failing(statement.condition, other.condition):
            yield replace(statement, condition=condition)


def _of_principals(statement: Statement, other: Statement) -> Iterator[Statement]:
    if not (other.principal.negated and statement.principal.includes_anyone):
        return
    own = statement.principal.members if statement.principal.negated else frozenset()
    if members := other.principal.members - own:
        yield replace(statement, principal=PrincipalSet(members))


def _of_resources(statement: Statement, other: Statement) -> Iterator[Statement]:
    if not other.resource.negated:
        return
    own = statement.resource.patterns
    patterns = frozenset(
        pattern
        for pattern in other.resource.patterns
        if any(covers(outer, pattern) for outer in own) != statement.resource.negated
    )
    if not statement.resource.negated and patterns != other.resource.patterns:
        return  # some may be partly in it
    if patterns:
        yield replace(statement, resource=ResourceSet(patterns))


def _failing(condition: Condition, other: Condition) -> list[Condition]:
    """Return when a condition holds and another does not, if only values that it excepts are why.

    Nothing if it is for another reason; of several terms, each may be the reason.
    """
    failed = [term for term in other if not is_no_stricter(frozenset({term}), condition)]
    left = [_without(term, condition) for term in failed]
    return left if all(left) else []


def _without(term: Term, condition: Condition) -> Condition:
    """Return when a condition holds and a term of another does not; nothing if nobody can say."""
    operator = _excepted_by(term.operator)
    if not operator:
        return frozenset()
    own = [
        given
        for given in condition
        if given.key == term.key and _excepted_by(given.operator) == operator
    ]
    values = frozenset(
        value
        for value in term.values
        if not any(
            matches(operator, excepted, operator, value) for g in own for excepted in g.values
        )
    )
    name, key = term.spelled
    spelled = name.replace("Not", "", 1).removesuffix("IfExists")
    description = f"{spelled} {key}: {', '.join(sorted(map(shown, values)))}"
    left = Term(operator, term.key, values, description, (spelled, key))
    return (condition - frozenset(own)) | {left} if values else frozenset()


def _excepted_by(operator: str) -> str:
    """Return the operator that matches what a negative one excepts; nothing for other ones.

    What has no key is not excepted by any. One about each of several values is not looked at.
    """
    _, of_set, plain = operator_parts(operator)
    return "" if of_set else NEGATIVE.get(plain, "")
