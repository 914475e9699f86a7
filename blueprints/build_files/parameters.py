"""What the file system of builds asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    VpcId = parameter(
        "VPC of this account that the builds run in, with DNS resolution and DNS hostnames"
        " enabled: output VpcId of a build-network stack, or a VPC of your own.",
        Type="AWS::EC2::VPC::Id",
        group="Network",
    )
    PrivateSubnetId1 = parameter(
        "Private subnet of that VPC with a route to a NAT gateway. A mount target is created"
        " in it.",
        Type="AWS::EC2::Subnet::Id",
    )
    PrivateSubnetId2 = parameter(
        "Private subnet of that VPC in another Availability Zone, with a route to a NAT"
        " gateway. A mount target is created in it.",
        Type="AWS::EC2::Subnet::Id",
    )
