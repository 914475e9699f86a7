"""AWS services that are reached without the NAT gateway."""

from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere.ec2 import (
    VPC,
    SecurityGroup,
    VPCEndpoint,
)

from cfngen import Template

from .options import ZONES, Options
from .parameters import Params


def add_endpoints(t: Template, vpc: VPC, p: Params, options: Options) -> None:
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
