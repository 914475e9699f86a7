"""What the roles of a template are used for, as rows of documented_permissions.toml name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

from cfngen.testing import of_type, references

Plain = dict[str, Any]
# A value that refers to a role, a row of the table, and actions besides.
Found = Iterator[tuple[Any, ...]]

# Kinds of a project's sources, artifacts and caches for which its role needs nothing.
NO_RIGHTS = {"NO_SOURCE", "NO_ARTIFACTS", "NO_CACHE", "LOCAL", "CODEBUILD"}
# CodeBuild reads and writes the artifacts of its action by the project's role.
ARTIFACTS_BY_ANOTHER_ROLE = {"CodeBuild", "Manual"}


class Use(NamedTuple):
    """What a role is used for.

    Attributes:
        role: the role's logical ID.
        row: the row of the table.
        actions: what it needs besides what the row lists, where that depends on the resource.
    """

    role: str
    row: str
    actions: tuple[str, ...] = ()


def uses(body: Plain) -> Iterator[Use]:
    """Yield what each role of a template is used for in it, once for each use."""
    roles = of_type(body, "AWS::IAM::Role")
    for kind, of in READERS.items():
        for properties in of_type(body, kind).values():
            for value, row, *actions in of(properties, body):
                for role in sorted(references(value) & set(roles)):
                    yield Use(role, row, tuple(actions))


def _pipeline(pipeline: Plain, body: Plain) -> Found:
    yield pipeline["RoleArn"], "CodePipeline service role"
    encrypted = any("EncryptionKey" in s["ArtifactStore"] for s in pipeline["ArtifactStores"])
    for stage in pipeline["Stages"]:
        for action in stage["Actions"]:
            yield from _action(action, pipeline["RoleArn"], encrypted=encrypted)
        for moment in ("BeforeEntry", "OnSuccess", "OnFailure"):
            for condition in stage.get(moment, {}).get("Conditions", []):
                for rule in condition["Rules"]:
                    if "RoleArn" in rule:
                        provider = rule["RuleTypeId"]["Provider"]
                        yield rule["RoleArn"], f"CodePipeline rule {provider}"
                        yield pipeline["RoleArn"], "CodePipeline role of an action"


def _action(action: Plain, service_role: Any, *, encrypted: bool) -> Found:
    kind, role = action["ActionTypeId"], action.get("RoleArn", service_role)
    if "RoleArn" in action:
        yield service_role, "CodePipeline role of an action"
    yield role, f"CodePipeline action {kind['Category']}/{kind['Provider']}"
    if kind["Provider"] not in ARTIFACTS_BY_ANOTHER_ROLE:
        for artifacts, way in (("InputArtifacts", "taken"), ("OutputArtifacts", "given")):
            if action.get(artifacts):
                yield role, f"CodePipeline artifacts {way}"
                if encrypted:
                    yield role, f"CodePipeline encrypted artifacts {way}"
    if "RoleArn" in action.get("Configuration", {}):
        yield action["Configuration"]["RoleArn"], "CloudFormation service role"


def _stack_set(stack_set: Plain, body: Plain) -> Found:
    yield stack_set["AdministrationRoleARN"], "StackSet administration role"
    yield stack_set["ExecutionRoleName"], "StackSet execution role"


def _project(project: Plain, body: Plain) -> Found:
    role, environment = project["ServiceRole"], project["Environment"]
    logs = project.get("LogsConfig", {}).get("CloudWatchLogs", {})
    kinds = {key.lower(): project[key]["Type"] for key in ("Source", "Artifacts")}
    kinds |= {"cache": project.get("Cache", {}).get("Type", "NO_CACHE")}
    kinds |= {"image pulled by": environment.get("ImagePullCredentialsType", "CODEBUILD")}
    yield from ((role, f"CodeBuild {key} {kind}") for key, kind in kinds.items()
                if kind not in NO_RIGHTS)  # fmt: skip
    features = {
        "logs": logs.get("Status") != "DISABLED",
        "VPC": "VpcConfig" in project,
        "EFS": project.get("FileSystemLocations"),
        "batch": "BuildBatchConfig" in project,
    }
    yield from ((role, f"CodeBuild {feature}") for feature, used in features.items() if used)
    for variable in environment.get("EnvironmentVariables", []):
        if (kind := variable.get("Type", "PLAINTEXT")) != "PLAINTEXT":
            yield role, f"CodeBuild variable {kind}"
    yield from _buildspec(role, project["Source"].get("BuildSpec"))


def _buildspec(role: Any, text: Any) -> Found:
    text = text.get("Fn::Sub", "") if isinstance(text, dict) else text or ""
    text = text[0] if isinstance(text, list) else text
    if "\n" not in text:
        return  # a file in the repository
    spec = yaml.safe_load(text)
    for key in ("parameter-store", "secrets-manager"):
        if spec.get("env", {}).get(key):
            yield role, f"CodeBuild variable {key.upper().replace('-', '_')}"
    if "reports" in spec:
        yield role, "CodeBuild reports"
    if re.search(r"\bdocker push\b|--push\b", text):
        yield role, "CodeBuild push to ECR"


def _function(function: Plain, body: Plain) -> Found:
    yield function["Role"], "Lambda execution role"
    if "DeadLetterConfig" in function:
        yield function["Role"], "Lambda dead-letter queue"
    for key in ("VpcConfig", "FileSystemConfigs", "TracingConfig"):
        if key in function:
            yield function["Role"], f"Lambda {key}"


def _task(task: Plain, body: Plain) -> Found:
    agent, role = task["ExecutionRoleArn"], task["TaskRoleArn"]
    yield role, "ECS task role"
    for container in task["ContainerDefinitions"]:
        yield agent, "ECS execution role, image in ECR"
        if container.get("LogConfiguration", {}).get("LogDriver") == "awslogs":
            yield agent, "ECS execution role, awslogs"
        for secret in container.get("Secrets", []):
            service = "ssm" if ":ssm:" in str(secret["ValueFrom"]) else "secretsmanager"
            yield agent, f"ECS execution role, {service}"
    for volume in task.get("Volumes", []):
        files = volume.get("EFSVolumeConfiguration", {})
        if files.get("AuthorizationConfig", {}).get("IAM") == "ENABLED":
            yield role, "ECS task role, EFS with IAM"


def _rule(rule: Plain, body: Plain) -> Found:
    for target in rule.get("Targets", []):
        if "RoleArn" in target:
            yield target["RoleArn"], f"EventBridge target {_target(target, body)}"


def _target(target: Plain, body: Plain) -> str:
    arn = target["Arn"]
    if "EcsParameters" in target:
        return "ECS"
    if list(arn) == ["Fn::GetAtt"]:
        return str(body["Resources"][arn["Fn::GetAtt"][0]]["Type"].split("::")[1])
    return "CodePipeline" if ":codepipeline:" in str(arn) else "event bus"


# What Scheduler calls for a target that is named by its own ARN, by the service.
TEMPLATED = {
    "CodeBuild": "codebuild:StartBuild",
    "CodePipeline": "codepipeline:StartPipelineExecution",
    "ECS": "ecs:RunTask",
    "Lambda": "lambda:InvokeFunction",
}


def _schedule(schedule: Plain, body: Plain) -> Found:
    target = schedule["Target"]
    arn = re.search(r":aws-sdk:([a-z0-9]+):([a-z])(\w+)", str(target["Arn"]))
    action = f"{arn[1]}:{arn[2].upper()}{arn[3]}" if arn else TEMPLATED[_target(target, body)]
    yield target["RoleArn"], "Scheduler target", action
    if "DeadLetterConfig" in target:
        yield target["RoleArn"], "Scheduler dead-letter queue"


def _method(method: Plain, body: Plain) -> Found:
    integration = method.get("Integration", {})
    if "Credentials" in integration:
        called = re.search(r":apigateway:.+:([a-z]+):action/(\w+)", str(integration["Uri"]))
        assert called, f"{integration['Uri']} calls no action"
        yield integration["Credentials"], "API Gateway integration", f"{called[1]}:{called[2]}"


def _by_function(resource: Plain, body: Plain) -> Found:
    """Yield what the role of the function behind a trigger is used for."""
    for name in references(resource.get("FunctionName")):
        if name in body["Resources"]:
            yield body["Resources"][name]["Properties"]["Role"], "Lambda trigger"


READERS: dict[str, Callable[[Plain, Plain], Found]] = {
    "AWS::CodePipeline::Pipeline": _pipeline,
    "AWS::CloudFormation::StackSet": _stack_set,
    "AWS::CodeBuild::Project": _project,
    "AWS::Lambda::Function": _function,
    "AWS::ECS::TaskDefinition": _task,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::ApiGateway::Method": _method,
    "AWS::Lambda::EventSourceMapping": _by_function,
    "AWS::Lambda::EventInvokeConfig": _by_function,
}
