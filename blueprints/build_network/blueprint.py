"""A VPC whose builds reach the outside from one known address."""

from troposphere import Ref

from cfngen import Template, blueprint

from .endpoints import add_endpoints
from .options import ZONES, Options
from .parameters import Params
from .subnets import add_private_subnets, add_public_subnets, add_vpc


@blueprint
def build_network(options: Options) -> Template:
    """Make a VPC with two private subnets that reach the outside from a known address."""
    t = Template()
    p = t.declare(Params)
    vpc = add_vpc(t, p)
    add_public_subnets(t, p, options, vpc)
    add_private_subnets(t, p, options, vpc)
    if options.endpoints:
        add_endpoints(t, vpc, p, options)
    t.output("VpcId", Ref(vpc), "ID of the VPC for builds.")
    for zone in ZONES:
        t.output(
            f"PrivateSubnetId{zone}", Ref(f"PrivateSubnet{zone}"), f"ID of private subnet {zone}."
        )
    for zone in options.gateway_zones:
        t.output(
            f"PublicAddress{zone}",
            Ref(f"Address{zone}"),
            "Public IP address that requests of builds come from.",
        )
    return t
