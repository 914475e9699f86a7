"""Starts a task, unless one waits: only a PROVISIONING task has surely not fetched yet."""

import json
import os
import re
import sys
import time
from uuid import NAMESPACE_URL, uuid5

import boto3

ecs = boto3.client("ecs")
TASK = json.loads(os.environ["TASK"])  # what RunTask needs, whatever the repository
CONTAINER = os.environ["CONTAINER"]


def handler(event, _):
    """Serve every repository, then raise a failure."""
    done, failure = {"started": [], "coalesced": []}, None
    for name, change in changes(event).items():
        try:
            outcome, task = serve(name, *change)
            done[outcome].append(task)
        except Exception as error:
            outcome, task, failure = "failed", repr(error), error
        line = {"repository": name, "outcome": outcome, "task": task}
        sys.stdout.write(json.dumps(line) + "\n")
    if failure:
        raise failure
    return done


def changes(event):
    """Map each repository, or "" for all, to time and id of a change."""
    if event.get("source") in ("aws.events", "aws.ecs"):  # the schedule, or Spot
        return {"": ("", event["id"])}
    if "detail" in event:
        return {event["detail"]["repositoryName"]: (event["time"], event["id"])}
    rows = event["Records"]
    return {r["eventSourceARN"].split(":")[5]: (r["eventTime"], r["eventId"]) for r in rows}


def serve(name, moment, event_id):
    """Find a task that waits, or start one."""
    if not re.fullmatch(r"[\w.-]{0,100}", name, re.A):
        raise ValueError(f"not a repository: {name!r}")
    values = {"REPOSITORY": name, "MIRROR_SINCE": moment, "EVENT_ID": event_id}
    settings = [{"name": key, "value": value} for key, value in values.items()]
    overrides = {"containerOverrides": [{"name": CONTAINER, "environment": settings}]}
    token, link, cluster = uuid5(NAMESPACE_URL, name), str(time.time() // 15), TASK["cluster"]
    mine = {"startedBy": str(token)}
    arns, rival = ecs.list_tasks(cluster=cluster, **mine)["taskArns"], False
    for _ in range(20):
        tasks = arns and ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        for task in tasks:
            if (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING"):
                return "coalesced", task["taskArn"]
        if rival and not tasks:
            time.sleep(0.2)  # too new to be seen
        else:  # rivals walk the same chain: one task for each token
            token = uuid5(token, link)
        try:
            run = ecs.run_task(**TASK, **mine, overrides=overrides, clientToken=str(token))
        except ecs.exceptions.ConflictException as error:
            arns, rival = error.response.get("resourceIds", []), True
            continue
        if run.get("failures") or not run["tasks"]:
            raise RuntimeError(f"RunTask: {run.get('failures')}")
        return "started", run["tasks"][0]["taskArn"]
    raise RuntimeError("too many rivals")
