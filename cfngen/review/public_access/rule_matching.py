"""What a rule of a firewall matches, and whether another one matches all of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.permissions.conditions import within
from cfngen.review.public_access.security_groups import Ingress

MOST_PAIRS = 20_000  # of parts that are compared, for one pair of rules
# Parts without which a rule matches more: what it is limited to, and lists of which one will do.
LIMITS = frozenset(("ScopeDownStatement",))
CHOICES = frozenset(("Sources", "Destinations", "SourcePorts", "DestinationPorts", "Protocols"))
# Rules of a group that only count, or let pass, although they would block.
EXCEPTIONS = frozenset(("ExcludedRules", "RuleActionOverrides"))
# A newer version of somebody else's rules, and how they are set, is up to them.
FOREIGN = frozenset(("Version", "ManagedRuleGroupConfigs"))


@dataclass(frozen=True)
class Match:
    """What a rule matches, as resolved data."""

    value: Any

    def covers(self, other: Match | Traffic) -> bool:
        """Whether everything that the other matches is matched here, as far as is known."""
        return isinstance(other, Match) and _Walk().covers(self.value, other.value)


@dataclass(frozen=True)
class Traffic:
    """What an entry of a network ACL matches."""

    ingress: Ingress
    egress: bool = False

    def covers(self, other: Match | Traffic) -> bool:
        """Whether all of the other's traffic is this one's too."""
        return (
            isinstance(other, Traffic)
            and self.egress == other.egress
            and self.ingress.includes(other.ingress)
        )


class _Walk:
    def __init__(self) -> None:
        self.left = MOST_PAIRS

    def covers(self, now: Any, was: Any) -> bool:
        """Whether `now` matches all that `was` does; `False` where it cannot be told."""
        self.left -= 1
        if self.left < 0:
            return False
        if isinstance(now, dict) and isinstance(was, dict):
            return all(self.part(key, now, was) for key in dict.fromkeys((*now, *was)))
        if isinstance(now, list) and isinstance(was, list):
            return canonical(now) == canonical(was) or _plain_superset(now, was)
        return canonical(now) == canonical(was)

    def part(self, key: str, now: dict[str, Any], was: dict[str, Any]) -> bool:
        one, other = now.get(key), was.get(key)
        if key in FOREIGN:
            return True
        if key in EXCEPTIONS:
            return _exceptions(one) <= _exceptions(other)
        if key in LIMITS | CHOICES and one is None:
            return True
        if one is None or other is None:
            return False
        if key == "NotStatement":
            return self.covers(other, one)
        if key == "Limit":
            return canonical(one) == canonical(other) or _number(one) <= _number(other)
        if key in ("AndStatement", "OrStatement"):
            return self.several(key, one, other)
        if key in CHOICES and isinstance(one, list) and isinstance(other, list):
            return {canonical(item) for item in other} <= {canonical(item) for item in one}
        return self.covers(one, other)

    def several(self, key: str, now: Any, was: Any) -> bool:
        """Compare statements of which all have to match, or one."""
        mine, others = (
            side.get("Statements") if isinstance(side, dict) else None for side in (now, was)
        )
        if not (isinstance(mine, list) and isinstance(others, list)):
            return canonical(now) == canonical(was)
        if key == "AndStatement":
            return all(any(self.covers(one, other) for other in others) for one in mine)
        return all(any(self.covers(one, other) for one in mine) for other in others)


def _plain_superset(now: list[Any], was: list[Any]) -> bool:
    """Whether a list of plain values, such as countries or CIDR blocks, has all of another."""
    if any(isinstance(item, dict | list) for item in (*now, *was)):
        return False
    mine, others = {scalar(item) for item in now}, {scalar(item) for item in was}
    rest = others - mine
    if len(rest) * len(mine) > MOST_PAIRS:
        return False
    return all(any(within(one, other) for one in mine) for other in rest)


def _exceptions(value: Any) -> set[str]:
    """Return the rules of a group that do not block, as they are written."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return {
        canonical(item)
        for item in items
        if not (isinstance(item, dict) and "Block" in (item.get("ActionToUse") or {}))
    }


def _number(value: Any) -> float:
    try:
        return float(scalar(value))
    except ValueError:
        return float("nan")  # is neither more nor less than anything
