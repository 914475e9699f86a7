"""The network, its subnets and their ways out."""

from troposphere import Cidr, GetAtt, GetAZs, Ref, Select, Sub
from troposphere.ec2 import (
    EIP,
    VPC,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from cfngen import Template, waive

from .names import name
from .options import ZONES, Options
from .parameters import Params

ANYWHERE = "0.0.0.0/0"


def add_vpc(t: Template, p: Params) -> VPC:
    """Add the network and its way to the internet."""
    vpc = t.add(
        VPC(
            "Vpc",
            CidrBlock=p.VpcCidr,
            EnableDnsSupport=True,
            EnableDnsHostnames=True,  # file systems are mounted by name
            Tags=name("build network"),
        )
    )
    waive(
        vpc,
        "cdk-nag:AwsSolutions-VPC7",
        reason="Flow logs are paid for by the gigabyte, and where they go is a matter of the"
        " account, which attaches them to VpcId; builds here call out, and no security group has to"
        " let anything in.",
    )
    t.add(InternetGateway("InternetGateway", Tags=name("build network")))
    t.add(
        VPCGatewayAttachment("Attachment", VpcId=Ref(vpc), InternetGatewayId=Ref("InternetGateway"))
    )
    return vpc


def add_public_subnets(t: Template, p: Params, options: Options, vpc: VPC) -> None:
    """Add the subnets that hold the NAT gateways and nothing else."""
    outside = t.add(RouteTable("PublicRoutes", VpcId=Ref(vpc), Tags=name("public")))
    t.add(
        Route(
            "PublicRoute",
            DependsOn="Attachment",
            RouteTableId=Ref(outside),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref("InternetGateway"),
        )
    )
    for zone in options.gateway_zones:
        public = t.add(_subnet("PublicSubnet", vpc, p, zone, part=zone - 1))
        _add_route(t, public, outside, "PublicRouting", zone)
        address = t.add(
            EIP(f"Address{zone}", DependsOn="Attachment", Domain="vpc", Tags=name("builds")),
            reason="What builds come from: tell it to those who admit known addresses only.",
        )
        t.add(
            NatGateway(
                f"NatGateway{zone}",
                AllocationId=GetAtt(address, "AllocationId"),
                SubnetId=Ref(public),
                Tags=name("builds"),
            )
        )


def add_private_subnets(t: Template, p: Params, options: Options, vpc: VPC) -> None:
    """Add the subnets that hold the builds."""
    tables = []
    for zone in ZONES:
        private = t.add(_subnet("PrivateSubnet", vpc, p, zone, part=zone + 1))
        table = t.add(
            RouteTable(f"PrivateRoutes{zone}", VpcId=Ref(vpc), Tags=name(f"private {zone}"))
        )
        tables.append(Ref(table))
        _add_route(t, private, table, "PrivateRouting", zone)
        t.add(
            Route(
                f"PrivateRoute{zone}",
                RouteTableId=Ref(table),
                DestinationCidrBlock=ANYWHERE,
                NatGatewayId=Ref(f"NatGateway{zone if zone in options.gateway_zones else 1}"),
            )
        )
    t.add(
        VPCEndpoint(
            "S3Endpoint",
            VpcId=Ref(vpc),
            VpcEndpointType="Gateway",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            RouteTableIds=tables,
        ),
        reason=(
            "Free, and what a build reads from S3 would otherwise be paid for at the NAT gateway."
        ),
    )


def _subnet(title: str, vpc: VPC, p: Params, zone: int, part: int) -> Subnet:
    """Return a quarter of the network in one zone; nothing in it gets a public address."""
    return Subnet(
        f"{title}{zone}",
        VpcId=Ref(vpc),
        AvailabilityZone=Select(zone - 1, GetAZs("")),
        CidrBlock=Select(part, Cidr(p.VpcCidr, 4, 6)),
        MapPublicIpOnLaunch=False,
        Tags=name(f"{'public' if title.startswith('Public') else 'private'} {zone}"),
    )


def _add_route(t: Template, subnet: Subnet, table: RouteTable, title: str, zone: int) -> None:
    """Give a subnet its routes."""
    t.add(
        SubnetRouteTableAssociation(f"{title}{zone}", SubnetId=Ref(subnet), RouteTableId=Ref(table))
    )
