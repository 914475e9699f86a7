"""What stands behind a firewall, and does so no longer, or behind one that blocks less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, readable, references, shown
from cfngen.review.permissions.alternatives import (
    ALWAYS,
    When,
    existence,
    lookup,
    referred,
    type_of,
)
from cfngen.review.permissions.conditions import no_stricter
from cfngen.review.public_access.rule_comparison import Firewall, lost
from cfngen.review.stack import Resource, Stack

WEB, NETWORK, DNS, ACL = (
    ("requests to {} that no web ACL checks", "requests to {} that another web ACL checks now"),
    ("packets of {} that no network firewall checks", "packets of {} under another policy now"),
    ("DNS queries of {} that no rule group checks", "DNS queries of {} under other rules now"),
    (
        "packets to {} that only the default network ACL checks",
        "packets to {} under another ACL now",
    ),
)
# Each with what is protected, by which firewall, and the words for none and for another one.
GUARDS: dict[str, tuple[tuple[str, ...], str, tuple[str, str]]] = {
    "AWS::WAFv2::WebACLAssociation": (("ResourceArn",), "WebACLArn", WEB),
    "AWS::WAFRegional::WebACLAssociation": (("ResourceArn",), "WebACLId", WEB),
    "AWS::CloudFront::Distribution": ((), "DistributionConfig.WebACLId", WEB),
    "AWS::NetworkFirewall::Firewall": (("VpcId", "TransitGatewayId"), "FirewallPolicyArn", NETWORK),
    "AWS::Route53Resolver::FirewallRuleGroupAssociation": (
        ("VpcId",), "FirewallRuleGroupId", DNS,
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": (("SubnetId",), "NetworkAclId", ACL),
}  # fmt: skip


@dataclass(frozen=True)
class Guard:
    """A firewall in front of something: the logical ID of what puts it there, and which it is."""

    resource: str
    target: str  # for people
    key: str  # equal for what is the same thing
    names: frozenset[str]  # the logical IDs of what is protected
    firewall: Any
    words: tuple[str, str]
    when: When = ALWAYS


def guards(stack: Stack) -> list[Guard]:
    """Return what is behind which firewall in a template."""
    return [
        guard
        for name in stack.names
        if type_of(stack, name) in GUARDS and (resource := stack.resource(name))
        for guard in _guards(stack, resource)
    ]


def _guards(stack: Stack, resource: Resource) -> Iterator[Guard]:
    when = existence(stack, resource)
    if when is None:
        return
    targets, path, words = GUARDS[resource.type]
    for inner, firewall in lookup(resource.properties, *path.split(".")):
        if firewall in (None, ""):
            continue
        if not targets:
            own = frozenset((resource.name,))
            yield Guard(
                resource.name, resource.name, resource.name, own, firewall, words, when | inner
            )
        for target in targets:
            if (value := resource.properties.get(target)) is not None:
                names = frozenset(name for name, _ in references(value) if "::" not in name)
                key = canonical(sorted(names)) if names else canonical(value)
                yield Guard(
                    resource.name, shown(readable(value)), key, names, firewall, words, when | inner
                )


Sides = tuple[Stack, Mapping[str, Firewall]]


def unguarded(was: Sides, now: Sides) -> Iterator[tuple[str, str]]:
    """Yield what is open now that a firewall was in front of: a logical ID, and words.

    What is gone itself needs no firewall.
    """
    (before, old), (after, new) = was, now
    there = guards(after)
    for guard in guards(before):
        if not guard.names <= set(after.names):
            continue
        others = [one for one in there if (one.key, one.words) == (guard.key, guard.words)]
        others = [one for one in others if no_stricter(one.when, guard.when)]
        if not others:
            yield guard.resource, guard.words[0].format(guard.target)
        elif not any(canonical(one.firewall) == canonical(guard.firewall) for one in others):
            yield from _another(guard, others[0], old, new)


def _another(
    guard: Guard, other: Guard, old: Mapping[str, Firewall], new: Mapping[str, Firewall]
) -> Iterator[tuple[str, str]]:
    """Yield what another firewall does not block; of one from elsewhere nobody knows here."""
    first, second = old.get(referred(guard.firewall)), new.get(referred(other.firewall))
    if second is None:
        yield other.resource, other.words[1].format(other.target)
    elif first is not None and first.resource != second.resource:
        yield from ((other.resource, words) for _, words in lost(first, second))


def taken_off(was: Sides, now: Sides) -> Iterator[tuple[str, str]]:
    """Yield the firewalls that are gone, and that nothing in the template says the place of."""
    (before, old), (_, new) = was, now
    resources = [
        resource
        for name in before.names
        if (type_of(before, name) in GUARDS or name in old) and (resource := before.resource(name))
    ]
    used = {name for one in resources for name, _ in one.references if name != one.name}
    for name, firewall in old.items():
        if name in new or name in used or not firewall.strict or name not in before.names:
            continue
        alike = [one for key, one in new.items() if key not in old and one.type == firewall.type]
        if not any(not list(lost(firewall, one)) for one in alike):
            yield name, "what it blocks: the firewall is taken off"
