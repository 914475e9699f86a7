"""ECS: what is no task of its is refused, a token is one task, and none runs before it is let.

The roles have to be passed, and a cluster with tasks stays.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import authorization
import evidence
import later
import own
from ministack import app
from ministack.core import responses
from ministack.services import cloudwatch_logs, ec2, ecs, eventbridge
from ministack.services.cloudformation import provisioners
from support import run_task

TOKENS: dict[str, tuple[str, Any]] = {}  # of RunTask: what was asked for, and the answer
ONE_AT_A_TIME = asyncio.Lock()
BUSY = "The Cluster cannot be deleted while Tasks are active."


def conflict(token: str, answer: Any) -> Any:
    """Answer to a token that was used for something else."""
    arns = [task["taskArn"] for task in json.loads(answer[2])["tasks"]]
    said = f"the token {token} was used with other parameters"
    return responses.error_response_json(
        "ConflictException", said, 400, extra={"resourceIds": arns}
    )


def spell_secrets() -> None:
    """Keep a container's secrets as the API spells them."""
    theirs = provisioners._normalize_container_defs

    def ours(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = theirs(told)
        for container in found:
            if "secrets" in container:
                container["secrets"] = provisioners._pascal_to_camel(container["secrets"])
        return found

    provisioners._normalize_container_defs = ours


def refused(headers: Any, asked: dict[str, Any]) -> Any:
    """Answer who may not pass the task's roles, or not tag the task, or nothing."""
    found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
    key = found[1] if found else ""
    if role := authorization.passed(key, asked.get("taskDefinition", "")):
        said = f"not authorized to perform: iam:PassRole on resource: {role}"
    elif tasks := authorization.tagged(key, asked):
        said = f"not authorized to perform: ecs:TagResource on resource: {tasks}"
    else:
        return None
    return responses.error_response_json("AccessDeniedException", said, 400)


def around(asked: dict[str, Any]) -> run_task.Around:
    """Return what a request to run a task meets."""
    cluster = ecs._clusters.get(ecs._resolve_cluster_name(asked.get("cluster", "default")))
    definition = ecs._task_defs.get(ecs._resolve_td_key(asked.get("taskDefinition", "")))
    return run_task.Around(cluster, definition, set(ec2._subnets), set(ec2._security_groups))


def at_work(name: str) -> list[str]:
    """Return the tasks of a cluster that have not stopped."""
    cluster = ecs._clusters.get(ecs._resolve_cluster_name(name)) or {"clusterArn": ""}
    return [
        arn
        for arn, task in ecs._tasks.items()
        if task["clusterArn"] == cluster["clusterArn"] and task["lastStatus"] != "STOPPED"
    ]


def keep_busy_clusters() -> None:
    """Delete no cluster that has tasks, and register no task of a size that there is not."""
    handlers = provisioners._RESOURCE_HANDLERS
    cluster, definition = handlers["AWS::ECS::Cluster"], handlers["AWS::ECS::TaskDefinition"]
    delete, api, create = cluster["delete"], ecs._delete_cluster, definition["create"]

    def deleted(name: str, *given: Any, **more: Any) -> Any:
        if at_work(name):
            raise ValueError(f"{BUSY} (ClusterContainsTasksException)")
        return delete(name, *given, **more)

    def by_api(asked: dict[str, Any]) -> Any:
        if at_work(asked.get("cluster", "default")):
            return responses.error_response_json("ClusterContainsTasksException", BUSY, 400)
        return api(asked)

    def created(title: str, props: dict[str, Any], *given: Any, **more: Any) -> Any:
        if "FARGATE" in props.get("RequiresCompatibilities", []):
            for problem in run_task.size_problems(props.get("Cpu"), props.get("Memory")):
                raise ValueError(f"{problem} (ClientException)")
        return create(title, props, *given, **more)

    cluster["delete"], ecs._delete_cluster, definition["create"] = deleted, by_api, created


def stop(task: dict[str, Any], why: dict[str, Any], exit_code: int | None = None) -> None:
    """End a task, and tell EventBridge.

    Args:
        task: as ministack keeps it.
        why: `stoppedReason` and `stopCode`, if there is more to say than that it ended.
        exit_code: of its containers, if they ran.
    """
    task.update(lastStatus="STOPPED", desiredStatus="STOPPED", **why)
    for container in task["containers"]:
        container["lastStatus"] = "STOPPED"
        if exit_code is not None:
            container["exitCode"] = exit_code
    told = ("taskArn", "clusterArn", "lastStatus", "containers", "overrides", "taskDefinitionArn")
    detail = {key: task[key] for key in told}
    detail |= {key: task[key] for key in ("stoppedReason", "stopCode") if task.get(key)}
    entry = {
        "Source": "aws.ecs",
        "DetailType": "ECS Task State Change",
        "Detail": json.dumps(detail),
        "Resources": [task["taskArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def without_log(task: dict[str, Any]) -> str:
    """Say which group of a task's logs is not there, or nothing: such a task does not start.

    Source: "Stopped tasks error messages" in the developer guide to Amazon ECS.
    """
    definition = ecs._task_defs[ecs._resolve_td_key(task["taskDefinitionArn"])]
    for container in definition["containerDefinitions"]:
        log = container.get("logConfiguration", {})
        options = log.get("options", {})
        group = options.get("awslogs-group", "")
        if log.get("logDriver") != "awslogs" or options.get("awslogs-create-group") == "true":
            continue
        if group not in cloudwatch_logs._log_groups:
            return (
                "ResourceInitializationError: failed to validate logger args: create stream has"
                " been retried 1 times: failed to create Cloudwatch log stream:"
                f" ResourceNotFoundException: The specified log group does not exist. ({group})"
            )
    return ""


def begin(task: dict[str, Any]) -> None:
    """Have a task wait to be started, or stop soon if it cannot be."""
    task["lastStatus"] = "PROVISIONING"
    if reason := without_log(task):
        why = {"stoppedReason": reason, "stopCode": "TaskFailedToStart"}
        later.start(lambda: stop(task, why))


def plug_in() -> None:
    """Stand before ministack's handler."""
    spell_secrets()
    keep_busy_clusters()
    theirs = app.SERVICE_HANDLERS["ecs"]

    async def ours(method: str, path: str, headers: Any, body: bytes, params: Any) -> Any:
        if not headers.get("x-amz-target", "").endswith(".RunTask"):
            return await theirs(method, path, headers, body, params)
        asked = own.parsed(body)
        if denied := refused(headers, asked):
            return denied
        try:
            run_task.check(asked, around(asked))
        except run_task.RunTaskError as refusal:
            code, said = refusal.args
            return responses.error_response_json(code, said, 400)
        token, told = asked.get("clientToken", ""), json.dumps(asked, sort_keys=True)
        async with ONE_AT_A_TIME:
            if token in TOKENS:
                before, answer = TOKENS[token]
                return answer if before == told else conflict(token, answer)
            answer = await theirs(method, path, headers, body, params)
            if answer[0] == 200:
                evidence.TOUCHED.add(asked.get("cluster", ""))
                for task in json.loads(answer[2])["tasks"]:
                    begin(ecs._tasks[task["taskArn"]])
                if token:
                    TOKENS[token] = (told, answer)
            return answer

    app.SERVICE_HANDLERS["ecs"] = ours
