"""The VPC that builds run in, where they need one."""

from typing import Any

from troposphere import GetAtt
from troposphere.codebuild import VpcConfig
from troposphere.ec2 import SecurityGroup

from cfngen import Statement, Template
from cfngen.patterns import (
    vpc_statements,
)

from .options import Options
from .parameters import Params


def add_network(
    t: Template, p: Params, options: Options
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """Return the project's VPC and the right to attach to it; without files, add a group for it."""
    vpc = VpcConfig(
        VpcId=p.VpcId,
        Subnets=[p.PrivateSubnetId1, p.PrivateSubnetId2],
        SecurityGroupIds=[p.SecurityGroupId if options.cache == "efs" else _add_group(t, p)],
    )
    return {"VpcConfig": vpc}, vpc_statements("PrivateSubnetId1", "PrivateSubnetId2")


def _add_group(t: Template, p: Params) -> GetAtt:
    """Add a security group for the builds and return its ID."""
    group = t.add(
        SecurityGroup(
            "MirrorAccess",
            GroupDescription="Builds: out to SSH and HTTPS, nothing in",
            # Deleted before the role, by which CodeBuild removes the network interfaces of builds.
            DependsOn="MirrorRole",
            VpcId=p.VpcId,
            SecurityGroupEgress=[
                {
                    "Description": purpose,
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "CidrIp": "0.0.0.0/0",
                }
                for port, purpose in ((22, "SSH to Backlog"), (443, "HTTPS to AWS"))
            ],
        )
    )
    return GetAtt(group, "GroupId")
