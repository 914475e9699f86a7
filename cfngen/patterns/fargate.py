"""A Fargate task that is started on demand, with its cluster, log and roles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awacs import ecs as may
from awacs import iam
from troposphere import AWSObject, GetAtt, Ref, Sub, ecs, events
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.substitution import placeholder
from cfngen.authoring.waivers import waive
from cfngen.deprecation import renamed_keywords
from cfngen.errors import PatternError
from cfngen.patterns.fargate_containers import task_container, task_volumes
from cfngen.patterns.fargate_sizes import ARCHITECTURES, size_problems
from cfngen.patterns.files import SharedFiles
from cfngen.patterns.logs import write_logs
from cfngen.patterns.roles import role

__all__ = ["FargateTask", "Placement", "fargate_task"]

ARN = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:"


@dataclass(frozen=True)
class Placement:
    """Where tasks run: two subnets, a security group, and whether they get a public address."""

    subnets: Sequence[Any]
    group: Any
    public: bool
    spot: bool = False

    @property
    def assign_public_ip(self) -> str:
        """What ECS calls it."""
        return "ENABLED" if self.public else "DISABLED"


@dataclass(frozen=True)
class FargateTask:
    """A task definition with its cluster, its log and the roles of the agent and the program."""

    cluster: ecs.Cluster
    log: LogGroup
    agent_role: Role
    role: Role
    definition: ecs.TaskDefinition
    placement: Placement
    reason: str
    role_reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.cluster, ""),
            (self.agent_role, "Assumed by Fargate: it pulls the image and writes the log."),
            (self.role, self.role_reason),
            (self.definition, self.reason),
        ]

    @property
    def container(self) -> str:
        """The name of its container."""
        return str(self.definition.ContainerDefinitions[0].Name)

    @property
    def may_run(self) -> tuple[Statement, ...]:
        """Allow running it, in its cluster and with its roles, and nothing else.

        Any revision of it: otherwise starting would fail while an update replaces it.
        """
        return (
            waive(
                allow(
                    may.RunTask,
                    on=Sub(f"{ARN}task-definition/${{AWS::StackName}}-{self.container}:*"),
                    when={"ArnEquals": {"ecs:cluster": GetAtt(self.cluster, "Arn")}},
                ),
                f"cdk-nag:AwsSolutions-IAM5/ecs:task-definition/<AWS::StackName>-{self.container}:*",
                reason="The star stands for revisions of the stack's own task, in its own cluster;"
                " a revision changes what runs only together with roles, and those that may be"
                " passed are named.",
            ),
            allow(
                iam.PassRole,
                on=[GetAtt(self.role, "Arn"), GetAtt(self.agent_role, "Arn")],
                when={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
            waive(
                allow(
                    may.TagResource,
                    on=Sub(f"{ARN}task/${{{self.cluster.title}}}/*"),
                    when={"StringEquals": {"ecs:CreateAction": "RunTask"}},
                    reason="Tasks get the tags of the stack as they are started.",
                ),
                f"cdk-nag:AwsSolutions-IAM5/ecs:task/<{self.cluster.title}>/*",
                reason="A task has no name before it is started; the condition allows tags as one"
                " is started only, in the stack's own cluster.",
            ),
        )

    @property
    def run_task(self) -> Sub:
        """RunTask's parameters, but for what depends on the event, as JSON."""
        network = {
            "subnets": [placeholder(subnet) for subnet in self.placement.subnets],
            "securityGroups": [placeholder(self.placement.group)],
            "assignPublicIp": self.placement.assign_public_ip,
        }
        launch: dict[str, Any] = {"launchType": "FARGATE"}
        if self.placement.spot:
            # Its weight is 0 unless it is given, and such a provider places nothing.
            launch = {
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
            }
        parameters = {
            "cluster": placeholder(GetAtt(self.cluster, "Arn")),
            "taskDefinition": placeholder(self.definition),
            **launch,
            # The stack's tags, which the task definition has: costs can be told apart by them.
            "propagateTags": "TASK_DEFINITION",
            "networkConfiguration": {"awsvpcConfiguration": network},
        }
        lines = ",\n ".join(f'"{key}": {json.dumps(value)}' for key, value in parameters.items())
        return Sub(f"{{{lines}}}\n")

    def stopped(self, **detail: Any) -> dict[str, Any]:
        """Return the pattern of the end of a task in its cluster.

        Args:
            detail: what else has to be, as ECS's state change events have it.
        """
        return {
            "source": ["aws.ecs"],
            "detail": {
                "clusterArn": [GetAtt(self.cluster, "Arn")],
                "lastStatus": ["STOPPED"],
                **detail,
            },
        }

    def died(self, *explained: int) -> dict[str, Any]:
        """Return the pattern of an end that the program could not report: no image, no memory.

        Containers that others add to the task, such as a security agent's, count for nothing: the
        exit status is that of the task's own container, or of none where none was started.

        Args:
            explained: the exit statuses of other ends.

        Source: AWS pages "Amazon ECS task state change events" and "Stopped tasks error codes".
        """
        status = [{"anything-but": list(explained)}]
        return self.stopped(
            **{
                "$or": [
                    {"containers": {"name": [self.container], "exitCode": status}},
                    {"containers": {"exitCode": [{"exists": False}]}},
                    {"stopCode": ["TaskFailedToStart"]},
                ]
            }
        )

    def target(self, starter: Role, **properties: Any) -> events.Target:
        """Return the target of a rule that runs it.

        Args:
            starter: the role that the rule holds, with `may_run`.
            properties: further properties, such as `RetryPolicy` and `InputTransformer`.
        """
        launch: dict[str, Any] = {"LaunchType": "FARGATE"}
        if self.placement.spot:
            strategy = events.CapacityProviderStrategyItem(
                CapacityProvider="FARGATE_SPOT", Weight=1
            )
            launch = {"CapacityProviderStrategy": [strategy]}
        return events.Target(
            Id="Task",
            Arn=GetAtt(self.cluster, "Arn"),
            RoleArn=GetAtt(starter, "Arn"),
            EcsParameters=events.EcsParameters(
                TaskDefinitionArn=Ref(self.definition),
                TaskCount=1,
                **launch,
                PropagateTags="TASK_DEFINITION",
                NetworkConfiguration=events.NetworkConfiguration(
                    AwsVpcConfiguration=events.AwsVpcConfiguration(
                        Subnets=list(self.placement.subnets),
                        SecurityGroups=[self.placement.group],
                        AssignPublicIp=self.placement.assign_public_ip,
                    )
                ),
            ),
            **properties,
        )


@renamed_keywords(why="reason", role_why="role_reason", folder="directory")
def fargate_task(
    title: str,
    *statements: Statement,
    image: Any,
    pulls: Sequence[Statement],
    placement: Placement,
    cpu: int,
    memory: int,
    ephemeral_storage: int,
    architecture: str,
    environment: Mapping[str, Any],
    secrets: Mapping[str, Any] = {},
    directory: str,
    files: SharedFiles | None = None,
    log: LogGroup,
    waits_for: Sequence[str] = (),
    reason: str,
    role_reason: str,
) -> FargateTask:
    """Return a task whose program runs as user 1000 on a read-only root file system.

    Args:
        title: what it is for, such as `Report`; all its parts are named after it.
        statements: permissions of its program, from `allow`.
        image: the URI of its image, whose user is 1000 and owns `directory`.
        pulls: what Fargate needs to pull the image and to read the secrets.
        placement: the subnets and security group that it runs in.
        cpu: CPU units; `size_problems` says which go with which memory.
        memory: MiB.
        ephemeral_storage: GiB, 20 to 200.
        architecture: `arm64` or `x86_64`.
        environment: environment variables.
        secrets: variables whose values are kept in secrets, by ARN.
        directory: a directory to write in, gone with the task. The image declares it as a volume.
        files: a file system with an access point, mounted at `/cache`.
        log: the log group that it writes to; it is not among the resources.
        waits_for: logical IDs of resources that must exist before it can run (`DependsOn`).
        reason: the comment above it.
        role_reason: the comment above the program's role.

    Raises:
        PatternError: Fargate does not have that size or architecture.

    Source: AWS page "Amazon ECS task definition parameters for Fargate".
    """
    for problem in size_problems(cpu=cpu, memory=memory, ephemeral_storage=ephemeral_storage):
        argument, _, wrong = problem.partition(" = ")
        raise PatternError("fargate_task", title, argument, wrong)
    if architecture not in ARCHITECTURES:
        wrong = f"{architecture!r}; take {' or '.join(ARCHITECTURES)}"
        raise PatternError("fargate_task", title, "architecture", wrong)
    name = title.lower()
    cluster = ecs.Cluster(
        f"{title}Cluster",
        ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value="disabled")],
        **({"CapacityProviders": ["FARGATE_SPOT"]} if placement.spot else {}),
    )
    waive(
        cluster,
        "checkov:CKV_AWS_65",
        "cdk-nag:AwsSolutions-ECS4",
        reason="Insights are paid for by the metric and tell of the load of services, where tasks"
        " here run for minutes; the log says what each one did, and `died` is the event of one that"
        " ends without a word.",
    )
    agent = role(f"{title}AgentRole", "ecs-tasks", *pulls, write_logs(log))
    mount = files.may_mount if files else ()
    task_role = role(f"{title}Role", "ecs-tasks", *statements, *mount)
    volumes, mounts = task_volumes(directory, files)
    extra: dict[str, Any] = {}
    if ephemeral_storage > 20:  # the least, and not to be asked for
        extra["EphemeralStorage"] = ecs.EphemeralStorage(SizeInGiB=ephemeral_storage)
    if waits_for:
        extra["DependsOn"] = list(waits_for)
    definition = ecs.TaskDefinition(
        f"{title}Task",
        Family=Sub(f"${{AWS::StackName}}-{name}"),
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        RuntimePlatform=ecs.RuntimePlatform(
            CpuArchitecture=ARCHITECTURES[architecture], OperatingSystemFamily="LINUX"
        ),
        Cpu=str(cpu),
        Memory=str(memory),
        ExecutionRoleArn=GetAtt(agent, "Arn"),
        TaskRoleArn=GetAtt(task_role, "Arn"),
        Volumes=volumes,
        ContainerDefinitions=[task_container(name, image, mounts, environment, secrets, log)],
        **extra,
    )
    if environment:
        waive(
            definition,
            "cdk-nag:AwsSolutions-ECS2",
            reason="The variables hold names, addresses and numbers; what is secret comes from"
            " Secrets Manager, by the container's Secrets.",
        )
    return FargateTask(cluster, log, agent, task_role, definition, placement, reason, role_reason)
