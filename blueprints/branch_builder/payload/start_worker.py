"""Starts a worker for what waits in the queue, unless enough are at work."""

import json
import os
import time
from uuid import NAMESPACE_URL, uuid5

import boto3

ecs, sqs = boto3.client("ecs"), boto3.client("sqs")
TASK = json.loads(os.environ["TASK"])  # what RunTask needs
MOST = int(os.environ["WORKERS"])
SECONDS = 15  # less than a worker's last look takes: it sees what came since its start


def handler(event, _):
    """Start a worker for a push; for the schedule only if messages wait and none is at work."""
    at_work = len(ecs.list_tasks(cluster=TASK["cluster"])["taskArns"])
    scheduled = event.get("source") == "aws.events"
    if at_work >= (1 if scheduled else MOST):
        return say("busy", at_work=at_work)
    if scheduled and not waiting():
        return say("empty")
    token = uuid5(NAMESPACE_URL, f"{TASK['cluster']} {time.time() // SECONDS}")
    run = ecs.run_task(**TASK, clientToken=str(token))
    if run.get("failures") or not run["tasks"]:
        raise RuntimeError(f"RunTask: {run.get('failures')}")
    return say("started", task=run["tasks"][0]["taskArn"])


def waiting():
    """Tell how many messages nobody works on."""
    which = {"QueueUrl": os.environ["QUEUE_URL"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(sqs.get_queue_attributes(**which)["Attributes"]["ApproximateNumberOfMessages"])


def say(outcome, **facts):
    """Log what was done, and return it to who called by hand."""
    print(json.dumps({"outcome": outcome, **facts}))
    return {"outcome": outcome, **facts}
