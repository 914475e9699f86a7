"""A CodeBuild project for an existing role and log group, and its environment variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from troposphere import GetAtt, Ref
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

from cfngen.authoring.waivers import waive
from cfngen.errors import PatternError, did_you_mean

__all__ = [
    "build_project",
    "variable",
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
    """Return a project for an existing role and log group; `standalone_build` creates both.

    Builds may overlap: a `ConcurrentBuildLimit` would refuse a build rather than queue it.

    Args:
        title: the logical ID.
        description: what it does.
        buildspec: the text of the buildspec, or its path in the source.
        role: the role that builds assume.
        log: the log group; the role needs `write_logs` of it.
        architecture: `arm64` or `x86_64`.
        compute: CodeBuild's `ComputeType`.
        minutes: the timeout of a build, 5 to 2160, or a reference to it.
        queued_minutes: how long a build may wait for a machine, 5 to 480, or a reference to it.
        privileged: whether a build may mount file systems or run Docker.
        environment: environment variables, from `variable`.
        in_pipeline: whether source and output artifacts are CodePipeline's.
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
            "CodePipeline provides the source; remove one of them",
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
            of the builds needs permission to read it, `ssm:GetParameters` or
            `secretsmanager:GetSecretValue`, and to decrypt what a key of one's own encrypts.

    Source: AWS API reference of CodeBuild, "EnvironmentVariable".
    """
    if kind == "PLAINTEXT":
        return EnvironmentVariable(Name=name, Value=value)
    return EnvironmentVariable(Name=name, Type=kind, Value=value)
