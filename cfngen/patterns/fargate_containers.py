"""The container of a Fargate task, and the volumes that it writes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Ref, ecs
from troposphere.logs import LogGroup

from cfngen.patterns.files import SharedFiles

__all__: list[str] = []  # for `fargate_task`, which makes the rest

USER = 1000


def task_volumes(
    directory: str, files: SharedFiles | None
) -> tuple[list[ecs.Volume], list[ecs.MountPoint]]:
    """Return the volumes of a task, and where its container has them."""
    volumes = [ecs.Volume(Name="work")]
    mounts = [ecs.MountPoint(SourceVolume="work", ContainerPath=directory)]
    if files:
        access = ecs.AuthorizationConfig(AccessPointId=Ref(files.access_point), IAM="ENABLED")
        configuration = ecs.EFSVolumeConfiguration(
            FilesystemId=Ref(files.file_system),
            TransitEncryption="ENABLED",
            AuthorizationConfig=access,
        )
        volumes.append(ecs.Volume(Name="cache", EFSVolumeConfiguration=configuration))
        mounts.append(ecs.MountPoint(SourceVolume="cache", ContainerPath="/cache"))
    return volumes, mounts


def task_container(
    name: str,
    image: Any,
    mounts: Sequence[ecs.MountPoint],
    environment: Mapping[str, Any],
    secrets: Mapping[str, Any],
    log: LogGroup,
) -> ecs.ContainerDefinition:
    """Return the one container of a task: no root, no capabilities, a file system to read."""
    return ecs.ContainerDefinition(
        Name=name,
        Image=image,
        Essential=True,
        User=f"{USER}:{USER}",
        ReadonlyRootFilesystem=True,
        LinuxParameters=ecs.LinuxParameters(
            InitProcessEnabled=True,  # so that no helper of git is left a zombie
            Capabilities=ecs.KernelCapabilities(Drop=["ALL"]),
        ),
        StopTimeout=120,
        MountPoints=mounts,
        Environment=[ecs.Environment(Name=key, Value=value) for key, value in environment.items()],
        **(
            {"Secrets": [ecs.Secret(Name=key, ValueFrom=arn) for key, arn in secrets.items()]}
            if secrets
            else {}
        ),
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": Ref(log),
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": name,
                "mode": "blocking",  # metrics are lines of the log, and none may be lost
            },
        ),
    )
