"""Ways that events go through deployed stacks."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from support.codecommit_git import ACCOUNT
from support.deployments import Deployment
from support.git_repositories import Repository
from support.machines import Builders, Machines
from support.readmes import WAYS


def deployed(
    machines: Machines, folder: Path, name: str, *overrides: str, **more: str
) -> Deployment:
    """Deploy a template and, before it, the image that its tasks run.

    CloudFormation waits for the image, which is built meanwhile by its own buildspec.
    """
    (folder / "reader").mkdir()
    with Builders(machines, WAYS[name].region):
        stack = Deployment(machines.emulator, name, folder / "reader", **more)
        stack.deploy(*overrides)
    return stack


def outputs(stack: Deployment) -> dict[str, str]:
    """Return a stack's outputs."""
    return {o["OutputKey"]: o["OutputValue"] for o in stack.described()["Outputs"]}


def identity(stack: Deployment, title: str) -> str:
    """Return what a resource is called."""
    return str(stack.resources()[title]["PhysicalResourceId"])


def tasks(machines: Machines, stack: Deployment, cluster: str) -> list[dict[str, Any]]:
    """Return the tasks that were started in a stack's cluster."""
    name = identity(stack, cluster)
    found = machines.emulator.call("all_tasks", region=stack.way.region)
    return [task for task in found if task["clusterArn"].endswith(f"/{name}")]


def builds(machines: Machines, stack: Deployment, project: str) -> list[dict[str, Any]]:
    """Return the builds of a stack's project."""
    name = identity(stack, project)
    found = machines.emulator.call("started_builds", region=stack.way.region)
    return [build for build in found if build["projectName"] == name]


def created(machines: Machines, name: str, region: str) -> Repository:
    """Make a repository in CodeCommit."""
    machines.emulator.client("codecommit", region).create_repository(repositoryName=name)
    return machines.git.repository(region, name)


def tell_of_push(
    machines: Machines, region: str, name: str, ref: str, commit: str, **detail: Any
) -> str:
    """Have CodeCommit tell EventBridge of a push; return the event's id."""
    kind, short = ("tag", ref[10:]) if ref.startswith("refs/tags/") else ("branch", ref[11:])
    told = {
        "event": "referenceUpdated",
        "repositoryName": name,
        "repositoryId": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "referenceType": kind,
        "referenceName": short,
        "referenceFullName": ref,
        "commitId": commit,
        **detail,
    }
    entry = {
        "Source": "aws.codecommit",
        "DetailType": "CodeCommit Repository State Change",
        "Detail": json.dumps(told),
        "Resources": [f"arn:aws:codecommit:{region}:{ACCOUNT}:{name}"],
    }
    return str(machines.emulator.call("event", region=region, entry=entry)["EventId"])


def messages(machines: Machines, queue: str, region: str, seconds: int = 5) -> list[str]:
    """Take what is in a queue off it."""
    client = machines.emulator.client("sqs", region)
    asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": seconds}
    found = client.receive_message(**asked).get("Messages", [])
    for message in found:
        client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in found]


def log(machines: Machines, stack: Deployment, title: str) -> str:
    """Return what a log group of a stack has."""
    logs = machines.emulator.client("logs", stack.way.region)
    events = logs.filter_log_events(logGroupName=identity(stack, title))["events"]
    return "".join(event["message"] for event in events)


def listening(machines: Machines, topic: str, region: str) -> str:
    """Subscribe a queue to a topic; return the queue."""
    client = machines.emulator.client("sqs", region)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    asked = {"QueueName": f"listens-{uuid.uuid4().hex}", "Attributes": {"Policy": policy}}
    queue = str(client.create_queue(**asked)["QueueUrl"])
    arn = f"arn:aws:sqs:{region}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    sns = machines.emulator.client("sns", region)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue
