"""Which services look at a role when something is made with it, and Lambda's way to its keys.

Sources: the API references of CreateFunction, CreateProject, CreatePipeline, CreateSchedule; ECS,
rules of EventBridge and API Gateway find out when they act.
"""

from __future__ import annotations

from typing import Any

import own
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

# By resource type: the service that its roles are for, and what it says, at once, of a role that it
# cannot assume; nothing if only what is done later fails.
FOR = {
    "AWS::ApiGateway::Method": ("apigateway.amazonaws.com", ""),
    "AWS::CloudFormation::StackSet": ("cloudformation.amazonaws.com", ""),
    "AWS::CodeBuild::Project": (
        "codebuild.amazonaws.com",
        "CodeBuild is not authorized to perform: sts:AssumeRole on service role {}.",
    ),
    "AWS::CodePipeline::Pipeline": (
        "codepipeline.amazonaws.com",
        "CodePipeline is not authorized to perform AssumeRole on role {}",
    ),
    "AWS::ECS::TaskDefinition": ("ecs-tasks.amazonaws.com", ""),
    "AWS::Events::Rule": ("events.amazonaws.com", ""),
    "AWS::Lambda::Function": (
        "lambda.amazonaws.com",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "AWS::Scheduler::Schedule": (
        "scheduler.amazonaws.com",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
}
# Where a type names the role that it is itself given, not one of its parts.
OWN = {
    "AWS::CodeBuild::Project": "ServiceRole",
    "AWS::CodePipeline::Pipeline": "RoleArn",
    "AWS::Lambda::Function": "Role",
}


def refusal(kind: str, props: dict[str, Any], source: str) -> str:
    """Say what a service answers at once to a role that it may not assume, or nothing.

    Args:
        kind: the resource type.
        props: its properties, all references resolved.
        source: the ARN that the resource has, or will have.
    """
    principal, said = FOR.get(kind, ("", ""))
    if not said:
        return ""
    if kind == "AWS::Scheduler::Schedule":
        arn = props.get("Target", {}).get("RoleArn", "")
    else:
        arn = props.get(OWN[kind], "")
    if arn.startswith("arn:") and own.trusts(arn, principal, **{"aws:SourceArn": source}):
        return ""
    return said.format(arn)


def plug_in() -> None:
    """Give a function the keys of its role if Lambda may assume it."""

    def ours(config: dict[str, Any]) -> dict[str, str]:
        keys = own.credentials(
            config["Role"],
            "lambda.amazonaws.com",
            session=config["FunctionName"][:64],
            **{"aws:SourceArn": config["FunctionArn"]},
        )
        return {name.upper(): value for name, value in keys.items()}

    lambda_runtime.execution_credentials = ours
    lambda_svc.execution_credentials = ours
