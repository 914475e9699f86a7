"""An encrypted file system that builds in a VPC mount, and the security group they run in."""

from troposphere import GetAtt, Ref

from cfngen import Template, blueprint
from cfngen.patterns import callers_group, shared_files

from .parameters import Params


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
        "ID of the file system. Enter it in the stacks whose builds mount it.",
    )
    t.output(
        "SecurityGroupId",
        GetAtt(group, "GroupId"),
        "ID of the security group that those builds must run in.",
    )
    t.output(
        "FileSystemLocation",
        files.location,
        "Location of the file system, to enter in a CodeBuild project of your own.",
    )
    return t
