"""What security groups allow in from the internet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    existence,
    if_alternatives,
    lookup,
    referenced_name,
    type_of,
)
from cfngen.review.permissions.conditions import is_internet_wide, is_no_stricter, within
from cfngen.review.stack import Resource, Stack

PREFIXES = "AWS::EC2::PrefixList"
GROUP, RULE = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
TYPES = {GROUP, RULE}
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "-1": "all"}
ALL_PORTS = (0, 65_535)


@dataclass(frozen=True)
class Ingress:
    """Traffic that one group allows in: a protocol, a range of ports, a CIDR block."""

    resource: str  # the group
    protocol: AnyText
    first: int
    last: int
    block: AnyText
    condition: Condition = ALWAYS

    def includes(self, other: Ingress) -> bool:
        """Whether everything that the other allows in is allowed in here."""
        return (
            self.resource == other.resource
            and (self.block == other.block or within(self.block, other.block))
            and self._carries(other)
            and is_no_stricter(self.condition, other.condition)
        )

    def _carries(self, other: Ingress) -> bool:
        if self.protocol == "all":
            return True
        ports = self.first <= other.first and other.last <= self.last
        return self.protocol == other.protocol and ports

    def __str__(self) -> str:
        """Return it for a person."""
        if self.protocol == "all":
            traffic = "all traffic"
        elif (self.first, self.last) == ALL_PORTS or self.first < 0:
            traffic = f"all of {self.protocol}"
        elif self.first == self.last:
            traffic = f"{self.protocol} port {self.first}"
        else:
            traffic = f"{self.protocol} ports {self.first}-{self.last}"
        return f"{traffic} from {shown(self.block)}"


def ingress(stack: Stack, resource: Resource) -> Iterator[Ingress]:
    """Yield what a group, or a rule that belongs to one, allows in from the internet."""
    when = existence(stack, resource)
    if when is None:
        return
    if resource.type == RULE:
        group = resource.properties.get("GroupId", resource.properties.get("GroupName"))
        name = referenced_name(group)
        group_name = name if type_of(stack, name) else resource.name
        yield from _rule(stack, resource.properties, group_name, when)
    else:
        for inner, rule in _each(resource.properties.get("SecurityGroupIngress")):
            yield from _rule(stack, rule, resource.name, when | inner)


def _each(value: Any) -> Iterator[tuple[Condition, dict[str, Any]]]:
    for when, alternative in if_alternatives(value):
        if isinstance(alternative, list):
            for item in alternative:
                yield from ((when | inner, rule) for inner, rule in _each(item))
        elif isinstance(alternative, dict):
            yield when, alternative


def _rule(stack: Stack, rule: dict[str, Any], group: str, when: Condition) -> Iterator[Ingress]:
    for inner, block in _blocks(stack, rule):
        if is_internet_wide(block):
            for other, protocol, first, last in traffic(rule):
                yield Ingress(group, protocol, first, last, block, when | inner | other)


def _blocks(stack: Stack, rule: dict[str, Any]) -> Iterator[tuple[Condition, AnyText]]:
    """Yield where a rule lets traffic in from, prefix lists of the template's own included."""
    for key in ("CidrIp", "CidrIpv6"):
        yield from ((when, scalar(value)) for when, value in if_alternatives(rule.get(key)))
    for when, prefixes in if_alternatives(rule.get("SourcePrefixListId")):
        named = stack.resource(referenced_name(prefixes))
        if named and named.type == PREFIXES:
            for inner, block in lookup(named.properties, "Entries", "*", "Cidr"):
                yield when | inner, scalar(block)


def traffic(rule: dict[str, Any]) -> Iterator[tuple[Condition, AnyText, int, int]]:
    """Yield the protocols of a rule, each with the first and the last of its ports."""
    for protocol_condition, protocol in if_alternatives(rule.get("IpProtocol", "-1")):
        for first_condition, first in if_alternatives(rule.get("FromPort")):
            for last_condition, last in if_alternatives(rule.get("ToPort")):
                name = scalar(protocol).lower()
                name = PROTOCOLS.get(str(name), name)
                low, high = _port(first, ALL_PORTS[0]), _port(last, ALL_PORTS[1])
                if -1 in (low, high) and not name.startswith("icmp"):
                    low, high = ALL_PORTS
                yield protocol_condition | first_condition | last_condition, name, low, high


def _port(value: Any, otherwise: int) -> int:
    """Return a port; a port that only the deployment knows may be any."""
    text = str(scalar(value)).removesuffix(".0")
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 9 else otherwise
