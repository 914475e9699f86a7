"""An EFS file system that only one security group can mount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs import elasticfilesystem as may
from troposphere import AWSObject, GetAtt, Ref, Sub
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress
from troposphere.efs import (
    AccessPoint,
    BackupPolicy,
    CreationInfo,
    FileSystem,
    LifecyclePolicy,
    MountTarget,
    PosixUser,
    RootDirectory,
)

from cfngen.authoring.iam import Statement, allow, names, policy_document
from cfngen.authoring.substitution import sub
from cfngen.deprecation import RenamedAttribute, renamed_keywords

__all__ = ["SharedFiles", "shared_files"]

NFS = 2049
# CodeBuild mounts over TLS, but cannot show who it is: IAM authorization is not supported. So this
# lets in every client that reaches a mount target, as a file system without a policy does.
# Source: AWS pages "Amazon Elastic File System sample for CodeBuild" and "Troubleshoot the Amazon
# EFS integration".
ANY_CLIENT = Statement(
    Effect="Allow",
    Principal={"AWS": "*"},
    Action=names((may.ClientMount, may.ClientWrite, may.ClientRootAccess)),
    Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
)
# A policy of any kind ends the access that a file system grants to everybody by default; roles
# then need permissions of their own. It cannot name the file system that it is a part of.
TLS_ONLY = Statement(
    Effect="Deny",
    Principal={"AWS": "*"},
    Action="*",
    Condition={"Bool": {"aws:SecureTransport": "false"}},
)


@dataclass(frozen=True)
class SharedFiles:
    """An EFS file system, its mount targets, and its security group."""

    file_system: FileSystem
    group: SecurityGroup
    rules: tuple[AWSObject, ...]
    mounts: tuple[MountTarget, ...]
    reason: str
    access_point: AccessPoint | None = None
    entrance = RenamedAttribute("access_point")

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.file_system, self.reason),
            *([(self.access_point, "")] if self.access_point else []),
            (
                self.group,
                ""
                if self.access_point
                else "Mounted without IAM, so the network is what guards the files.",
            ),
            *((rule, "") for rule in self.rules),
            *((mount, "") for mount in self.mounts),
        ]

    @property
    def may_mount(self) -> tuple[Statement, ...]:
        """Allow mounting it, through its access point only."""
        when = {
            "StringEquals": {"elasticfilesystem:AccessPointArn": GetAtt(self.access_point, "Arn")}
        }
        on = GetAtt(self.file_system, "Arn")
        return (allow(may.ClientMount, may.ClientWrite, on=on, when=when),)

    @property
    def location(self) -> Sub:
        """Where to mount it from, as CodeBuild wants it."""
        return sub(self.file_system, ".efs.${AWS::Region}.${AWS::URLSuffix}:/")


@renamed_keywords(why="reason")
def shared_files(
    title: str, *, vpc: Any, subnets: tuple[Any, ...], clients: str, reason: str, owner: int = 0
) -> SharedFiles:
    """Return an encrypted file system for caches: no backup, deleted with the stack.

    It is mounted over TLS only. With an `owner` it is mounted through an access point, by roles
    with permission. Without one, as CodeBuild mounts it, access is limited by the network only.

    Args:
        title: the logical ID; security group and mount targets are named after it.
        vpc: the VPC.
        subnets: one subnet for each Availability Zone that it is mounted in.
        clients: the logical ID of the clients' security group.
        reason: the comment above it.
        owner: the user id that files get and have, if there is an access point.
    """
    policy = policy_document(TLS_ONLY) if owner else policy_document(ANY_CLIENT, TLS_ONLY)
    file_system = FileSystem(
        title,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Encrypted=True,
        ThroughputMode="elastic",
        BackupPolicy=BackupPolicy(Status="DISABLED"),
        LifecyclePolicies=[
            LifecyclePolicy(TransitionToIA="AFTER_30_DAYS"),
            LifecyclePolicy(TransitionToPrimaryStorageClass="AFTER_1_ACCESS"),
        ],
        FileSystemPolicy=policy,
    )
    group = SecurityGroup(
        f"{title}Access",
        GroupDescription="NFS from its clients, nothing else",
        VpcId=vpc,
        # Without a rule of its own a group may send everything everywhere.
        SecurityGroupEgress=[
            {
                "Description": "Nothing: a mount target only answers",
                "IpProtocol": "-1",
                "CidrIp": "127.0.0.1/32",
            }
        ],
    )
    mounts = tuple(
        MountTarget(
            f"{title}Mount{number}",
            FileSystemId=Ref(file_system),
            SubnetId=subnet,
            SecurityGroups=[GetAtt(group, "GroupId")],
        )
        for number, subnet in enumerate(subnets, start=1)
    )
    access_point = _access_point(title, file_system, owner) if owner else None
    rules = _rules(title, group, clients)
    return SharedFiles(file_system, group, rules, mounts, reason, access_point)


def _rules(title: str, group: SecurityGroup, clients: str) -> tuple[AWSObject, ...]:
    """Return what lets the clients reach the mount targets."""
    # Rules of their own, because each group names the other.
    return (
        SecurityGroupIngress(
            f"{title}In",
            Description="NFS from its clients",
            GroupId=GetAtt(group, "GroupId"),
            SourceSecurityGroupId=GetAtt(clients, "GroupId"),
            IpProtocol="tcp",
            FromPort=NFS,
            ToPort=NFS,
        ),
        SecurityGroupEgress(
            f"{title}Out",
            Description="NFS to the mount targets",
            GroupId=GetAtt(clients, "GroupId"),
            DestinationSecurityGroupId=GetAtt(group, "GroupId"),
            IpProtocol="tcp",
            FromPort=NFS,
            ToPort=NFS,
        ),
    )


def _access_point(title: str, file_system: FileSystem, owner: int) -> AccessPoint:
    """Return the only way in for roles: as one user, below one directory."""
    return AccessPoint(
        f"{title}Entrance",
        FileSystemId=Ref(file_system),
        PosixUser=PosixUser(Uid=str(owner), Gid=str(owner)),
        RootDirectory=RootDirectory(
            Path="/files",
            CreationInfo=CreationInfo(OwnerUid=str(owner), OwnerGid=str(owner), Permissions="0700"),
        ),
    )
