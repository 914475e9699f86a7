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
# How ECS says that there is no room for a task now; the queue keeps the push until there is.
FULL = re.compile("capacity|limit|exceeded|throttl", re.I)


def handler(event, _):
    """Start a worker for a push; for the schedule only if messages wait and none is at work."""
    if event.get("source") == "aws.codecommit":
        send(event)
    at_work = len(ecs.list_tasks(cluster=TASK["cluster"])["taskArns"])
    scheduled = event.get("source") == "aws.events"
    if at_work >= (1 if scheduled else MOST):
        return say("busy", at_work=at_work)
    if scheduled and not waiting():
        return say("empty")
    token = uuid5(NAMESPACE_URL, f"{TASK['cluster']} {time.time() // SECONDS}")
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


def waiting():
    """Tell how many messages nobody works on."""
    which = {"QueueUrl": os.environ["QUEUE_URL"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(sqs.get_queue_attributes(**which)["Attributes"]["ApproximateNumberOfMessages"])


def say(outcome, **facts):
    """Log what was done, and return it to who called by hand."""
    print(json.dumps({"outcome": outcome, **facts}))
    return {"outcome": outcome, **facts}
