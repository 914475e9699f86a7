"""What a rule or a schedule can start: ARN, permissions, parameters for EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from awacs import awslambda, codepipeline
from troposphere import GetAtt, Ref, scheduler
from troposphere.codebuild import Project
from troposphere.codepipeline import Pipeline

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.substitution import sub
from cfngen.errors import PatternError
from cfngen.patterns.build_permissions import start_as_is, start_builds
from cfngen.patterns.fargate import FargateTask
from cfngen.patterns.functions import PythonFunction
from cfngen.patterns.standalone_builds import BuildProject

__all__ = ["Startable"]

Startable: TypeAlias = BuildProject | Project | FargateTask | Pipeline | PythonFunction


@dataclass(frozen=True)
class StartTarget:
    """A target: its ARN, the permissions to start it, and parameters for EventBridge Scheduler."""

    id: str
    arn: Any
    statements: tuple[Statement, ...]
    schedule_parameters: Mapping[str, Any]


def start_target(
    name: str, title: str, starts: Any, variables: Sequence[str] | None
) -> StartTarget:
    """Return how something is started, or refuse it.

    Args:
        name: the pattern, for errors.
        title: the logical ID, for errors.
        starts: what is started.
        variables: environment variables that the input may set; `None` if there is no input.
    """
    if isinstance(starts, BuildProject | Project):
        project = starts.project if isinstance(starts, BuildProject) else starts
        arn = GetAtt(project, "Arn")
        if variables is None:
            return StartTarget("Build", arn, (start_builds(project),), {})
        return StartTarget("Build", arn, start_as_is(arn, variables=variables), {})
    if variables:
        raise PatternError(name, title, "variables", "are for builds only; remove them")
    if isinstance(starts, Pipeline):
        arn = sub(
            "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:", Ref(starts)
        )
        return StartTarget(
            "Pipeline", arn, (allow(codepipeline.StartPipelineExecution, on=arn),), {}
        )
    if isinstance(starts, PythonFunction):
        arn = starts.arn
        return StartTarget("Function", arn, (allow(awslambda.InvokeFunction, on=arn),), {})
    if isinstance(starts, FargateTask):
        parameters = {"EcsParameters": _ecs_parameters(starts)}
        return StartTarget("Task", GetAtt(starts.cluster, "Arn"), starts.may_run, parameters)
    raise PatternError(
        name,
        title,
        "starts",
        f"{starts!r} cannot be started; take what standalone_build(), build_project(), pipeline(),"
        " python_function() or fargate_task() returned",
    )


def _ecs_parameters(task: FargateTask) -> scheduler.EcsParameters:
    """Return what Scheduler has to know of a task."""
    launch: dict[str, Any] = {"LaunchType": "FARGATE"}
    if task.placement.spot:
        strategy = scheduler.CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=1)
        launch = {"CapacityProviderStrategy": [strategy]}
    return scheduler.EcsParameters(
        TaskDefinitionArn=Ref(task.definition),
        TaskCount=1,
        **launch,
        NetworkConfiguration=scheduler.NetworkConfiguration(
            AwsvpcConfiguration=scheduler.AwsVpcConfiguration(
                Subnets=list(task.placement.subnets),
                SecurityGroups=[task.placement.group],
                AssignPublicIp=task.placement.assign_public_ip,
            )
        ),
    )
