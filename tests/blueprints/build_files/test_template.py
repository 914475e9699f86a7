"""What the template of the file system for builds promises, asserted on it as data."""

from __future__ import annotations

from typing import Any

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

BODY: dict[str, Any] = synthesize(find("build_files").load(), {}).document.body
NFS = 2049


def groups() -> tuple[str, str]:
    """Return the logical IDs of the builds' group and of the mount targets' group."""
    builds = BODY["Outputs"]["SecurityGroupId"]["Value"]["Fn::GetAtt"][0]
    (files,) = set(of_type(BODY, "AWS::EC2::SecurityGroup")) - {builds}
    return builds, files


def statements() -> dict[str, dict[str, Any]]:
    """Return the statements of the file system's policy by their effect."""
    (files,) = of_type(BODY, "AWS::EFS::FileSystem").values()
    found = files["FileSystemPolicy"]["Statement"]
    assert len(found) == 2
    return {statement["Effect"]: statement for statement in found}


def test_nothing_is_read_or_written_without_tls() -> None:
    """The policy denies every action to everybody whose connection is not encrypted."""
    denied = statements()["Deny"]
    assert denied["Principal"] == {"AWS": "*"}
    assert denied["Action"] == "*"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_codebuild_can_mount_without_a_role() -> None:
    """A policy without this would refuse it: it cannot say who it is, and it writes as root."""
    granted = statements()["Allow"]
    assert granted["Principal"] == {"AWS": "*"}
    assert set(granted["Action"]) == {
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
        "elasticfilesystem:ClientRootAccess",
    }


def test_whoever_mounts_has_to_pass_the_security_group() -> None:
    """What the policy grants to everybody, it grants through a mount target only."""
    condition = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    assert statements()["Allow"]["Condition"] == condition
    _, files = groups()
    for mount in of_type(BODY, "AWS::EFS::MountTarget").values():
        assert mount["SecurityGroups"] == [{"Fn::GetAtt": [files, "GroupId"]}]


def test_only_the_builds_group_reaches_the_files() -> None:
    """NFS comes from that group; there is no other way in, and the mount targets send nothing."""
    builds, files = groups()
    (rule,) = of_type(BODY, "AWS::EC2::SecurityGroupIngress").values()
    assert rule["GroupId"] == {"Fn::GetAtt": [files, "GroupId"]}
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [builds, "GroupId"]}
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", NFS, NFS)
    assert "CidrIp" not in rule
    made = of_type(BODY, "AWS::EC2::SecurityGroup")
    assert not [name for name, group in made.items() if "SecurityGroupIngress" in group]
    assert [rule["CidrIp"] for rule in made[files]["SecurityGroupEgress"]] == ["127.0.0.1/32"]


def test_builds_reach_git_hosts_aws_and_the_files_and_nothing_else() -> None:
    """SSH and HTTPS go anywhere, NFS to the mount targets only."""
    builds, files = groups()
    out = of_type(BODY, "AWS::EC2::SecurityGroup")[builds]["SecurityGroupEgress"]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in out] == [(22, 22), (443, 443)]
    (rule,) = of_type(BODY, "AWS::EC2::SecurityGroupEgress").values()
    assert rule["GroupId"] == {"Fn::GetAtt": [builds, "GroupId"]}
    assert rule["DestinationSecurityGroupId"] == {"Fn::GetAtt": [files, "GroupId"]}
    assert (rule["FromPort"], rule["ToPort"]) == (NFS, NFS)


def test_each_subnet_has_a_mount_target() -> None:
    """A build in a zone without one cannot mount."""
    mounts = of_type(BODY, "AWS::EFS::MountTarget").values()
    subnets = [mount["SubnetId"]["Ref"] for mount in mounts]
    assert subnets == ["PrivateSubnetId1", "PrivateSubnetId2"]
    (files,) = of_type(BODY, "AWS::EFS::FileSystem")
    assert {mount["FileSystemId"]["Ref"] for mount in mounts} == {files}


def test_the_files_are_encrypted_and_go_with_the_stack() -> None:
    """They can be made again: no backup is kept, and nothing is left behind."""
    (name,) = of_type(BODY, "AWS::EFS::FileSystem")
    resource = BODY["Resources"][name]
    assert resource["Properties"]["Encrypted"] is True
    assert resource["Properties"]["BackupPolicy"] == {"Status": "DISABLED"}
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_the_outputs_are_what_the_backlog_proxy_asks_for() -> None:
    """Output names and parameter names are the same, so that a plan passes them on."""
    proxy = synthesize(find("backlog_proxy").load(), {"cache": "efs"}).document.body
    assert {"FileSystemId", "SecurityGroupId"} <= set(proxy["Parameters"]) & set(BODY["Outputs"])


def test_the_location_is_the_one_that_the_backlog_proxy_mounts() -> None:
    """For a project of one's own, the output says what the proxy makes of the file system's ID."""
    proxy = synthesize(find("backlog_proxy").load(), {"cache": "efs"}).document.body
    (project,) = of_type(proxy, "AWS::CodeBuild::Project").values()
    (mounted,) = project["FileSystemLocations"]
    (files,) = of_type(BODY, "AWS::EFS::FileSystem")
    location = BODY["Outputs"]["FileSystemLocation"]["Value"]["Fn::Sub"]
    assert location.replace(f"${{{files}}}", "${FileSystemId}") == mounted["Location"]["Fn::Sub"]
