"""What the network asks for at deploy time."""

from cfngen import Parameters, parameter


class Params(Parameters):
    """Asked at deploy time."""

    VpcCidr = parameter(
        "IPv4 CIDR range of the VPC, a /24 that does not overlap with networks that it is"
        " connected to.",
        Default="10.90.0.0/24",
        AllowedPattern=r"[0-9]{1,3}(\.[0-9]{1,3}){2}\.0/24",
        ConstraintDescription="Enter an IPv4 range of size /24, such as 10.90.0.0/24.",
        group="Network",
    )
