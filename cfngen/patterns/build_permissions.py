"""Permissions of builds, and permissions to start them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awacs import codebuild, ec2, s3, ssmmessages
from troposphere import GetAtt, Sub
from troposphere.codebuild import (
    Project,
)

from cfngen.authoring.iam import Statement, allow, deny
from cfngen.authoring.waivers import waive

__all__ = ["debug_statements", "fetch_source", "start_as_is", "start_builds", "vpc_statements"]

# The condition keys of StartBuild that say that a part of the project is overridden, but for the
# source's location and the variables (AWS page "AWS CodeBuild condition keys", and "Actions,
# resources, and condition keys for AWS CodeBuild" in the Service Authorization Reference). The
# first change what a build does, and as whom; the others what it costs, and how it is kept.
DENIED = (
    "artifacts", "environment.image", "environment.privilegedMode", "logsConfig",
    "secondarySources", "serviceRole", "source.buildspec",
)  # fmt: skip
NOT_ALLOWED = (
    "autoRetryLimit", "cache", "encryptionKey", "environment.certificate",
    "environment.computeType", "environment.fleet.fleetArn", "environment.imagePullCredentialsType",
    "environment.registryCredential", "environment.type", "secondaryArtifacts", "source.auth.type",
    "source.insecureSsl",
)  # fmt: skip


def start_builds(project: Project) -> Statement:
    """Allow starting builds of one project."""
    return allow(codebuild.StartBuild, on=GetAtt(project, "Arn"))


def start_as_is(
    *projects: Any, variables: Sequence[str], location: Any = None
) -> tuple[Statement, ...]:
    """Allow starting builds of projects without overriding their settings.

    The denials hold against whatever other policies allow. There is one for each key, since the
    keys of one would all have to be there; the keys of the permission all have to be absent.

    Args:
        projects: their ARNs.
        variables: the names of the environment variables that may be given; none, if it is empty.
        location: a pattern of the locations of sources that may be given; none may, without one.
    """
    where: dict[str, Any] = {"Null": {"codebuild:source.location": "false"}}
    if location is not None:
        where = {"StringNotLike": {"codebuild:source.location": location}}
    key = "codebuild:environment.environmentVariables.name"
    others: dict[str, Any] = {"Null": {key: "false"}}
    if variables:
        others = {"ForAnyValue:StringNotEquals": {key: list(variables)}}
    conditions = [
        *({"Null": {f"codebuild:{key}": "false"}} for key in DENIED),
        where,
        others,
    ]
    absent = {"Null": {f"codebuild:{key}": "true" for key in NOT_ALLOWED}}
    return (
        allow(codebuild.StartBuild, on=list(projects), when=absent),
        *(
            waive(
                deny(codebuild.StartBuild, on="*", when=condition),
                "parliament:UNKNOWN_CONDITION_FOR_ACTION/codebuild:*",
                reason="The keys are newer than parliament's list of them; the AWS page"
                ' "AWS CodeBuild condition keys" has them.',
            )
            for condition in conditions
        ),
    )


def fetch_source(objects: Any, bucket: Any) -> tuple[Statement, ...]:
    """Allow a build to fetch its source from S3.

    Args:
        objects: the ARN of the archive, or of all archives.
        bucket: the ARN of the bucket.

    Source: AWS page "Allow CodeBuild to interact with other AWS services", its policy for sources.
    """
    return (
        allow(s3.GetObject, s3.GetObjectVersion, on=objects),
        allow(s3.GetBucketAcl, s3.GetBucketLocation, on=bucket),
    )


def debug_statements() -> tuple[Statement, ...]:
    """Allow Session Manager into a build that waits at a `codebuild-breakpoint`.

    Source: AWS page "Debug builds with Session Manager".
    """
    return (
        allow(
            ssmmessages.CreateControlChannel,
            ssmmessages.CreateDataChannel,
            ssmmessages.OpenControlChannel,
            ssmmessages.OpenDataChannel,
            on="*",
            reason="Session Manager's channels have no names to grant them by.",
        ),
    )


def vpc_statements(*subnets: str) -> tuple[Statement, ...]:
    """Allow CodeBuild to attach its builds to some subnets.

    Args:
        subnets: the names of parameters that hold subnet IDs.

    Source: AWS page "Use CodeBuild with Amazon VPC", its policy for the service role.
    """
    arn = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:"
    reason = (
        "CodeBuild makes and deletes network interfaces whose ids nobody knows beforehand, and AWS"
        " documents these statements for it; only CodeBuild can be let use one, and only in the"
        " named subnets."
    )
    return (
        waive(
            allow(
                ec2.CreateNetworkInterface,
                ec2.DeleteNetworkInterface,
                ec2.DescribeDhcpOptions,
                ec2.DescribeNetworkInterfaces,
                ec2.DescribeSecurityGroups,
                ec2.DescribeSubnets,
                ec2.DescribeVpcs,
                on="*",
                reason="CodeBuild asks for these on every resource when a build runs in a VPC.",
            ),
            "cdk-nag:AwsSolutions-IAM5/every-resource",
            "checkov:CKV_AWS_111",
            "parliament:RESOURCE_STAR/ec2:*",
            reason=reason,
        ),
        waive(
            allow(
                ec2.CreateNetworkInterfacePermission,
                on=Sub(f"{arn}network-interface/*"),
                when={
                    "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
                    "ArnEquals": {
                        "ec2:Subnet": [Sub(f"{arn}subnet/${{{subnet}}}") for subnet in subnets]
                    },
                },
            ),
            "cdk-nag:AwsSolutions-IAM5/ec2:network-interface/*",
            reason=reason,
        ),
    )
