"""Principals of statements: in one spelling, and which one includes another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import CLOSE, OPEN, canonical, scalar, shown
from cfngen.review.alternatives import (
    Condition,
    if_alternatives,
    opaque,
    text_alternatives,
)

REF = f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}"
ACCOUNT = rf"(?P<account>{REF}|[0-9]{{12}})"
ROOT = re.compile(rf"arn:(?:{REF}|[^:{OPEN}]*):iam::{ACCOUNT}:root")
WITHIN = re.compile(rf"arn:(?:{REF}|[^:{OPEN}]*):(?:iam|sts)::{ACCOUNT}:.+", re.DOTALL)
OWN = f"{OPEN}AWS::AccountId{CLOSE}"


@dataclass(frozen=True, order=True)
class Principal:
    """One principal: its kind (as in `Principal`, or `account`, `any`, `attached`) and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return it for a person."""
        kinds = {"account": "account ", "CanonicalUser": "canonical user "}
        return kinds.get(self.kind, "") + shown(self.name)


ANYONE = Principal("any", "*")


@dataclass(frozen=True)
class PrincipalSet:
    """Some principals, or everybody except them, where `negated` is true."""

    members: frozenset[Principal]
    negated: bool = False

    @property
    def includes_anyone(self) -> bool:
        """Whether the public is included."""
        return self.negated or ANYONE in self.members

    def includes(self, other: PrincipalSet) -> bool:
        """Whether every principal of the other set is certainly in this one.

        >>> account = PrincipalSet(frozenset({Principal("account", "111122223333")}))
        >>> role = PrincipalSet(frozenset({Principal("AWS", "arn:aws:iam::111122223333:role/a")}))
        >>> account.includes(role), role.includes(account)
        (True, False)
        """
        if self == other or (not self.negated and ANYONE in self.members):
            return True
        if self.negated:
            return other.negated and self.members <= other.members
        return not other.negated and all(
            any(_includes(own, member) for own in self.members) for member in other.members
        )

    def __str__(self) -> str:
        """Return it for a person."""
        names = ", ".join(sorted(map(str, self.members)))
        return f"everybody but {names}" if self.negated else names


def _includes(principal: Principal, other: Principal) -> bool:
    """Whether one principal is, or contains, the other.

    An account contains its principals, except for the template's own account: there a policy that
    names a role allows it directly, while one that names the account only lets IAM policies allow
    it.
    """
    if principal == other:
        return True
    within = WITHIN.fullmatch(other.name) if other.kind == "AWS" else None
    return bool(
        within
        and principal.kind == "account"
        and principal.name != OWN
        and within["account"] == principal.name
    )


def named_principals(value: Any) -> Iterator[tuple[Condition, Principal]]:
    """Yield the principals that `Principal` names, for each alternative of it."""
    for when, alternative in if_alternatives(value):
        if isinstance(alternative, dict):
            for kind, names in alternative.items():
                yield from (
                    (when | inner, _principal(kind, name))
                    for inner, name in text_alternatives(names)
                )
        elif isinstance(alternative, list):
            yield when, Principal("AWS", opaque(canonical(alternative)))
        elif alternative is not None:
            yield when, _principal("AWS", scalar(alternative))


def _principal(kind: str, name: str) -> Principal:
    if name == "*":
        return ANYONE
    if kind != "AWS":
        return Principal(kind, name)
    root = ROOT.fullmatch(name)
    if root:
        return Principal("account", root["account"])
    if name == OWN or re.fullmatch("[0-9]{12}", name):
        return Principal("account", name)
    return Principal("AWS", name)
