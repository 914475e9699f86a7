"""What a rule of a firewall matches, and whether another one matches all of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.permissions.conditions import within
from cfngen.review.public_access.security_groups import Ingress

MAX_PAIRS = 20_000  # of parts that are compared, for one pair of rules
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
        """Whether everything that the other rule matches is certainly matched here.

        >>> listed = Match({"GeoMatchStatement": {"CountryCodes": ["AT", "CH"]}})
        >>> listed.covers(Match({"GeoMatchStatement": {"CountryCodes": ["CH"]}}))
        True
        >>> Match({"GeoMatchStatement": {"CountryCodes": ["CH"]}}).covers(listed)
        False
        """
        return isinstance(other, Match) and _Matcher().covers(self.value, other.value)


@dataclass(frozen=True)
class Traffic:
    """What an entry of a network ACL matches."""

    ingress: Ingress
    egress: bool = False

    def covers(self, other: Match | Traffic) -> bool:
        """Whether this entry matches all traffic of the other."""
        return (
            isinstance(other, Traffic)
            and self.egress == other.egress
            and self.ingress.includes(other.ingress)
        )


class _Matcher:
    def __init__(self) -> None:
        self.left = MAX_PAIRS

    def covers(self, now: Any, was: Any) -> bool:
        """Whether `now` matches all that `was` does; `False` where that is not certain."""
        self.left -= 1
        if self.left < 0:
            return False
        if isinstance(now, dict) and isinstance(was, dict):
            return all(self.part(key, now, was) for key in dict.fromkeys((*now, *was)))
        if isinstance(now, list) and isinstance(was, list):
            return canonical(now) == canonical(was) or _plain_superset(now, was)
        return canonical(now) == canonical(was)

    def part(self, key: str, now: dict[str, Any], was: dict[str, Any]) -> bool:
        now_value, was_value = now.get(key), was.get(key)
        if key in FOREIGN:
            return True
        if key in EXCEPTIONS:
            return _exceptions(now_value) <= _exceptions(was_value)
        if key in LIMITS | CHOICES and now_value is None:
            return True
        if now_value is None or was_value is None:
            return False
        if key == "NotStatement":
            return self.covers(was_value, now_value)
        if key == "Limit":
            return canonical(now_value) == canonical(was_value) or _number(now_value) <= _number(
                was_value
            )
        if key in ("AndStatement", "OrStatement"):
            return self.several(key, now_value, was_value)
        if key in CHOICES and isinstance(now_value, list) and isinstance(was_value, list):
            return {canonical(item) for item in was_value} <= {
                canonical(item) for item in now_value
            }
        return self.covers(now_value, was_value)

    def several(self, key: str, now: Any, was: Any) -> bool:
        """Compare statements of which all have to match, or any."""
        now_statements, was_statements = (
            side.get("Statements") if isinstance(side, dict) else None for side in (now, was)
        )
        if not (isinstance(now_statements, list) and isinstance(was_statements, list)):
            return canonical(now) == canonical(was)
        if key == "AndStatement":
            return all(
                any(self.covers(now_statement, was_statement) for was_statement in was_statements)
                for now_statement in now_statements
            )
        return all(
            any(self.covers(now_statement, was_statement) for now_statement in now_statements)
            for was_statement in was_statements
        )


def _plain_superset(now: list[Any], was: list[Any]) -> bool:
    """Whether a list of plain values, such as countries or CIDR blocks, has all of another."""
    if any(isinstance(item, dict | list) for item in (*now, *was)):
        return False
    now_values, was_values = {scalar(item) for item in now}, {scalar(item) for item in was}
    rest = was_values - now_values
    if len(rest) * len(now_values) > MAX_PAIRS:
        return False
    return all(any(within(now_value, was_value) for now_value in now_values) for was_value in rest)


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
        return float(str(scalar(value)))
    except ValueError:
        return float("nan")  # is neither more nor less than anything
