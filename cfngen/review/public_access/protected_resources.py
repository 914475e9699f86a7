"""Resources that lose their firewall, or get one that blocks less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, readable, references, shown
from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    existence,
    lookup,
    referenced_name,
    type_of,
)
from cfngen.review.permissions.conditions import is_no_stricter
from cfngen.review.public_access.rule_comparison import Firewall, weakened
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
PROTECTIONS: dict[str, tuple[tuple[str, ...], str, tuple[str, str]]] = {
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
class Protection:
    """A firewall in front of something: the logical ID of the association, and the firewall."""

    resource: str
    target: str  # for people
    key: str  # equal for what is the same thing
    names: frozenset[str]  # the logical IDs of what is protected
    firewall: Any
    messages: tuple[str, str]
    condition: Condition = ALWAYS


def protections(stack: Stack) -> list[Protection]:
    """Return which resources of a template are protected by which firewall."""
    return [
        protection
        for name in stack.names
        if type_of(stack, name) in PROTECTIONS and (resource := stack.resource(name))
        for protection in _protections(stack, resource)
    ]


def _protections(stack: Stack, resource: Resource) -> Iterator[Protection]:
    when = existence(stack, resource)
    if when is None:
        return
    targets, path, messages = PROTECTIONS[resource.type]
    for inner, firewall in lookup(resource.properties, *path.split(".")):
        if firewall in (None, ""):
            continue
        if not targets:
            own = frozenset((resource.name,))
            yield Protection(
                resource.name, resource.name, resource.name, own, firewall, messages, when | inner
            )
        for target in targets:
            if (value := resource.properties.get(target)) is not None:
                names = frozenset(name for name, _ in references(value) if "::" not in name)
                key = canonical(sorted(names)) if names else canonical(value)
                yield Protection(
                    resource.name,
                    shown(readable(value)),
                    key,
                    names,
                    firewall,
                    messages,
                    when | inner,
                )


Sides = tuple[Stack, Mapping[str, Firewall]]


def lost_protections(was: Sides, now: Sides) -> Iterator[tuple[str, str]]:
    """Yield what is no longer behind its firewall: a logical ID, and a description.

    What was removed itself needs no firewall.
    """
    (before, old), (after, new) = was, now
    there = protections(after)
    for guard in protections(before):
        if not guard.names <= set(after.names):
            continue
        others = [
            protection
            for protection in there
            if (protection.key, protection.messages) == (guard.key, guard.messages)
        ]
        others = [
            protection
            for protection in others
            if is_no_stricter(protection.condition, guard.condition)
        ]
        if not others:
            yield guard.resource, guard.messages[0].format(guard.target)
        elif not any(
            canonical(protection.firewall) == canonical(guard.firewall) for protection in others
        ):
            yield from _another(guard, others[0], old, new)


def _another(
    protection: Protection,
    other: Protection,
    old: Mapping[str, Firewall],
    new: Mapping[str, Firewall],
) -> Iterator[tuple[str, str]]:
    """Yield what another firewall does not block; the rules of an external one are unknown."""
    first, second = (
        old.get(referenced_name(protection.firewall)),
        new.get(referenced_name(other.firewall)),
    )
    if second is None:
        yield other.resource, other.messages[1].format(other.target)
    elif first is not None and first.resource != second.resource:
        yield from ((other.resource, description) for _, description in weakened(first, second))


def removed_firewalls(was: Sides, now: Sides) -> Iterator[tuple[str, str]]:
    """Yield the firewalls that were removed and that nothing in the template replaces."""
    (before, old), (_, new) = was, now
    resources = [
        resource
        for name in before.names
        if (type_of(before, name) in PROTECTIONS or name in old)
        and (resource := before.resource(name))
    ]
    used = {
        name
        for candidate in resources
        for name, _ in candidate.references
        if name != candidate.name
    }
    for name, firewall in old.items():
        if name in new or name in used or not firewall.strict or name not in before.names:
            continue
        alike = [
            candidate
            for key, candidate in new.items()
            if key not in old and candidate.type == firewall.type
        ]
        if not any(not list(weakened(firewall, candidate)) for candidate in alike):
            yield name, "everything it blocked: the firewall was removed"
