"""Principals of statements: in one spelling, and which one includes another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.text import AnyText, Text, reference, split
from cfngen.cloudformation.values import opaque, scalar, shown
from cfngen.review.alternatives import (
    Condition,
    if_alternatives,
    text_alternatives,
)

ACCOUNT = re.compile("[0-9]{12}")
OWN = reference("AWS::AccountId")


@dataclass(frozen=True, order=True)
class Principal:
    """One principal: its kind (as in `Principal`, or `account`, `any`, `attached`) and its name."""

    kind: str
    name: AnyText

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
    if other.kind != "AWS" or principal.kind != "account" or principal.name == OWN:
        return False
    service, account, _ = _arn(other.name)
    return service in ("iam", "sts") and account == principal.name


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
            yield when, Principal("AWS", opaque(alternative))
        elif alternative is not None:
            yield when, _principal("AWS", scalar(alternative))


def _principal(kind: str, name: AnyText) -> Principal:
    if name == "*":
        return ANYONE
    if kind != "AWS":
        return Principal(kind, name)
    service, account, rest = _arn(name)
    if service == "iam" and rest == "root":
        return Principal("account", account)
    if name == OWN or (isinstance(name, str) and ACCOUNT.fullmatch(name)):
        return Principal("account", name)
    return Principal("AWS", name)


def _arn(name: AnyText) -> tuple[str, AnyText, AnyText]:
    """Return service, account and resource of an ARN without a Region; nothing if it is none."""
    segments = split(name, ":", 5)
    if len(segments) < 6:
        return "", "", ""
    arn, partition, service, region, account, rest = segments
    is_account = isinstance(account, str) and ACCOUNT.fullmatch(account)
    if arn != "arn" or region or not (is_account or _is_part(account)) or not rest:
        return "", "", ""
    if not (isinstance(partition, str) or _is_part(partition)):
        return "", "", ""
    return str(service), account, rest


def _is_part(text: AnyText) -> bool:
    return isinstance(text, Text) and text.alone is not None
