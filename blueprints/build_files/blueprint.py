"""An encrypted file system that builds in a VPC mount, and the security group they run in."""

from troposphere import GetAtt, Ref

from cfngen import Parameters, Template, blueprint, parameter
from cfngen.patterns import callers_group, shared_files


class Params(Parameters):
    """Asked at deploy time."""

    VpcId = parameter(
        "VPC that the builds run in, of this account, with DNS resolution and DNS hostnames on:"
        " the output VpcId of a build-network stack, or one of your own",
        Type="AWS::EC2::VPC::Id",
        group="Network",
    )
    PrivateSubnetId1 = parameter(
        "Private subnet of that VPC with a route to a NAT gateway; it gets a mount target",
        Type="AWS::EC2::Subnet::Id",
    )
    PrivateSubnetId2 = parameter(
        "Private subnet of that VPC in another Availability Zone, with a route to a NAT gateway; it"
        " gets a mount target",
        Type="AWS::EC2::Subnet::Id",
    )


@blueprint
def build_files() -> Template:
    """Make an encrypted file system for builds in a VPC, and the security group they run in."""
    t = Template()
    p = t.declare(Params)
    group = t.add(
        callers_group(
            "BuildAccess",
            vpc=p.VpcId,
            ports={22: "SSH to Git hosts", 443: "HTTPS to AWS and to Git hosts"},
        ),
        reason="Builds run in this group: nothing reaches them, and it alone reaches the files.",
    )
    files = t.add(
        shared_files(
            "BuildFiles",
            vpc=p.VpcId,
            subnets=(p.PrivateSubnetId1, p.PrivateSubnetId2),
            clients=group.title,
            reason="For what can be made again: no backup, and it is deleted with the stack.",
        )
    )
    t.output(
        "FileSystemId",
        Ref(files.file_system),
        "ID of the file system; give it to the stacks whose builds shall mount it",
    )
    t.output(
        "SecurityGroupId",
        GetAtt(group, "GroupId"),
        "ID of the security group that those builds have to run in",
    )
    t.output(
        "FileSystemLocation",
        files.location,
        "Location to enter for this file system in a CodeBuild project of your own",
    )
    return t
