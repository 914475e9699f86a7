"""Who a statement speaks of: the same principal in one spelling, and which one includes another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import CLOSE, OPEN, canonical, scalar, shown
from cfngen.review.permissions.alternatives import When, branches, items, opaque

REF = f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}"
ACCOUNT = rf"(?P<account>{REF}|[0-9]{{12}})"
ROOT = re.compile(rf"arn:(?:{REF}|[^:{OPEN}]*):iam::{ACCOUNT}:root")
WITHIN = re.compile(rf"arn:(?:{REF}|[^:{OPEN}]*):(?:iam|sts)::{ACCOUNT}:.+", re.DOTALL)
OWN = f"{OPEN}AWS::AccountId{CLOSE}"


@dataclass(frozen=True, order=True)
class Principal:
    """One principal: its kind, as `Principal` has it, `account`, `any` or `holder`; its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return it for a person."""
        kinds = {"account": "account ", "CanonicalUser": "canonical user "}
        return kinds.get(self.kind, "") + shown(self.name)


ANYONE = Principal("any", "*")


@dataclass(frozen=True)
class Who:
    """One principal, or everybody but some."""

    principals: frozenset[Principal]
    but: bool = False

    @property
    def anyone(self) -> bool:
        """Whether strangers are meant."""
        return self.but or ANYONE in self.principals

    def includes(self, other: Who) -> bool:
        """Whether everybody who is meant by the other is meant here, as far as is known."""
        if self == other or (not self.but and ANYONE in self.principals):
            return True
        if self.but:
            return other.but and self.principals <= other.principals
        return not other.but and all(
            any(_includes(mine, one) for mine in self.principals) for one in other.principals
        )

    def __str__(self) -> str:
        """Return it for a person."""
        names = ", ".join(sorted(map(str, self.principals)))
        return f"everybody but {names}" if self.but else names


def _includes(mine: Principal, other: Principal) -> bool:
    """Whether one principal is, or has in it, the other.

    An account has its principals in it, but not the template's own account: there a policy that
    names a role allows it directly, one that names the account only lets IAM policies allow it.
    """
    if mine == other:
        return True
    within = WITHIN.fullmatch(other.name) if other.kind == "AWS" else None
    return bool(
        within and mine.kind == "account" and mine.name != OWN and within["account"] == mine.name
    )


def named(value: Any) -> Iterator[tuple[When, Principal]]:
    """Yield the principals that `Principal` names, for each branch of it."""
    for when, found in branches(value):
        if isinstance(found, dict):
            for kind, names in found.items():
                yield from ((when | inner, _one(kind, name)) for inner, name in items(names))
        elif isinstance(found, list):
            yield when, Principal("AWS", opaque(canonical(found)))
        elif found is not None:
            yield when, _one("AWS", scalar(found))


def _one(kind: str, name: str) -> Principal:
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
