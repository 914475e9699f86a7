"""What policies are asked about a request, where ministack tells less of it than AWS does.

Sources: the Service Authorization Reference's pages for CodeBuild, CodeCommit, CodePipeline, ECS,
and the API reference of SQS ("Amazon SQS API permissions: actions and resource reference").
"""

from __future__ import annotations

import json
from typing import Any

import own
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import ecr, ecs

# Parameters of StartBuild, and the condition key that says that one is there.
OVERRIDES = {
    "artifactsOverride": "artifacts",
    "autoRetryLimitOverride": "autoRetryLimit",
    "buildspecOverride": "source.buildspec",
    "cacheOverride": "cache",
    "certificateOverride": "environment.certificate",
    "computeTypeOverride": "environment.computeType",
    "encryptionKeyOverride": "encryptionKey",
    "environmentTypeOverride": "environment.type",
    "fleetOverride": "environment.fleet.fleetArn",
    "imageOverride": "environment.image",
    "imagePullCredentialsTypeOverride": "environment.imagePullCredentialsType",
    "insecureSslOverride": "source.insecureSsl",
    "logsConfigOverride": "logsConfig",
    "privilegedModeOverride": "environment.privilegedMode",
    "registryCredentialOverride": "environment.registryCredential",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "secondarySourcesOverride": "secondarySources",
    "serviceRoleOverride": "serviceRole",
    "sourceAuthOverride": "source.auth.type",
    "sourceLocationOverride": "source.location",
}


def resource(service: str, action: str, body: bytes, region: str) -> str | None:
    """Return the ARN of what a request is about, if it is one that we know better."""
    asked = own.parsed(body)
    if service in ("codecommit", "codepipeline"):
        name = asked.get("repositoryName") or asked.get("pipelineName") or asked.get("name") or ""
        if isinstance(asked.get("pipeline"), dict):
            name = asked["pipeline"].get("name", "")
        if action.endswith("StageTransition"):
            name += f"/{asked.get('stageName')}"
        return f"arn:aws:{service}:{region}:{own.ACCOUNT}:{name}" if name else "*"
    if service == "ssm" and asked.get("Names"):
        return f"arn:aws:ssm:{region}:{own.ACCOUNT}:parameter/{asked['Names'][0].lstrip('/')}"
    if service == "codebuild" and ("ids" in asked or "id" in asked):
        project = (asked.get("ids") or [asked.get("id")])[0].partition(":")[0]
        return f"arn:aws:codebuild:{region}:{own.ACCOUNT}:project/{project}"
    if service == "ecs" and action.endswith((".RunTask", ".RegisterTaskDefinition")):
        named = str(asked.get("taskDefinition"))
        if named.startswith("arn:"):
            return named
        return f"arn:aws:ecs:{region}:{own.ACCOUNT}:task-definition/{named}"
    return None


def conditions(action: str, body: bytes) -> dict[str, Any]:
    """Return the condition keys of a request."""
    asked = own.parsed(body)
    if action == "codebuild:StartBuild":
        return overridden(asked)
    if action.startswith("ecs:") and "cluster" in asked:
        cluster = asked["cluster"]
        if not cluster.startswith("arn:"):
            cluster = f"arn:aws:ecs:{responses.get_region()}:{own.ACCOUNT}:cluster/{cluster}"
        return {"ecs:cluster": cluster}
    return {}


def overridden(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the condition keys of a StartBuild: those of the parts that it overrides."""
    found: dict[str, Any] = {}
    for parameter, key in OVERRIDES.items():
        if parameter in asked:
            value = asked[parameter]
            found[f"codebuild:{key}"] = value if isinstance(value, str) else json.dumps(value)
    variables = [v.get("name", "") for v in asked.get("environmentVariablesOverride", [])]
    if variables:
        found["codebuild:environment.environmentVariables.name"] = variables
    return found


def passed(key: str, named: str) -> str:
    """Say which role of a task definition the owner of a key may not pass to ECS, or nothing."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(named)) or {}
    for which in ("taskRoleArn", "executionRoleArn"):
        role = definition.get(which)
        if role and iam_evaluator.enforce(
            key,
            "iam:PassRole",
            "iam",
            responses.get_region(),
            resource_arn=role,
            service_context={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
        ):
            return str(role)
    return ""


def tagged(key: str, asked: dict[str, Any]) -> str:
    """Say which tasks the owner of a key may not tag as it starts one, or nothing.

    Tags that are propagated count as tags that are given, whatever the task definition has: that is
    no kinder than ECS. Sources: the developer guide to Amazon ECS, "Grant permission to tag
    resources on creation" and "Amazon ECS EventBridge IAM role".
    """
    propagated = asked.get("propagateTags", "NONE") != "NONE"
    if not (propagated or asked.get("tags") or asked.get("enableECSManagedTags")):
        return ""
    cluster = asked.get("cluster", "default").rpartition("/")[2]
    tasks = f"arn:aws:ecs:{responses.get_region()}:{own.ACCOUNT}:task/{cluster}/*"
    denied = iam_evaluator.enforce(
        key,
        "ecs:TagResource",
        "ecs",
        responses.get_region(),
        resource_arn=tasks,
        service_context={"ecs:CreateAction": "RunTask"},
    )
    return tasks if denied else ""


def plug_in() -> None:
    """Tell the policies; and say of an image that is not there that it is not."""
    theirs, told = iam_actions.extract_resource_arn, iam_actions.request_tag_context
    found, known = ecr._describe_images, iam_evaluator._resolve_condition_key

    def of(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        ours = resource(service, headers.get("x-amz-target", ""), body, more[1])
        return ours or str(theirs(service, method, path, headers, body, *more))

    def context(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        return {**told(service, action, body, params), **conditions(action or "", body)}

    def missing(asked: dict[str, Any]) -> Any:
        answer = found(asked)
        if answer[0] == 200 and asked.get("imageIds") and not json.loads(answer[2])["imageDetails"]:
            return responses.error_response_json("ImageNotFoundException", "no such image", 400)
        return answer

    def resolved(key: str, context: Any) -> Any:
        value = known(key, context)
        if key.lower() == "aws:principalarn" and ":assumed-role/" in str(value):
            account, role = value.split(":")[4], value.split("/")[1]
            return f"arn:aws:iam::{account}:role/{role}"  # of a session, it is the role's
        return value

    named = iam_actions._action_from_target

    def alone(headers: Any) -> Any:
        action = named(headers)  # batches of SQS are allowed by the action that they are many of
        in_sqs = str(headers.get("x-amz-target", "")).startswith("AmazonSQS.")
        return action.removesuffix("Batch") if action and in_sqs else action

    iam_actions._action_from_target = alone
    iam_evaluator._resolve_condition_key = resolved
    iam_actions.extract_resource_arn = of
    iam_actions.request_tag_context = context
    ecr._describe_images = missing
