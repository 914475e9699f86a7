"""A CodeBuild project, and the rights that go with running it or starting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from awacs import codebuild, ec2, s3, ssmmessages
from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import (
    Artifacts,
    CloudWatchLogs,
    Environment,
    EnvironmentVariable,
    LogsConfig,
    Project,
    ProjectCache,
    Source,
)
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement, allow, deny
from cfngen.authoring.waivers import waive
from cfngen.errors import PatternError, did_you_mean

__all__ = [
    "build_project",
    "debug_statements",
    "fetch_source",
    "start_as_is",
    "start_builds",
    "variable",
    "vpc_statements",
]

# Amazon Linux 2023 images that AWS maintains, by the architecture's name in Lambda
# (https://github.com/aws/aws-codebuild-docker-images).
IMAGES = {
    "arm64": ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:4.0"),
    "x86_64": ("LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:6.0"),
}

# What a project without a source has no file for, and minutes that CodeBuild takes
# (AWS page "AWS CodeBuild API reference", `CreateProject`).
NO_SOURCE = "NO_SOURCE"
MINUTES, QUEUED_MINUTES = (5, 2160), (5, 480)

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


def build_project(
    title: str,
    *,
    description: str,
    buildspec: Any,
    role: Role,
    log: LogGroup,
    architecture: str = "arm64",
    compute: Any = "BUILD_GENERAL1_SMALL",
    minutes: Any = 60,
    queued_minutes: Any = 480,
    privileged: bool = False,
    environment: Sequence[EnvironmentVariable] = (),
    in_pipeline: bool = False,
    source: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Project:
    """Return a project for a role and a log group that are there; `standalone_build` makes both.

    Builds may overlap: a `ConcurrentBuildLimit` would refuse a build rather than queue it.

    Args:
        title: the logical ID.
        description: what it does.
        buildspec: the whole buildspec, or its path in the source.
        role: the role that builds assume.
        log: the log group; the role needs `write_logs` of it.
        architecture: `arm64` or `x86_64`.
        compute: CodeBuild's `ComputeType`.
        minutes: the timeout of a build, 5 to 2160, or a reference to it.
        queued_minutes: how long a build may wait for a machine, 5 to 480, or a reference to it.
        privileged: whether a build may mount file systems or run Docker.
        environment: environment variables, from `variable`.
        in_pipeline: whether CodePipeline hands it the source, and takes what it makes.
        source: otherwise, where its source is, as CloudFormation spells it, such as
            `{"Type": "CODECOMMIT", "Location": url}`; without it, it has none.
        properties: further properties of the project, as CloudFormation spells them.

    Raises:
        PatternError: there is no such architecture, two sources are named, the buildspec is the
            path of a file in a source that is not there, or a timeout is out of range.

    Source: AWS page "AWS CodeBuild API reference", `CreateProject`.
    """
    where = source or {"Type": "CODEPIPELINE" if in_pipeline else NO_SOURCE}
    _check_project(title, buildspec, architecture, minutes, queued_minutes, where)
    if source and in_pipeline:
        raise PatternError(
            "build_project",
            title,
            "source",
            "a pipeline hands it the source; leave out one of them",
        )
    kind, image = IMAGES[architecture]
    properties.setdefault("Cache", ProjectCache(Type="NO_CACHE"))
    project = Project(
        title,
        Description=description,
        ServiceRole=GetAtt(role, "Arn"),
        Environment=Environment(
            Type=kind,
            Image=image,
            ComputeType=compute,
            PrivilegedMode=privileged,
            EnvironmentVariables=list(environment),
        ),
        Source=Source(**where, BuildSpec=buildspec),
        Artifacts=Artifacts(Type="CODEPIPELINE" if in_pipeline else "NO_ARTIFACTS"),
        LogsConfig=LogsConfig(CloudWatchLogs=CloudWatchLogs(Status="ENABLED", GroupName=Ref(log))),
        TimeoutInMinutes=minutes,
        QueuedTimeoutInMinutes=queued_minutes,
        **properties,
    )
    if "EncryptionKey" not in properties:
        waive(
            project,
            "cdk-nag:AwsSolutions-CB4",
            reason="What its builds store they put into buckets and repositories that are encrypted"
            " themselves; without a key of one's own CodeBuild uses the one that AWS manages for"
            " S3.",
        )
    return project


def _check_project(
    title: str,
    buildspec: Any,
    architecture: str,
    minutes: Any,
    queued_minutes: Any,
    source: Mapping[str, Any],
) -> None:
    """Raise a PatternError for what CodeBuild would refuse, or what each build would fail with."""

    def error(argument: str, problem: str) -> PatternError:
        return PatternError("build_project", title, argument, problem)

    if architecture not in IMAGES:
        hint = did_you_mean(architecture, IMAGES)
        raise error("architecture", f"{architecture!r}; take {' or '.join(IMAGES)}{hint}")
    path = isinstance(buildspec, str) and "\n" not in buildspec.strip() and "{" not in buildspec
    if path and source.get("Type") == NO_SOURCE:
        raise error(
            "buildspec",
            f"{buildspec!r} is the path of a file in the source, and there is no source; give the"
            ' text of the buildspec, such as payload["buildspec.yml"], or source=',
        )
    ranges = {"minutes": (minutes, MINUTES), "queued_minutes": (queued_minutes, QUEUED_MINUTES)}
    for argument, (value, (least, most)) in ranges.items():
        if isinstance(value, int) and not least <= value <= most:
            raise error(argument, f"{value}; CodeBuild takes {least} to {most}")


def variable(
    name: str,
    value: Any,
    kind: Literal["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"] = "PLAINTEXT",
) -> EnvironmentVariable:
    """Return an environment variable of a build.

    Args:
        name: the variable.
        value: its value, or the name of the parameter or secret that holds it.
        kind: where the value comes from; CodeBuild masks the secret kinds in its log. The role
            of the builds needs the right to read it, `ssm:GetParameters` or
            `secretsmanager:GetSecretValue`, and to decrypt what a key of one's own encrypts.

    Source: AWS API reference of CodeBuild, "EnvironmentVariable".
    """
    if kind == "PLAINTEXT":
        return EnvironmentVariable(Name=name, Value=value)
    return EnvironmentVariable(Name=name, Type=kind, Value=value)


def start_builds(project: Project) -> Statement:
    """Allow starting builds of one project."""
    return allow(codebuild.StartBuild, on=GetAtt(project, "Arn"))


def start_as_is(
    *projects: Any, variables: Sequence[str], location: Any = None
) -> tuple[Statement, ...]:
    """Allow starting builds of projects as they are, whatever the request is made of.

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
