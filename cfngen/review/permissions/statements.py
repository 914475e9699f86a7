"""Policy documents as normalized statements: principals, actions, resources, condition."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.glob import apart, covers
from cfngen.cloudformation.placeholders import masked
from cfngen.cloudformation.read import check_size
from cfngen.cloudformation.text import AnyText, Text, join
from cfngen.cloudformation.values import canonical, opaque, shown
from cfngen.errors import RenderError
from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    Term,
    flattened_texts,
    if_alternatives,
    is_satisfiable,
    text_alternatives,
)
from cfngen.review.permissions.actions import Actions
from cfngen.review.permissions.conditions import conditions
from cfngen.review.permissions.principals import Principal, PrincipalSet, named_principals

CURRENT_VERSION = "2012-10-17"  # the version of policies that has variables
MAX_STATEMENTS = 3_000  # of one policy; IAM accepts no policy that has so many


@dataclass(frozen=True)
class ResourceSet:
    """What a statement is about: some patterns, or everything except them."""

    patterns: frozenset[AnyText]
    negated: bool = False

    def includes(self, other: ResourceSet) -> bool:
        """Whether everything that the other set matches is certainly matched here.

        >>> files = ResourceSet(frozenset({"arn:aws:s3:::shop/*"}))
        >>> EVERYTHING.includes(files), files.includes(EVERYTHING)
        (True, False)
        """
        if len(self.patterns) == len(other.patterns) == 1 and not (self.negated or other.negated):
            return covers(
                *self.patterns, *other.patterns
            )  # the usual case, asked millions of times
        if self == other or (not self.negated and "*" in self.patterns):
            return True
        if self.negated and other.negated:
            return all(any(covers(q, p) for q in other.patterns) for p in self.patterns)
        if self.negated:
            return all(apart(p, q) for p in self.patterns for q in other.patterns)
        return not other.negated and all(
            any(covers(p, q) for p in self.patterns) for q in other.patterns
        )

    def __str__(self) -> str:
        """Return it for a person."""
        names = ", ".join(sorted(map(shown, self.patterns)))
        return f"everything but {names}" if self.negated else names


EVERYTHING = ResourceSet(frozenset({"*"}))


@dataclass(frozen=True)
class Statement:
    """A part of a statement: one principal, one resource, and all the actions."""

    effect: str
    principal: PrincipalSet
    actions: Actions
    resource: ResourceSet
    condition: Condition = ALWAYS


def document(value: Any) -> Any:
    """Return a policy document as data where it is JSON in a text, anything else unchanged."""
    if not isinstance(value, str | Text):
        return value
    beginning = value if isinstance(value, str) else value.beginning
    if not beginning.lstrip().startswith("{"):
        return value
    json_text = masked(value)
    try:
        data = json.loads(json_text.text, object_pairs_hook=_unique_keys)
        check_size(data)
    except (ValueError, RecursionError, RenderError):
        return value
    return json_text.restored(data)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a repeated key")
    return dict(pairs)


def is_policy(value: Any) -> bool:
    """Whether a value is a policy document: data with statements that have an effect."""
    if not isinstance(value, dict) or "Statement" not in value:
        return False
    return any(
        "Effect" in statement
        for _, statement in raw_statements(value)
        if isinstance(statement, dict)
    )


def statements(value: Any, attached_to: str, when: Condition = ALWAYS) -> tuple[Statement, ...]:
    """Return the statements of a policy document, one for each principal and resource.

    `attached_to` is the principal where the document names none. Both alternatives of an `Fn::If`
    are included, each with its condition. What cannot be understood is one statement that equals
    only itself.

    >>> statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ["a", "b"]}
    >>> for found in statements({"Statement": statement}, "BuildRole"):
    ...     print(found.effect, found.principal, *found.actions.patterns, found.resource)
    Allow BuildRole sqs:SendMessage a
    Allow BuildRole sqs:SendMessage b
    """
    parsed: list[Statement] = []
    for inner, body in if_alternatives(value):
        read = document(body)
        for outer, statement in raw_statements(read):
            plain = _without_variables(read, statement)
            parsed += _expanded(statement, attached_to, when | inner | outer | plain)
            if len(parsed) > MAX_STATEMENTS:
                return (_unknown(value, attached_to, when),)
    return tuple(dict.fromkeys(parsed))


def _without_variables(policy: Any, statement: Any) -> Condition:
    """Return, as a condition, that `${...}` is plain text in a policy of the old version."""
    version = policy.get("Version", "2008-10-17") if isinstance(policy, dict) else CURRENT_VERSION
    if version == CURRENT_VERSION or "${" not in canonical(statement):
        return ALWAYS
    description = f"Version {shown(version)}, which has no variables"
    return frozenset({Term("", "version", frozenset({"2008-10-17"}), description)})


def described_statement(
    description: str, attached_to: str, when: Condition = ALWAYS, *, exactly: Any = None
) -> Statement:
    """Return the statement that a principal may do what a description says, or `*`.

    `exactly` is equal only where the same is meant, should the description not be enough for that.
    """
    actions = (
        Actions(("*",))
        if description == "*"
        else Actions(
            (opaque(description if exactly is None else exactly),), description=description
        )
    )
    return Statement("Allow", attached_principal(attached_to), actions, EVERYTHING, when)


def attached_principal(attached_to: str) -> PrincipalSet:
    """Return what a policy is attached to as its principal."""
    return PrincipalSet(frozenset({Principal("attached", attached_to)}))


def _unknown(value: Any, attached_to: str, when: Condition) -> Statement:
    description = f"whatever this means: {shown(value)}"
    return described_statement(description, attached_to, when, exactly=value)


def raw_statements(value: Any) -> Iterator[tuple[Condition, Any]]:
    """Yield the statements of a policy document as data; the document if it has none."""
    if value is None:
        return
    if isinstance(value, dict) and "Statement" in value:
        yield from _each(value["Statement"])
    else:
        yield ALWAYS, value


def _each(value: Any) -> Iterator[tuple[Condition, Any]]:
    for when, alternative in if_alternatives(value):
        if isinstance(alternative, list):
            for item in alternative:
                yield from ((when | inner, statement) for inner, statement in _each(item))
        elif alternative is not None:
            yield when, alternative


def _expanded(statement: Any, attached_to: str, when: Condition) -> Iterator[Statement]:
    if not isinstance(statement, dict):
        yield _unknown(statement, attached_to, when)
        return
    effects = list(_effects(statement.get("Effect")))
    all_principals = list(_principals(statement, attached_to))
    all_resources = list(_resources(statement))
    all_actions = list(_actions(statement))
    conditions_of_statement = list(conditions(statement.get("Condition")))
    many = (
        len(effects)
        * len(all_principals)
        * len(all_resources)
        * len(all_actions)
        * len(conditions_of_statement)
    )
    if not 0 < many <= MAX_STATEMENTS:
        yield _unknown(statement, attached_to, when)
        return
    parts = itertools.product(
        effects, all_principals, all_resources, all_actions, conditions_of_statement
    )
    for (effect_condition, effect), (principal_condition, principals), (
        resource_condition,
        resources,
    ), (action_condition, actions), own_condition in parts:
        condition = (
            when
            | effect_condition
            | principal_condition
            | resource_condition
            | action_condition
            | own_condition
        )
        if is_satisfiable(condition):
            yield Statement(effect, principals, actions, resources, condition)


def _effects(value: Any) -> Iterator[tuple[Condition, str]]:
    for when, text in text_alternatives(value):
        if isinstance(text, str) and text in ("Allow", "Deny"):
            yield when, text
        else:
            yield when | {Term("", "effect", frozenset({text}), f"Effect {shown(text)}")}, "Allow"


def _actions(statement: dict[str, Any]) -> Iterator[tuple[Condition, Actions]]:
    grouped: dict[Condition, list[AnyText]] = {}
    for when, text in text_alternatives(statement.get("Action")):
        grouped.setdefault(when, []).append(text)
    for when, patterns in grouped.items():
        yield when, Actions(tuple(dict.fromkeys(patterns)))
    if "NotAction" in statement:
        yield ALWAYS, Actions(flattened_texts(statement["NotAction"]), negated=True)


def _principals(
    statement: dict[str, Any], attached_to: str
) -> Iterator[tuple[Condition, PrincipalSet]]:
    for when, principal in named_principals(statement.get("Principal")):
        yield when, PrincipalSet(frozenset({principal}))
    if "NotPrincipal" in statement:
        excluded = (
            _sometimes(*excluded_principal)
            for excluded_principal in named_principals(statement["NotPrincipal"])
        )
        yield ALWAYS, PrincipalSet(frozenset(excluded), negated=True)
    if "Principal" not in statement and "NotPrincipal" not in statement:
        yield ALWAYS, attached_principal(attached_to)


def _sometimes(when: Condition, principal: Principal) -> Principal:
    """Return a principal that is excluded only under a condition as an unknown one."""
    if not when:
        return principal
    description = "; ".join(sorted(entry.description for entry in when))
    return Principal(principal.kind, opaque(join((principal.name, f" {description}"))))


def _resources(statement: dict[str, Any]) -> Iterator[tuple[Condition, ResourceSet]]:
    for when, text in text_alternatives(statement.get("Resource")):
        yield when, ResourceSet(frozenset({text}))
    if "NotResource" in statement:
        yield (
            ALWAYS,
            ResourceSet(frozenset(flattened_texts(statement["NotResource"])), negated=True),
        )
    if "Resource" not in statement and "NotResource" not in statement:
        yield ALWAYS, EVERYTHING
