"""What a firewall blocks, and what another one in its place does not block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from cfngen.cloudformation.values import canonical
from cfngen.review.alternatives import ALWAYS, Condition
from cfngen.review.permissions.conditions import is_no_stricter
from cfngen.review.public_access.rule_matching import Match, Traffic

# How strictly a rule stops what it matches; what is counted only goes on.
BLOCKED, CHALLENGED, INSPECTED, COUNTED = 3, 2, 1, 0
LAST = float("inf")
MAX_RULES = 300  # of a firewall, among which one that matches more is looked for
# What comes after a group of rules, and is kept from what the group lets pass.
REST = Match({"what comes after": "the group"})


@dataclass(frozen=True)
class Rule:
    """One rule of a firewall, or what it does where no rule matches."""

    resource: str  # the logical ID of what it stands in
    description: str  # what it matches, for people
    match: Match | Traffic
    level: int
    passes: bool = False  # lets through what it matches, whatever later rules say
    priority: float = LAST
    condition: Condition = ALWAYS

    @cached_property
    def key(self) -> str:
        """A text that is equal for rules that match the same."""
        return canonical(self.match.value) if isinstance(self.match, Match) else repr(self.match)


@dataclass(frozen=True)
class Firewall:
    """A web ACL, a group of rules, a policy of a network firewall, or a network ACL."""

    resource: str
    type: str
    rules: tuple[Rule, ...] = field(repr=False, default=())
    condition: Condition = ALWAYS

    @property
    def blocks(self) -> list[Rule]:
        """The rules that stop something."""
        return [rule for rule in self.rules if rule.level > COUNTED]

    @property
    def passes(self) -> list[Rule]:
        """The rules that let something through."""
        return [rule for rule in self.rules if rule.passes]

    @property
    def strict(self) -> bool:
        """Whether it blocks anything by itself."""
        return any(rule.match != REST for rule in self.blocks)


def weakened(old: Firewall, new: Firewall) -> Iterator[tuple[str, str]]:
    """Yield what one firewall stops and the other does not: a logical ID, and a description."""
    if old.strict and not is_no_stricter(new.condition, old.condition):
        yield new.resource, "everything it blocks, where its condition is false"
    alike = _RuleIndex(new.blocks)
    places = []  # of each rule that stays: in the old firewall, and in the new one
    for rule in old.blocks:
        same = [other for other in alike.to(rule) if other.level >= rule.level]
        if same:
            places.append((rule.priority, min(other.priority for other in same)))
        else:
            yield rule.resource, rule.description
    places.sort()
    latest = list(accumulate((place for _, place in places), max))
    alike = _RuleIndex(old.passes)
    for rule in new.passes:
        # What was let past a rule before is no news.
        past = min((other.priority for other in alike.to(rule)), default=LAST)
        until = bisect_right(places, (past, LAST))
        if until and rule.priority < latest[until - 1]:
            yield rule.resource, f"{rule.description}, which are let through"


class _RuleIndex:
    """Finds the rules that match everything that another one matches, at least as often."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self.by_key: dict[str, list[Rule]] = {}
        for rule in rules:
            self.by_key.setdefault(rule.key, []).append(rule)

    def to(self, rule: Rule) -> list[Rule]:
        rules = self.by_key.get(rule.key, [])
        if not rules and len(self.rules) <= MAX_RULES:
            rules = [other for other in self.rules if other.match.covers(rule.match)]
        return [other for other in rules if is_no_stricter(other.condition, rule.condition)]
