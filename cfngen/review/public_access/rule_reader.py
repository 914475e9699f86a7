"""Reads the rules of a firewall, with the lists and groups that they refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.alternatives import Condition, lookup, referenced_name
from cfngen.review.public_access.rule_comparison import BLOCKED, LAST, REST, Rule
from cfngen.review.public_access.rule_matching import Match
from cfngen.review.stack import Resource, Stack

Rules = Iterator[Rule]
# Lists that rules refer to, each with the property that has what they list.
LISTS = {
    "AWS::WAFv2::IPSet": "Addresses",
    "AWS::WAFv2::RegexPatternSet": "RegularExpressionList",
    "AWS::WAF::Rule": "Predicates",
    "AWS::WAFRegional::Rule": "Predicates",
    "AWS::WAF::IPSet": "IPSetDescriptors",
    "AWS::WAFRegional::IPSet": "IPSetDescriptors",
    "AWS::Route53Resolver::FirewallDomainList": "Domains",
}
GROUPS = {
    "AWS::WAFv2::RuleGroup": "Rules",
    "AWS::NetworkFirewall::RuleGroup": "RuleGroup",
}
FIRST = float("-inf")


class Reader:
    """Reads the rules of one firewall."""

    def __init__(self, stack: Stack, resource: Resource, both: Collection[str]) -> None:
        """Keep what is read; `both` are the logical IDs of both sides."""
        self.stack = stack
        self.resource = resource
        self.both = both

    def lookup(self, *path: str) -> Iterator[tuple[Condition, Any]]:
        """Yield what the firewall has at a path, and when."""
        return lookup(self.resource.properties, *path)

    def rule(
        self,
        description: str,
        value: Any,
        level: int,
        when: Condition,
        *,
        passes: bool = False,
        priority: Any = LAST,
    ) -> Rule:
        """Return a rule of the firewall."""
        return Rule(
            self.resource.name,
            description,
            Match(self.with_lists(value)),
            level,
            passes,
            priority_of(priority),
            when,
        )

    def rest(self) -> Rule:
        """Return what comes after a group."""
        return Rule(self.resource.name, "what comes after it", REST, BLOCKED)

    def with_lists(self, value: Any) -> Any:
        """Return a value with the lists that it refers to, where they are in the template."""
        if isinstance(value, dict):
            return {key: self.with_lists(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.with_lists(item) for item in value]
        name = referenced_name(value)
        other = self.stack.resource(name) if name and name != self.resource.name else None
        if other and other.type in LISTS:
            return other.properties.get(LISTS[other.type], value)
        if other and other.type in GROUPS and name not in self.both:
            return canonical(other.properties.get(GROUPS[other.type]))
        return value


def priority_of(value: Any) -> float:
    """Return the priority of a rule; one that is known only at deploy time comes first."""
    try:
        return value if isinstance(value, float) else float(str(scalar(value)))
    except ValueError:
        return FIRST
