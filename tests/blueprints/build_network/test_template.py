"""What the build network's template promises, asserted on it as data."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

BLUEPRINT = find("build_network").load()


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def ec2(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the properties of all resources of one EC2 type."""
    return of_type(template, f"AWS::EC2::{kind}")


def routes(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each subnet's default route, by way of its association."""
    tables = {
        a["SubnetId"]["Ref"]: a["RouteTableId"]["Ref"]
        for a in ec2(template, "SubnetRouteTableAssociation").values()
    }
    by_table = {r["RouteTableId"]["Ref"]: r for r in ec2(template, "Route").values()}
    return {subnet: by_table[table] for subnet, table in tables.items()}


@pytest.mark.parametrize(("nat", "gateways"), [("one", 1), ("per_zone", 2)])
def test_private_subnets_leave_through_a_known_address(nat: str, gateways: int) -> None:
    """Each private subnet's default route is a NAT gateway with an address that is an output."""
    template = body(nat=nat)
    nats = ec2(template, "NatGateway")
    assert len(nats) == len(ec2(template, "EIP")) == gateways
    used = set()
    for subnet, route in routes(template).items():
        assert route["DestinationCidrBlock"] == "0.0.0.0/0"
        if subnet.startswith("Private"):
            used.add(route["NatGatewayId"]["Ref"])
        else:
            assert route["GatewayId"] == {"Ref": "InternetGateway"}
    assert used == set(nats)
    told = {o["Value"]["Ref"] for o in template["Outputs"].values()}
    assert set(ec2(template, "EIP")) <= told


def test_private_subnets_are_in_two_zones() -> None:
    """A file system's mount targets want two zones."""
    subnets = ec2(body(), "Subnet")
    zones = {n: s["AvailabilityZone"]["Fn::Select"][0] for n, s in subnets.items()}
    assert zones["PrivateSubnet1"] != zones["PrivateSubnet2"]


@pytest.mark.parametrize("nat", ["one", "per_zone"])
def test_subnets_do_not_overlap(nat: str) -> None:
    """Each takes another quarter of the network."""
    quarters = list(ipaddress.ip_network("10.90.0.0/24").subnets(new_prefix=32 - 6))
    taken = []
    for subnet in ec2(body(nat=nat), "Subnet").values():
        index, cidr = subnet["CidrBlock"]["Fn::Select"]
        assert cidr["Fn::Cidr"] == [{"Ref": "VpcCidr"}, 4, 6]
        taken.append(quarters[index])
    assert len(set(taken)) == len(taken)


def test_nothing_gets_a_public_address_by_itself() -> None:
    """Neither private nor public subnets hand out addresses."""
    for subnet in ec2(body(), "Subnet").values():
        assert subnet["MapPublicIpOnLaunch"] is False


def test_the_way_to_s3_is_free() -> None:
    """A gateway endpoint serves both private route tables."""
    (endpoint,) = ec2(body(), "VPCEndpoint").values()
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert [t["Ref"] for t in endpoint["RouteTableIds"]] == ["PrivateRoutes1", "PrivateRoutes2"]


def test_what_costs_by_the_month_is_a_choice() -> None:
    """Interface endpoints are there only when asked for, and once each."""
    template = body(endpoints=["ssm", "git-codecommit", "ssm"])
    interfaces = {
        name: e
        for name, e in ec2(template, "VPCEndpoint").items()
        if e["VpcEndpointType"] == "Interface"
    }
    assert set(interfaces) == {"SsmEndpoint", "GitCodecommitEndpoint"}
    (group,) = ec2(template, "SecurityGroup").values()
    (rule,) = group["SecurityGroupIngress"]
    assert rule["CidrIp"] == {"Ref": "VpcCidr"}
    assert not ec2(body(), "SecurityGroup")


@pytest.mark.parametrize("kind", ["NatGateway", "EIP"])
def test_addresses_wait_for_the_door(kind: str) -> None:
    """An address, and the default route, need the internet gateway to be attached."""
    template = body()
    for name in ec2(template, kind):
        waits = template["Resources"][name].get("DependsOn")
        assert kind != "EIP" or waits == "Attachment"
    assert template["Resources"]["PublicRoute"]["DependsOn"] == "Attachment"


def test_the_network_is_a_range_that_can_be_cut_in_four() -> None:
    """The pattern admits 256 addresses at a round place, nothing else."""
    pattern = body()["Parameters"]["VpcCidr"]["AllowedPattern"]
    assert re.fullmatch(pattern, body()["Parameters"]["VpcCidr"]["Default"])
    for wrong in ("10.0.0.0/16", "10.0.0.1/24", "10.0.0/24", "0.0.0.0/0", "$(id)"):
        assert not re.fullmatch(pattern, wrong), wrong


@pytest.mark.parametrize(
    ("name", "options"), [("backlog_proxy", {"vpc": True}), ("build_files", {})]
)
def test_the_outputs_are_what_stacks_in_it_ask_for(name: str, options: dict[str, Any]) -> None:
    """Output names and parameter names are the same, so that they can be passed on."""
    asked = set(synthesize(find(name).load(), options).document.body["Parameters"])
    assert {"VpcId", "PrivateSubnetId1", "PrivateSubnetId2"} <= asked & set(body()["Outputs"])
