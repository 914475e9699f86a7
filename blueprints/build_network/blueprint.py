"""A VPC whose builds reach the outside from one known address."""

from dataclasses import dataclass
from typing import Any, Literal

from troposphere import Cidr, GetAtt, GetAZs, Ref, Select, Sub, Tags
from troposphere.ec2 import (
    EIP,
    VPC,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from cfngen import Parameters, Template, blueprint, option, parameter

Service = Literal[
    "codebuild", "codecommit", "git-codecommit", "logs", "secretsmanager", "ssm", "sts"
]
ANYWHERE = "0.0.0.0/0"
ZONES = (1, 2)


class Params(Parameters):
    """Asked at deploy time."""

    VpcCidr = parameter(
        "Range of the network, a /24 that overlaps with nothing it is connected to",
        Default="10.90.0.0/24",
        AllowedPattern=r"[0-9]{1,3}(\.[0-9]{1,3}){2}\.0/24",
        ConstraintDescription="a range such as 10.90.0.0/24",
        group="Network",
    )


@dataclass(frozen=True)
class Options:
    """Decided at build time, because they change the template's shape."""

    nat: Literal["one", "per_zone"] = option(
        "One NAT gateway for both zones, or one in each: twice the price, twice the addresses",
        default="one",
    )
    endpoints: tuple[Service, ...] = option(
        "AWS services reached without the NAT gateway, at a monthly price for each zone",
        default=(),
    )


@blueprint
def build_network(options: Options) -> Template:
    """Make a VPC with two private subnets that reach the outside from a known address."""
    t = Template()
    p = t.declare(Params)
    gateways = ZONES if options.nat == "per_zone" else ZONES[:1]

    # The network and its door.
    # excuse cdk-nag:AwsSolutions-VPC7 Vpc: Flow logs are paid for by the gigabyte, and where they
    # go is a matter of the account, which attaches them to VpcId; builds here call out, and no
    # security group has to let anything in.
    vpc = t.add(
        VPC(
            "Vpc",
            CidrBlock=p.VpcCidr,
            EnableDnsSupport=True,
            EnableDnsHostnames=True,  # file systems are mounted by name
            Tags=_name("build network"),
        )
    )
    door = t.add(InternetGateway("InternetGateway", Tags=_name("build network")))
    t.add(VPCGatewayAttachment("Attachment", VpcId=Ref(vpc), InternetGatewayId=Ref(door)))

    # Public subnets hold the NAT gateways and nothing else.
    outside = t.add(RouteTable("PublicRoutes", VpcId=Ref(vpc), Tags=_name("public")))
    t.add(
        Route(
            "PublicRoute",
            DependsOn="Attachment",
            RouteTableId=Ref(outside),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref(door),
        )
    )
    for zone in gateways:
        public = t.add(_subnet("PublicSubnet", vpc, p, zone, part=zone - 1))
        _route(t, public, outside, "PublicRouting", zone)
        address = t.add(
            EIP(f"Address{zone}", DependsOn="Attachment", Domain="vpc", Tags=_name("builds")),
            reason="What builds come from: tell it to those who admit known addresses only.",
        )
        t.add(
            NatGateway(
                f"NatGateway{zone}",
                AllocationId=GetAtt(address, "AllocationId"),
                SubnetId=Ref(public),
                Tags=_name("builds"),
            )
        )

    # Private subnets hold the builds.
    tables = []
    for zone in ZONES:
        private = t.add(_subnet("PrivateSubnet", vpc, p, zone, part=zone + 1))
        table = t.add(
            RouteTable(f"PrivateRoutes{zone}", VpcId=Ref(vpc), Tags=_name(f"private {zone}"))
        )
        tables.append(Ref(table))
        _route(t, private, table, "PrivateRouting", zone)
        t.add(
            Route(
                f"PrivateRoute{zone}",
                RouteTableId=Ref(table),
                DestinationCidrBlock=ANYWHERE,
                NatGatewayId=Ref(f"NatGateway{zone if zone in gateways else 1}"),
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
    if options.endpoints:
        _endpoints(t, vpc, p, options)

    t.output("VpcId", Ref(vpc), "VPC for builds")
    for zone in ZONES:
        t.output(f"PrivateSubnetId{zone}", Ref(f"PrivateSubnet{zone}"), f"Private subnet {zone}")
    for zone in gateways:
        t.output(f"PublicAddress{zone}", Ref(f"Address{zone}"), "Address that builds come from")
    return t


def _subnet(title: str, vpc: VPC, p: Params, zone: int, part: int) -> Subnet:
    """Return a quarter of the network in one zone; nothing in it gets a public address."""
    return Subnet(
        f"{title}{zone}",
        VpcId=Ref(vpc),
        AvailabilityZone=Select(zone - 1, GetAZs("")),
        CidrBlock=Select(part, Cidr(p.VpcCidr, 4, 6)),
        MapPublicIpOnLaunch=False,
        Tags=_name(f"{'public' if title.startswith('Public') else 'private'} {zone}"),
    )


def _route(t: Template, subnet: Subnet, table: RouteTable, title: str, zone: int) -> None:
    """Give a subnet its routes."""
    t.add(
        SubnetRouteTableAssociation(f"{title}{zone}", SubnetId=Ref(subnet), RouteTableId=Ref(table))
    )


def _endpoints(t: Template, vpc: VPC, p: Params, options: Options) -> None:
    """Add private doors to AWS services."""
    group = t.add(
        SecurityGroup(
            "EndpointAccess",
            GroupDescription="HTTPS from within the network",
            VpcId=Ref(vpc),
            SecurityGroupIngress=[_https("From the network", p.VpcCidr)],
            SecurityGroupEgress=[_https("To the network", p.VpcCidr)],
        )
    )
    for service in dict.fromkeys(options.endpoints):
        title = "".join(word.capitalize() for word in service.split("-"))
        t.add(
            VPCEndpoint(
                f"{title}Endpoint",
                VpcId=Ref(vpc),
                VpcEndpointType="Interface",
                ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
                SubnetIds=[Ref(f"PrivateSubnet{zone}") for zone in ZONES],
                SecurityGroupIds=[GetAtt(group, "GroupId")],
                PrivateDnsEnabled=True,
            )
        )


def _https(description: str, addresses: Any) -> dict[str, Any]:
    return {
        "Description": description,
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "CidrIp": addresses,
    }


def _name(what: str) -> Tags:
    """Name a thing after the stack, for the console."""
    return Tags(Name=Sub(f"${{AWS::StackName}} {what}"))
