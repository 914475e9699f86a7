"""Puts each push into the queue, and starts a worker for it, unless enough are at work."""

import json
import os
import re
import time
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

import boto3
from botocore.exceptions import ClientError

ecs, sqs = boto3.client("ecs"), boto3.client("sqs")
TASK = json.loads(os.environ["TASK"])  # what RunTask needs
MOST = int(os.environ["WORKERS"])
SECONDS = 15  # less than a worker's last look takes: it sees what came since its start
HELD = 120  # how long pushes stay in the hands of a worker that died; no less than it is
# How ECS says that there is no room for a task now; the queue keeps the push until there is.
FULL = re.compile("capacity|limit|exceeded|throttl", re.I)


def handler(event, _):
    """Start a worker for a push.

    For the schedule only if messages wait and none is at work; for a worker that died, if messages
    wait or are in hands, its own among them: those the new worker waits for.
    """
    source = event.get("source")
    if source == "aws.codecommit":
        send(event)
    scheduled, died = source == "aws.events", source == "aws.ecs"
    at_work = len(ecs.list_tasks(cluster=TASK["cluster"])["taskArns"])
    if at_work >= (1 if scheduled else MOST):
        return say("busy", at_work=at_work)
    if (scheduled or died) and not waiting(in_hands=died):
        return say("empty")
    # Where others are at work, workers that die at once are started again less often.
    every = HELD if died and at_work else SECONDS
    token = uuid5(NAMESPACE_URL, f"{TASK['cluster']} {every} {time.time() // every}")
    try:
        run = ecs.run_task(**TASK, clientToken=str(token))
        reason = "" if run["tasks"] else str(run.get("failures"))
    except ClientError as error:
        reason = str(error)
        if not FULL.search(reason):
            raise
    if not reason:
        return say("started", task=run["tasks"][0]["taskArn"])
    if FULL.search(reason):  # the schedule tries again, and alarm PushWaits tells of it
        return say("waiting", reason=reason)
    raise RuntimeError(f"RunTask: {reason}")


def send(event):
    """Queue a push behind those to the same branch; once, however often its event comes."""
    detail = event["detail"]
    branch = json.dumps([detail["repositoryName"], detail["referenceName"]])
    task = {"DataType": "String", "StringValue": TASK["taskDefinition"]}
    sqs.send_message(
        QueueUrl=os.environ["QUEUE_URL"],
        MessageBody=json.dumps(event),
        MessageGroupId=sha256(branch.encode()).hexdigest(),
        MessageDeduplicationId=event["id"],
        MessageAttributes={"TaskDefinition": task},
    )


def waiting(in_hands):
    """Tell how many messages nobody works on and, if wanted, how many are in hands."""
    names = ["ApproximateNumberOfMessages"] + ["ApproximateNumberOfMessagesNotVisible"] * in_hands
    which = {"QueueUrl": os.environ["QUEUE_URL"], "AttributeNames": names}
    return sum(int(n) for n in sqs.get_queue_attributes(**which)["Attributes"].values())


def say(outcome, **facts):
    """Log what was done, and return it to who called by hand."""
    print(json.dumps({"outcome": outcome, **facts}))
    return {"outcome": outcome, **facts}
