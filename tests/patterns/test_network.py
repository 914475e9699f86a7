"""A network for tasks that only call out: what gets in, and what it costs."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from troposphere import Ref

from cfngen.patterns import callers_group, public_network


def parts() -> dict[str, Any]:
    """Return the network's resources by logical ID."""
    made = public_network("Net", addresses=Ref("VpcCidr"))
    return {resource.title: resource.to_dict() for resource, _ in made.resources}


def properties(kind: str) -> dict[str, Any]:
    """Return the properties of the resources of one kind."""
    return {n: p["Properties"] for n, p in parts().items() if p["Type"] == f"AWS::EC2::{kind}"}


def test_nothing_in_it_costs_anything_at_rest() -> None:
    """No NAT gateway, no address that is kept, no endpoint."""
    kinds = {part["Type"].removeprefix("AWS::EC2::") for part in parts().values()}
    assert kinds == {
        "VPC",
        "InternetGateway",
        "VPCGatewayAttachment",
        "RouteTable",
        "Route",
        "Subnet",
        "SubnetRouteTableAssociation",
    }


def test_nothing_gets_an_address_unless_it_asks() -> None:
    """Subnets give none by themselves."""
    subnets = properties("Subnet")
    assert len(subnets) == 2
    assert all(subnet["MapPublicIpOnLaunch"] is False for subnet in subnets.values())


def test_the_subnets_are_in_two_zones_and_do_not_overlap() -> None:
    """A /24 is cut into halves: 7 bits for hosts are a /25."""
    one, two = properties("Subnet").values()
    zones = [subnet["AvailabilityZone"]["Fn::Select"] for subnet in (one, two)]
    assert [number for number, _ in zones] == [0, 1]
    numbers, cuts = zip(*(s["CidrBlock"]["Fn::Select"] for s in (one, two)), strict=True)
    assert numbers == (0, 1)
    for cut in cuts:
        addresses, count, bits = cut["Fn::Cidr"]
        assert addresses == {"Ref": "VpcCidr"}
        halves = ipaddress.ip_network("10.91.0.0/24").subnets(new_prefix=32 - bits)
        assert len(list(halves)) == count == 2


def test_everything_leads_out_once_the_gateway_is_there() -> None:
    """One table for both subnets, whose one route waits for the gateway's attachment."""
    ((name, route),) = ((n, p) for n, p in parts().items() if p["Type"] == "AWS::EC2::Route")
    assert route["DependsOn"] == "NetAttachment", name
    assert route["Properties"]["DestinationCidrBlock"] == "0.0.0.0/0"
    assert route["Properties"]["GatewayId"] == {"Ref": "NetGateway"}
    associations = properties("SubnetRouteTableAssociation").values()
    assert {a["SubnetId"]["Ref"] for a in associations} == set(properties("Subnet"))
    assert {a["RouteTableId"]["Ref"] for a in associations} == {"NetRoutes"}
    (vpc,) = properties("VPC").values()
    assert vpc["EnableDnsSupport"] is vpc["EnableDnsHostnames"] is True


def test_a_callers_group_lets_nothing_in_and_out_only_what_is_said() -> None:
    """One port each, over TCP, with its purpose; without a rule AWS would allow everything."""
    group = callers_group("Calls", vpc="vpc-1", ports={443: "HTTPS", 22: "SSH"}).to_dict()
    assert "SecurityGroupIngress" not in json.dumps(group)
    rules = group["Properties"]["SecurityGroupEgress"]
    assert [(r["FromPort"], r["ToPort"], r["IpProtocol"], r["Description"]) for r in rules] == [
        (443, 443, "tcp", "HTTPS"),
        (22, 22, "tcp", "SSH"),
    ]


def test_zones_may_be_chosen_and_are_the_accounts_first_two_without_that() -> None:
    """A stack that names none keeps its subnets: the zones are what they were."""
    usual = [subnet["AvailabilityZone"] for subnet in properties("Subnet").values()]
    made = public_network("Net", addresses=Ref("VpcCidr"), zones=Ref("Zones"))
    assert set(made.conditions) == {"NetHasZones"}
    for number, (subnet, otherwise) in enumerate(zip(made.subnets, usual, strict=True)):
        name, chosen, default = subnet.to_dict()["Properties"]["AvailabilityZone"]["Fn::If"]
        assert name == "NetHasZones"
        assert default == otherwise
        assert chosen == {"Fn::Select": [number, {"Fn::Split": [",", {"Ref": "Zones"}]}]}
