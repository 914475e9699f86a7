"""Policy documents as sentences: who may do what, on what, under what condition."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.read import check_size
from cfngen.cloudformation.values import canonical, shown
from cfngen.errors import RenderError
from cfngen.review.permissions.actions import Actions
from cfngen.review.permissions.alternatives import (
    ALWAYS,
    Entry,
    When,
    branches,
    items,
    opaque,
    possible,
    texts,
)
from cfngen.review.permissions.conditions import conditions
from cfngen.review.permissions.glob import apart, covers
from cfngen.review.permissions.principals import Principal, Who, named

NEWEST = "2012-10-17"  # the version of policies that has variables
MOST = 3_000  # sentences of one policy; IAM takes no policy that has so many
SMUGGLED = re.compile(r"\\u[eE]00[01]")


@dataclass(frozen=True)
class Target:
    """What a statement is about: one pattern, or everything but some."""

    patterns: frozenset[str]
    but: bool = False

    def includes(self, other: Target) -> bool:
        """Whether everything that is meant by the other is meant here, as far as is known."""
        if len(self.patterns) == len(other.patterns) == 1 and not (self.but or other.but):
            return covers(
                *self.patterns, *other.patterns
            )  # the usual case, asked millions of times
        if self == other or (not self.but and "*" in self.patterns):
            return True
        if self.but and other.but:
            return all(any(covers(q, p) for q in other.patterns) for p in self.patterns)
        if self.but:
            return all(apart(p, q) for p in self.patterns for q in other.patterns)
        return not other.but and all(
            any(covers(p, q) for p in self.patterns) for q in other.patterns
        )

    def __str__(self) -> str:
        """Return it for a person."""
        names = ", ".join(sorted(map(shown, self.patterns)))
        return f"everything but {names}" if self.but else names


EVERYTHING = Target(frozenset({"*"}))


@dataclass(frozen=True)
class Sentence:
    """A part of a statement: one principal, one thing, and all the actions."""

    effect: str
    who: Who
    actions: Actions
    on: Target
    condition: When = ALWAYS


def document(value: Any) -> Any:
    """Return a policy document as data where it is JSON in a text, anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    if SMUGGLED.search(value):  # would turn into the signs that stand around references
        return value
    try:
        found = json.loads(value, object_pairs_hook=_once)
        check_size(found)
    except (ValueError, RecursionError, RenderError):
        return value
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a repeated key")
    return dict(pairs)


def is_policy(value: Any) -> bool:
    """Whether a value is a policy document: data with statements that have an effect."""
    if not isinstance(value, dict) or "Statement" not in value:
        return False
    return any("Effect" in one for _, one in statements(value) if isinstance(one, dict))


def sentences(value: Any, holder: str, when: When = ALWAYS) -> tuple[Sentence, ...]:
    """Return what a policy document says; `holder` is who it speaks of if it does not say so.

    Both branches of an `Fn::If` are there, each under its condition. What cannot be understood is
    one sentence that is equal to itself only.
    """
    found: list[Sentence] = []
    for inner, body in branches(value):
        read = document(body)
        for outer, statement in statements(read):
            plain = _without_variables(read, statement)
            found += _sentences(statement, holder, when | inner | outer | plain)
            if len(found) > MOST:
                return (_unknown(value, holder, when),)
    return tuple(dict.fromkeys(found))


def _without_variables(policy: Any, statement: Any) -> When:
    """Return, as a condition, that what looks like a variable is plain text to this policy."""
    version = policy.get("Version", "2008-10-17") if isinstance(policy, dict) else NEWEST
    if version == NEWEST or "${" not in canonical(statement):
        return ALWAYS
    words = f"Version {shown(version)}, which has no variables"
    return frozenset({Entry("", "version", frozenset({"2008-10-17"}), words)})


def allowing(words: str, holder: str, when: When = ALWAYS, *, exactly: str = "") -> Sentence:
    """Return that a holder may do what is described in words, or `*`.

    `exactly` is equal only where the same is meant, should the words not be enough for that.
    """
    actions = Actions(("*",)) if words == "*" else Actions((opaque(exactly or words),), words=words)
    return Sentence("Allow", holds(holder), actions, EVERYTHING, when)


def holds(holder: str) -> Who:
    """Return the holder of a policy as the one whom it speaks of."""
    return Who(frozenset({Principal("holder", holder)}))


def _unknown(value: Any, holder: str, when: When) -> Sentence:
    words = f"whatever this means: {shown(value)}"
    return allowing(words, holder, when, exactly=canonical(value))


def statements(value: Any) -> Iterator[tuple[When, Any]]:
    """Yield the statements of one policy document; the document if it is none."""
    if value is None:
        return
    if isinstance(value, dict) and "Statement" in value:
        yield from _each(value["Statement"])
    else:
        yield ALWAYS, value


def _each(value: Any) -> Iterator[tuple[When, Any]]:
    for when, found in branches(value):
        if isinstance(found, list):
            for item in found:
                yield from ((when | inner, one) for inner, one in _each(item))
        elif found is not None:
            yield when, found


def _sentences(statement: Any, holder: str, when: When) -> Iterator[Sentence]:
    if not isinstance(statement, dict):
        yield _unknown(statement, holder, when)
        return
    effects = list(_effects(statement.get("Effect")))
    whos = list(_whos(statement, holder))
    targets = list(_targets(statement))
    acts = list(_actions(statement))
    under = list(conditions(statement.get("Condition")))
    many = len(effects) * len(whos) * len(targets) * len(acts) * len(under)
    if not 0 < many <= MOST:
        yield _unknown(statement, holder, when)
        return
    parts = itertools.product(effects, whos, targets, acts, under)
    for (one, effect), (two, who), (three, on), (four, actions), five in parts:
        condition = when | one | two | three | four | five
        if possible(condition):
            yield Sentence(effect, who, actions, on, condition)


def _effects(value: Any) -> Iterator[tuple[When, str]]:
    for when, text in items(value):
        if text in ("Allow", "Deny"):
            yield when, text
        else:
            yield when | {Entry("", "effect", frozenset({text}), f"Effect {shown(text)}")}, "Allow"


def _actions(statement: dict[str, Any]) -> Iterator[tuple[When, Actions]]:
    grouped: dict[When, list[str]] = {}
    for when, text in items(statement.get("Action")):
        grouped.setdefault(when, []).append(text)
    for when, patterns in grouped.items():
        yield when, Actions(tuple(dict.fromkeys(patterns)))
    if "NotAction" in statement:
        yield ALWAYS, Actions(texts(statement["NotAction"]), but=True)


def _whos(statement: dict[str, Any], holder: str) -> Iterator[tuple[When, Who]]:
    for when, principal in named(statement.get("Principal")):
        yield when, Who(frozenset({principal}))
    if "NotPrincipal" in statement:
        excluded = (_sometimes(*one) for one in named(statement["NotPrincipal"]))
        yield ALWAYS, Who(frozenset(excluded), but=True)
    if "Principal" not in statement and "NotPrincipal" not in statement:
        yield ALWAYS, holds(holder)


def _sometimes(when: When, principal: Principal) -> Principal:
    """Return a principal that is excluded only under a condition, as an unknown one."""
    if not when:
        return principal
    words = "; ".join(sorted(entry.written for entry in when))
    return Principal(principal.kind, opaque(f"{principal.name} {words}"))


def _targets(statement: dict[str, Any]) -> Iterator[tuple[When, Target]]:
    for when, text in items(statement.get("Resource")):
        yield when, Target(frozenset({text}))
    if "NotResource" in statement:
        yield ALWAYS, Target(frozenset(texts(statement["NotResource"])), but=True)
    if "Resource" not in statement and "NotResource" not in statement:
        yield ALWAYS, EVERYTHING
