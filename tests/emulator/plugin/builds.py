"""CodeBuild: projects keep all they are told, builds queue and run until they are ended.

No build runs here. One ends as the test asks for (`control.py`), or after some time, as succeeded:
then an image that the project was told to push is in its repository. What tells of it is spelled as
the sample in CodeBuild's user guide, "Build notifications input format reference".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import later
from ministack.core import responses
from ministack.services import codebuild, ecr, eventbridge
from ministack.services.cloudformation import provisioners
from support.start_build import StartBuildError, Tokens, queued

TOKENS = Tokens()
USUAL_LIMIT = 20  # builds that run at once in a region; a new account may have one
LIMIT = [USUAL_LIMIT]
PROVISIONING, BUILDING = 30, 60  # seconds that a build takes which nobody runs
# What ends a build by itself: by the beginning of a project's name, with a status. The longest
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
    """End a build, and tell EventBridge, as CodeBuild does; what has ended does not end again."""
    if build["buildStatus"] != "IN_PROGRESS":
        return
    move(build, "COMPLETED")
    build.update(buildStatus=status, endTime=int(time.time()), buildComplete=True)
    tell(build)
    running = [b for b in codebuild._builds.values() if b["buildStatus"] == "IN_PROGRESS"]
    for waiting in [b for b in running if b["currentPhase"] == "QUEUED"][:1]:
        proceed(waiting)


def move(build: dict[str, Any], phase: str) -> None:
    """Let a build come to a phase; the one before has succeeded."""
    now = int(time.time())
    for before in build["phases"][-1:]:
        before.update(endTime=now, durationInSeconds=0, phaseStatus="SUCCEEDED")
    build["phases"].append({"phaseType": phase, "startTime": now})
    build["currentPhase"] = phase


def proceed(build: dict[str, Any]) -> None:
    """Let a build out of the queue; if it is to end by itself, it does so later."""
    move(build, "PROVISIONING")
    status = ending(build["projectName"])
    if not status:
        return

    def rest() -> None:
        later.wait(PROVISIONING)
        if build["buildStatus"] == "IN_PROGRESS":
            move(build, "BUILD")
        later.wait(BUILDING)
        if build["buildStatus"] == "IN_PROGRESS" and status == "SUCCEEDED":
            push_image(build)
        end(build, status)

    later.start(rest)


def tell(build: dict[str, Any]) -> None:
    """Tell EventBridge of a build's state."""
    environment, logs = build["environment"], build["logs"]
    started = time.strftime("%b %d, %Y %I:%M:%S %p", time.gmtime(build["startTime"]))
    detail = {
        "build-status": build["buildStatus"],
        "project-name": build["projectName"],
        "build-id": build["arn"],
        "additional-information": {
            "artifact": {"location": ""},
            "environment": {
                "image": environment.get("image", ""),
                "privileged-mode": environment.get("privilegedMode", False),
                "compute-type": environment.get("computeType", ""),
                "type": environment.get("type", ""),
                "environment-variables": [
                    {"name": v["name"], "type": v.get("type", "PLAINTEXT"), "value": v["value"]}
                    for v in environment.get("environmentVariables", [])
                ],
            },
            "timeout-in-minutes": build.get("timeoutInMinutes", 60),
            "build-complete": build.get("buildComplete", False),
            "initiator": build.get("initiator", ""),
            "build-start-time": started,
            "source": {
                key: build["source"][key] for key in ("location", "type") if key in build["source"]
            },
            "logs": {
                "group-name": logs.get("groupName", ""),
                "stream-name": build["id"].rpartition(":")[2],
                "deep-link": "https://example.com/log",
            },
            "phases": [
                {
                    "phase-type": phase["phaseType"],
                    "start-time": started,
                    **({"phase-status": "SUCCEEDED"} if "phaseStatus" in phase else {}),
                }
                for phase in build["phases"]
            ],
        },
        "current-phase": build["currentPhase"],
        "current-phase-context": "[]",
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


def waits(name: str) -> bool:
    """Tell whether a project's next build has to wait, or raise that there is no room."""
    active = [b for b in codebuild._builds.values() if b["buildStatus"] == "IN_PROGRESS"]
    limit = codebuild._projects[name].get("concurrentBuildLimit")
    waiting = sum(b["currentPhase"] == "QUEUED" for b in active)
    return queued(
        account=LIMIT[0],
        running=len(active) - waiting,
        waiting=waiting,
        project=None if limit is None else int(limit),
        of_project=sum(b["projectName"] == name for b in active),
    )


def begin(asked: dict[str, Any], start: Callable[..., Any]) -> Any:
    """Start a build as it is asked for, once for each token."""
    try:
        if known := TOKENS.build(responses.get_region(), asked):
            return responses.json_response({"build": codebuild._builds[known]})
        in_queue = asked["projectName"] in codebuild._projects and waits(asked["projectName"])
    except StartBuildError as refusal:
        return responses.error_response_json(*refusal.args, 400)
    status, headers, body = start(asked)
    if status != 200:
        return status, headers, body
    build = codebuild._builds[json.loads(body)["build"]["id"]]
    build.pop("endTime", None)
    build.update(buildStatus="IN_PROGRESS", asked=asked, phases=[], buildComplete=False)
    project = codebuild._projects[build["projectName"]]
    build["environment"] = json.loads(json.dumps(build["environment"]))
    kept = {v["name"]: v for v in build["environment"].get("environmentVariables", [])}
    kept |= {v["name"]: v for v in asked.get("environmentVariablesOverride", [])}
    build["environment"]["environmentVariables"] = list(kept.values())
    build["source"] = dict(build.get("source") or project.get("source", {}))
    for key, name in (("sourceTypeOverride", "type"), ("sourceLocationOverride", "location")):
        if key in asked:
            build["source"][name] = asked[key]
    group = project.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
    build["logs"]["groupName"] = group or build["logs"]["groupName"]
    TOKENS.keep(responses.get_region(), asked, build["id"])
    move(build, "SUBMITTED")
    move(build, "QUEUED")
    answer = responses.json_response({"build": build})
    tell(build)
    if not in_queue:
        proceed(build)
    return answer


def forget() -> None:
    """Begin anew."""
    TOKENS.kept.clear()
    LIMIT[0] = USUAL_LIMIT
    ENDINGS.clear()
    ENDINGS[""] = "SUCCEEDED"


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

    def wholly(make: Callable[..., Any]) -> Callable[..., Any]:
        """Keep of a request what ministack drops; a limit of -1 takes a project's limit away."""

        def ours(asked: dict[str, Any]) -> Any:
            status, headers, body = make(asked)
            if status != 200:
                return status, headers, body
            project = codebuild._projects[asked["name"]]
            project.update(asked)
            if project.get("concurrentBuildLimit") == -1:
                del project["concurrentBuildLimit"]
            return responses.json_response({"project": codebuild._project_shape(project)})

        return ours

    def our_stop(asked: dict[str, Any]) -> Any:
        build = codebuild._builds.get(asked["id"])
        if not build:
            return stop(asked)
        end(build, "STOPPED")
        return responses.json_response({"build": build})

    codebuild._project_shape = lambda project: {**project, **shape(project)}
    codebuild._create_project = wholly(codebuild._create_project)
    codebuild._update_project = wholly(codebuild._update_project)
    codebuild._start_build = lambda asked: begin(asked, start)
    codebuild._stop_build = our_stop
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CodeBuild::Project"]
    handlers.update(create=keeping(create, 1), update=keeping(update, 2))
