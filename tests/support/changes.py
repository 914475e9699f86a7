"""What is changed of each template once it is deployed, and what a second stack of it needs."""

from __future__ import annotations

from collections.abc import Callable

from support.emulator import Emulator
from support.readmes import WAYS


def subnet_in_a_third_zone(account: Emulator) -> str:
    """Make a subnet in what is free of the network; EFS takes one mount target for each zone."""
    ec2 = account.client("ec2", WAYS["build-files"].region)
    (vpc,) = (v for v in ec2.describe_vpcs()["Vpcs"] if v["CidrBlock"] == "10.90.0.0/24")
    made = ec2.create_subnet(
        VpcId=vpc["VpcId"], CidrBlock="10.90.0.64/26", AvailabilityZone="us-east-1c"
    )
    return str(made["Subnet"]["SubnetId"])


# For each template, a parameter to change, and the value that it gets, or what makes it.
CHANGES: dict[str, tuple[str, str | Callable[[Emulator], str]]] = {
    "artifact-stores": ("ArtifactDays", "45"),
    "backlog-proxy": ("LogDays", "60"),
    "backlog-proxy-efs": ("LogDays", "60"),
    "branch-builder": ("BundleDays", "60"),
    "branch-builder-direct": ("OutputDays", "60"),
    "branch-events": ("Repositories", "team-*"),
    "build-files": ("PrivateSubnetId2", subnet_in_a_third_zone),
    "build-network": ("VpcCidr", "10.99.0.0/24"),
    "deployment-roles": ("InfrastructurePolicyArns", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    "fargate-mirror": ("Schedule", "rate(2 hours)"),
    "fargate-mirror-codecommit": ("LogDays", "60"),
    "git-backup": ("Schedule", "rate(2 hours)"),
    "mirror-destination": ("Repositories", "copy-*"),
    "mirror-image": ("ImageRevision", "2"),
    "multi-region-pipeline": ("LogDays", "60"),
    "multi-region-pipeline-home": ("LogDays", "60"),
    "multi-region-pipeline-single-stage": ("LogDays", "60"),
    "template-bucket": ("TemplateDays", "30"),
    "worker-image": ("ImageRevision", "2"),
}

# Of those, what AWS refuses: the stack stays as it is, for these reasons.
REFUSED = {
    # The gateway in the new network comes before the old one has given up its address.
    "build-network": "Resource.AlreadyAssociated",
}

# What a second stack needs that the first must not have: names that are the user's own.
OTHERS = {
    "artifact-stores": ("StoresName=other-stores",),
    "backlog-proxy": ("RepositoryName=other",),
    "backlog-proxy-efs": ("RepositoryName=other",),
    "fargate-mirror-codecommit": ("RepositoryName=other",),
    "git-backup": ("RepositoryName=other",),
    "mirror-image": ("ImageParameter=/other/mirror-image",),
    "worker-image": ("ImageParameter=/other/worker-image",),
}
