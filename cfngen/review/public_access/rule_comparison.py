"""What a firewall blocks, and what another one in its place lets through."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from cfngen.cloudformation.values import canonical
from cfngen.review.permissions.alternatives import ALWAYS, When
from cfngen.review.permissions.conditions import no_stricter
from cfngen.review.public_access.rule_matching import Match, Traffic

# How strictly a rule stops what it matches; what is counted only goes on.
BLOCKED, ASKED, INSPECTED, COUNTED = 3, 2, 1, 0
LAST = float("inf")
MOST_RULES = 300  # of a firewall, among which one that matches more is looked for
# What comes after a group of rules, and is kept from what the group lets pass.
REST = Match({"what comes after": "the group"})


@dataclass(frozen=True)
class Rule:
    """One rule of a firewall, or what it does where no rule matches."""

    resource: str  # the logical ID of what it stands in
    words: str  # what it matches, for people
    match: Match | Traffic
    level: int
    passes: bool = False  # lets through what it matches, whatever later rules say
    place: float = LAST
    when: When = ALWAYS

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
    when: When = ALWAYS

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


def lost(old: Firewall, new: Firewall) -> Iterator[tuple[str, str]]:
    """Yield what one firewall stops and the other does not: a logical ID, and words."""
    if old.strict and not no_stricter(new.when, old.when):
        yield new.resource, "what it blocks, where its condition does not hold"
    alike = _Alike(new.blocks)
    places = []  # of each rule that stays: in the old firewall, and in the new one
    for rule in old.blocks:
        same = [other for other in alike.to(rule) if other.level >= rule.level]
        if same:
            places.append((rule.place, min(other.place for other in same)))
        else:
            yield rule.resource, rule.words
    places.sort()
    latest = list(accumulate((place for _, place in places), max))
    alike = _Alike(old.passes)
    for rule in new.passes:
        # What was let past a rule before is no news.
        past = min((other.place for other in alike.to(rule)), default=LAST)
        until = bisect_right(places, (past, LAST))
        if until and rule.place < latest[until - 1]:
            yield rule.resource, f"{rule.words}, which are let through"


class _Alike:
    """Finds the rules that match all that another one matches, and as often."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self.by_key: dict[str, list[Rule]] = {}
        for rule in rules:
            self.by_key.setdefault(rule.key, []).append(rule)

    def to(self, rule: Rule) -> list[Rule]:
        found = self.by_key.get(rule.key, [])
        if not found and len(self.rules) <= MOST_RULES:
            found = [other for other in self.rules if other.match.covers(rule.match)]
        return [other for other in found if no_stricter(other.when, rule.when)]
