"""CodeBuild: projects keep all they are told, builds run until they are ended, requests count.

No build runs here. One ends as the test asks for (`control.py`), or at once, as succeeded: then an
image that the project was told to push is in its repository.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core import responses
from ministack.services import codebuild, ecr, eventbridge
from ministack.services.cloudformation import provisioners

TOKENS: dict[str, str] = {}  # of StartBuild: the build it has started
# What ends a build right away: by the beginning of a project's name, with a status. The longest
# beginning counts; None leaves a build running.
ENDINGS: dict[str, str | None] = {"": "SUCCEEDED"}


def keep_all(name: str, props: dict[str, Any]) -> None:
    """Keep what ministack drops of a project."""
    told = provisioners._pascal_to_camel(props)
    for key, value in told.items():
        if key not in ("name", "triggers"):
            codebuild._projects[name][key] = spelled(value)


def spelled(value: Any) -> Any:
    """Spell what a template has as the API has it."""
    if isinstance(value, dict):
        return {("buildspec" if k == "buildSpec" else k): spelled(v) for k, v in value.items()}
    return [spelled(item) for item in value] if isinstance(value, list) else value


def end(build: dict[str, Any], status: str) -> None:
    """End a build, and tell EventBridge, as CodeBuild does."""
    build.update(buildStatus=status, endTime=int(time.time()), currentPhase="COMPLETED")
    detail = {
        "build-status": status,
        "project-name": build["projectName"],
        "build-id": build["arn"],
        "additional-information": {
            "environment": {
                "environment-variables": [
                    {"name": v["name"], "type": v.get("type", "PLAINTEXT"), "value": v["value"]}
                    for v in build["environment"].get("environmentVariables", [])
                ]
            },
            "logs": {"deep-link": "https://example.com/log"},
        },
        "current-phase": "COMPLETED",
        "version": "1",
    }
    entry = {
        "Source": "aws.codebuild",
        "DetailType": "CodeBuild Build State Change",
        "Detail": json.dumps(detail),
        "Resources": [build["arn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def push_image(build: dict[str, Any]) -> None:
    """Have the image that a build should have pushed: what is in it is not looked at."""
    variables = {
        v["name"]: v["value"] for v in build["environment"].get("environmentVariables", [])
    }
    if "IMAGE" not in variables:
        return
    repository, _, tag = variables["IMAGE"].partition("/")[2].rpartition(":")
    manifest = {"schemaVersion": 2, "layers": [], "config": {"digest": f"sha256:{build['id']}"}}
    ecr._put_image(
        {
            "repositoryName": repository,
            "imageManifest": json.dumps(manifest),
            "imageTag": tag,
        }
    )


def ending(project: str) -> str | None:
    """Return how a project's builds end right away."""
    return ENDINGS[max((start for start in ENDINGS if project.startswith(start)), key=len)]


def begin(asked: dict[str, Any], start: Callable[..., Any]) -> Any:
    """Start a build as it is asked for, once for each token."""
    token = asked.get("idempotencyToken")
    if token in TOKENS:
        return responses.json_response({"build": codebuild._builds[TOKENS[token]]})
    status, headers, body = start(asked)
    if status != 200:
        return status, headers, body
    build = codebuild._builds[json.loads(body)["build"]["id"]]
    build.pop("endTime", None)
    build.update(buildStatus="IN_PROGRESS", currentPhase="SUBMITTED", asked=asked, phases=[])
    project = codebuild._projects[build["projectName"]]
    build["environment"] = json.loads(json.dumps(build["environment"]))
    kept = {v["name"]: v for v in build["environment"].get("environmentVariables", [])}
    kept |= {v["name"]: v for v in asked.get("environmentVariablesOverride", [])}
    build["environment"]["environmentVariables"] = list(kept.values())
    group = project.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
    build["logs"]["groupName"] = group or build["logs"]["groupName"]
    if token:
        TOKENS[token] = build["id"]
    if at_end := ending(build["projectName"]):
        if at_end == "SUCCEEDED":
            push_image(build)
        end(build, at_end)
    return responses.json_response({"build": build})


def plug_in() -> None:
    """Replace what ministack does."""
    create, update = provisioners._codebuild_project_create, provisioners._codebuild_project_update
    shape, start, stop = codebuild._project_shape, codebuild._start_build, codebuild._stop_build

    def keeping(make: Callable[..., Any], which: int) -> Callable[..., Any]:
        def ours(*given: Any) -> Any:
            made = make(*given)
            keep_all(made[0], given[which])
            return made

        return ours

    def our_stop(asked: dict[str, Any]) -> Any:
        answer = stop(asked)
        if answer[0] == 200:
            end(codebuild._builds[asked["id"]], "STOPPED")
        return answer

    codebuild._project_shape = lambda project: {**project, **shape(project)}
    codebuild._start_build = lambda asked: begin(asked, start)
    codebuild._stop_build = our_stop
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CodeBuild::Project"]
    handlers.update(create=keeping(create, 1), update=keeping(update, 2))
