"""What the tests tell the emulator and ask of it, under `/_emulator/`; never a client of AWS's."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import FunctionType
from typing import Any

import acting
import behind
import builds
import evidence
import handlers
import later
import own
import repositories
import targets
import tasks
import valid
from ministack import app
from ministack.core import iam_evaluator, responses
from ministack.services import codebuild, ecs, eventbridge, scheduler, sqs, sts

import integrations

Asked = dict[str, Any]
# Every request counts as one that came by TLS, unless it says otherwise: policies ask for it.
FORWARDED = b"x-forwarded-proto"


def event(asked: Asked) -> Any:
    """Have one of AWS's services tell EventBridge something: nobody else may in its name."""
    _, _, body = eventbridge._put_events({"Entries": [asked["entry"]]}, allow_aws_source=True)
    return json.loads(body)["Entries"][0]


def fire(asked: Asked) -> None:
    """Let the time of a rule with a schedule, or of a schedule, come."""
    about = {
        "EventId": responses.new_uuid(),
        "Source": "aws.events",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": int(time.time()),
        "Account": own.ACCOUNT,
        "Region": responses.get_region(),
    }
    for key, rule in list(eventbridge._rules.items()):
        if rule["Name"] == asked["name"]:
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, {**about, "Resources": [rule["Arn"]]}, rule)
            return
    for schedule in list(scheduler._schedules.values()):
        if schedule["Name"] == asked["name"]:
            eventbridge._invoke_target(schedule["Target"], about, schedule)
            return
    raise KeyError(asked["name"])


def started_builds(asked: Asked) -> Any:
    """Return the builds, in the order of their start."""
    return list(codebuild._builds.values())


def end_build(asked: Asked) -> None:
    """End a build."""
    builds.end(codebuild._builds[asked["id"]], asked["status"])


def endings(asked: Asked) -> None:
    """Say how builds of projects whose name begins so end: at once, or not at all."""
    builds.ENDINGS[asked["project"]] = asked["status"]


def build_limit(asked: Asked) -> None:
    """Say how many builds may run at once in a region, until all is forgotten."""
    builds.LIMIT[0] = asked["builds"]


def all_tasks(asked: Asked) -> Any:
    """Return the tasks that were run, in the order of their start."""
    return list(ecs._tasks.values())


def start_task(asked: Asked) -> None:
    """Say that a task runs.

    Raises:
        ValueError: it was stopped before it could.
    """
    later.settle(10)
    task = ecs._tasks[asked["task"]]
    if task["lastStatus"] == "STOPPED":
        raise ValueError(task["stoppedReason"])
    task["lastStatus"] = "RUNNING"


def stop_task(asked: Asked) -> None:
    """End a task, and tell EventBridge, as ECS does."""
    tasks.stop(ecs._tasks[asked["task"]], asked.get("told", {}), asked.get("exitCode"))


def role(asked: Asked) -> Any:
    """Return credentials of a role, as a service gets them, perhaps for some `seconds` only.

    `principal` is the service, and `source` the ARN of what it acts for.
    """
    source = {"aws:SourceArn": asked.get("source", "")}
    made = own.credentials(asked["arn"], asked["principal"], **source)
    if "seconds" in asked:
        sts._sessions[made["aws_access_key_id"]]["Expiration"] = time.time() + asked["seconds"]
    return made


def may(asked: Asked) -> Any:
    """Tell whether a role, or the owner of an access key, may do something, by its policies."""
    iam_evaluator.pin_request_origin("127.0.0.1", True)
    if "role" in asked:
        asked["key"] = own.opened(asked["role"], "asking")["aws_access_key_id"]
    denied = iam_evaluator.enforce(
        asked["key"],
        asked["action"],
        asked["action"].partition(":")[0],
        asked["region"],
        resource_arn=asked["resource"],
        service_context=asked.get("context", {}),
    )
    return denied is None


def admits(asked: Asked) -> Any:
    """Tell whether the policy of a function, queue or topic lets a service in for a source."""
    arn = asked["arn"]
    action, policy = targets.policy_of(arn.split(":")[2], arn)
    source = {"aws:SourceArn": asked["source"]}
    return own.admits(policy, asked["principal"], action, arn, **source)


def secret(asked: Asked) -> Any:
    """Return what the owner of an access key signs with."""
    found = iam_evaluator.resolve_credential(asked["key"])
    return getattr(found, "secret_access_key", None)


def token(asked: Asked) -> Any:
    """Return the token that belongs to an access key."""
    return sts._sessions.get(asked["key"], {}).get("SessionToken")


def forget(asked: Asked) -> None:
    """Forget what was run, and what moto and the plug-in have kept."""
    for kept in (codebuild._builds, ecs._tasks, tasks.TOKENS):
        kept.clear()
    builds.forget()
    targets.forget()
    evidence.forget()
    valid.INVALID.clear()
    acting.forget()
    behind.forget()
    integrations.SECONDS[0] = integrations.LONGEST


def forget_tokens(asked: Asked) -> None:
    """Forget the tokens of requests, as AWS does after some time."""
    tasks.TOKENS.clear()
    builds.TOKENS.kept.clear()


def seen_again(asked: Asked) -> None:
    """Let messages of a queue that were put off be seen, as if their time had come."""
    for message in sqs._queues[asked["queue"]]["messages"]:
        message["visible_at"] = 0.0


def undelivered(asked: Asked) -> Any:
    """Return the events that had no queue to go to, once nothing is under way."""
    later.settle(10)
    return targets.NOT_DELIVERED


def choose(asked: Asked) -> None:
    """Choose what AWS leaves open about deliveries, until all is forgotten."""
    if asked["what"] not in targets.CHOSEN:
        raise KeyError(asked["what"])
    targets.CHOSEN[asked["what"]] = asked["value"]


def slower(asked: Asked) -> None:
    """Shorten waits by less, until all is forgotten: time to mend what the first attempt met."""
    later.SPEED[0] = later.USUAL_SPEED / asked["factor"]


def integration_seconds(asked: Asked) -> None:
    """Say how long an integration of API Gateway's may take, until all is forgotten."""
    integrations.SECONDS[0] = asked["seconds"]


def git(asked: Asked) -> None:
    """Say in which folder git's server has CodeCommit's repositories, until all is forgotten."""
    repositories.GIT[:] = [Path(asked["folder"])]


def transitions(asked: Asked) -> Any:
    """Return the transitions between stages that were opened or closed."""
    return behind.TRANSITIONS


def invalid(asked: Asked) -> Any:
    """Return what was wrong with requests."""
    return valid.INVALID


def rights(asked: Asked) -> Any:
    """Return what CloudFormation's handlers asked for and got: operation, type, action, ARN.

    Beside it, types and the actions that none of their properties asked for. With `clear`, what is
    asked for later is listed anew.
    """
    found = {"asked": list(acting.ASKED), "skipped": sorted(handlers.SKIPPED)}
    if asked.get("clear"):
        acting.forget_rights()
    return found


def seen(asked: Asked) -> Any:
    """Return what was asked for while stacks were up."""
    names = ("ROLES", "TOUCHED", "POLICIES")
    return {name.lower(): sorted(getattr(evidence, name)) for name in names}


CALLS = {name: call for name, call in list(globals().items()) if isinstance(call, FunctionType)}


async def answer(path: str, body: bytes) -> tuple[int, Any]:
    """Do what is asked for."""
    asked = json.loads(body or b"{}")
    responses.set_request_account_id(own.ACCOUNT)
    responses.set_request_region(asked.get("region"))
    try:
        return 200, await asyncio.to_thread(CALLS[path.removeprefix("/_emulator/")], asked)
    except Exception as error:
        return 400, f"{type(error).__name__}: {error}"


def plug_in() -> None:
    """Answer before ministack does."""
    theirs = app.app

    async def ours(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/_emulator/"):
            if scope["type"] == "http" and FORWARDED not in dict(scope["headers"]):
                scope = {**scope, "headers": [*scope["headers"], (FORWARDED, b"https")]}
            await theirs(scope, receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        status, said = await asyncio.ensure_future(answer(scope["path"], body))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(said, default=str).encode()})

    app.app = ours
