"""A small VPC for tasks with outbound traffic only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import AWSObject, Cidr, Equals, GetAZs, If, Not, Ref, Select, Split, Sub, Tags
from troposphere.ec2 import (
    VPC,
    InternetGateway,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    SubnetRouteTableAssociation,
    VPCGatewayAttachment,
)

__all__ = ["PublicNetwork", "callers_group", "public_network"]

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class PublicNetwork:
    """A VPC with two public subnets, in different zones, and the conditions that they need."""

    vpc: VPC
    plumbing: tuple[AWSObject, ...]
    subnets: tuple[Subnet, Subnet]
    routes: tuple[AWSObject, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (
                self.vpc,
                "Public subnets cost nothing at rest. Nothing gets in: no security group lets it.",
            ),
            *((part, "") for part in (*self.plumbing, *self.subnets, *self.routes)),
        ]


def public_network(title: str, *, addresses: Any, zones: Any = None) -> PublicNetwork:
    """Return a VPC whose tasks reach the internet with their own public IP addresses.

    There is no NAT gateway to pay for, and no ingress. What runs in it must ask for a public
    address itself; nothing gets one by default.

    Args:
        title: the VPC's logical ID; the parts are named after it.
        addresses: its range, a /24.
        zones: a `Ref` to a text with the names of two Availability Zones, separated by a comma,
            or empty for the first two of the account; those without it.
    """
    conditions = {f"{title}HasZones": Not(Equals(zones, ""))} if zones is not None else {}

    def zone_name(number: int) -> Any:
        """Return the name of the first or second zone: names differ between accounts."""
        usual = Select(number, GetAZs(""))
        if zones is None:
            return usual
        return If(f"{title}HasZones", Select(number, Split(",", zones)), usual)

    vpc = VPC(
        title,
        CidrBlock=addresses,
        EnableDnsSupport=True,
        EnableDnsHostnames=True,  # file systems are mounted by name
        Tags=name("vpc"),
    )
    gateway = InternetGateway(f"{title}Gateway", Tags=name("gateway"))
    attachment = VPCGatewayAttachment(
        f"{title}Attachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway)
    )
    table = RouteTable(f"{title}Routes", VpcId=Ref(vpc), Tags=name("public"))
    route = Route(
        f"{title}Route",
        DependsOn=attachment.title,
        RouteTableId=Ref(table),
        DestinationCidrBlock=ANYWHERE,
        GatewayId=Ref(gateway),
    )
    first, second = (
        Subnet(
            f"{title}Subnet{zone}",
            VpcId=Ref(vpc),
            AvailabilityZone=zone_name(zone - 1),
            CidrBlock=Select(zone - 1, Cidr(addresses, 2, 7)),
            MapPublicIpOnLaunch=False,
            Tags=name(f"public {zone}"),
        )
        for zone in (1, 2)
    )
    routes = tuple(
        SubnetRouteTableAssociation(
            f"{title}Routing{zone}", SubnetId=Ref(subnet), RouteTableId=Ref(table)
        )
        for zone, subnet in enumerate((first, second), start=1)
    )
    plumbing = (gateway, attachment, table, route)
    return PublicNetwork(vpc, plumbing, (first, second), routes, conditions)


def callers_group(title: str, *, vpc: Any, ports: dict[int, str]) -> SecurityGroup:
    """Return a security group without inbound rules, and with outbound rules for some TCP ports.

    Args:
        title: the logical ID.
        vpc: the VPC.
        ports: what each port is for, as in `{443: "HTTPS to AWS"}`.
    """
    return SecurityGroup(
        title,
        GroupDescription="Out to what it calls, nothing in",
        VpcId=vpc,
        SecurityGroupEgress=[
            {
                "Description": purpose,
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "CidrIp": ANYWHERE,
            }
            for port, purpose in ports.items()
        ],
    )


def name(what: str) -> Tags:
    """Name a thing after the stack, for the console."""
    return Tags(Name=Sub(f"${{AWS::StackName}} {what}"))
