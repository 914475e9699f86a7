"""Stacks that built their image themselves take that of an image stack, as the changelog says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.changelog import EARLIER, migration
from support.deployments import Deployment
from support.emulator import Emulator
from support.machines import until
from support.readmes import ROOT, WAYS, one

from cfngen.cloudformation.render import read

# The template · its image's · how their logical IDs begin.
MOVES = [
    ("fargate-mirror", "mirror-image", "Mirror"),
    ("fargate-mirror-codecommit", "mirror-image", "Mirror"),
    ("git-backup", "mirror-image", "Mirror"),
    ("branch-builder", "worker-image", "Worker"),
]
KEPT = ("AWS::CodeCommit::Repository", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::ECS::Cluster",
        "AWS::Logs::LogGroup", "AWS::SNS::Topic", "AWS::IAM::Role")  # fmt: skip


def repositories(account: Emulator, region: str) -> dict[str, list[str]]:
    """Return the tags in each repository of images."""
    ecr = account.client("ecr", region)
    names = [r["repositoryName"] for r in ecr.describe_repositories()["repositories"]]
    return {
        name: [tag for i in ecr.describe_images(repositoryName=name)["imageDetails"]
               for tag in i["imageTags"]]
        for name in names
    }  # fmt: skip


def image(account: Emulator, stack: Deployment, title: str) -> str:
    """Return the image that the stack's tasks would be started with now."""
    definition = stack.resources()[f"{title}Task"]["PhysicalResourceId"]
    ecs = account.client("ecs", stack.way.region)
    described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    return str(described["containerDefinitions"][0]["image"])


def commands(template: str, image_stack: str) -> tuple[str, str]:
    """Return the changelog's two commands, answered for one template."""
    first, second = migration(template)
    for name, value in {
        "IMAGE": image_stack,
        "TEMPLATE": f"output/{template}.yaml",
        "STACK": WAYS[template].stack,
    }.items():
        first = re.sub(rf"^{name}=\S+", f"{name}={value}", first, flags=re.M)
    return first, second


@pytest.mark.parametrize(("template", "image_stack", "title"), MOVES, ids=lambda v: str(v))
def test_a_stack_moves_to_the_image_of_a_stack_of_its_own(
    template: str, image_stack: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """What runs goes on, its image stays until the stack has moved, and all else keeps its data."""
    text = (EARLIER / f"{template}.yaml").read_text()
    made_today = f"output/{image_stack}.yaml"
    stack = Deployment(account, template, tmp_path, text=text, without=made_today)
    cloudformation = account.client("cloudformation", stack.way.region)
    stack.deploy("LogDays=60")
    had, answers = stack.resources(), parameters(stack)
    old_repository = had[f"{title}ImageRepository"]["PhysicalResourceId"]
    old_image = image(account, stack, title)
    task = started(account, stack, title)

    first, second = commands(template, image_stack)
    run(stack, one("custom_resources", "--template-file output/custom-resources.yaml"))
    if image_stack == "mirror-image":  # which is built with what this stack publishes
        run(stack, one("mirror_image", "--template-file output/mirror-program.yaml"))
    run(stack, first)
    assert stack.resources() == had, "nothing of the stack has changed so far"
    images = repositories(account, stack.way.region)
    assert images[old_repository], "and its image is there"
    (new_repository,) = set(images) - {old_repository}
    run(stack, second)

    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    has = stack.resources()
    assert set(has) == set(read((ROOT / f"output/{template}.yaml").read_text())["Resources"])
    kept = {t for t, r in had.items() if r["ResourceType"] in KEPT and t in has}
    assert len(kept) > 5
    assert {t: has[t]["PhysicalResourceId"] for t in kept} == {
        t: had[t]["PhysicalResourceId"] for t in kept
    }
    gone = set(had) - set(has)
    # Rules lead into a queue now, and need neither a permission nor a role of their own.
    led = {"PushPermission", "ReconcilePermission", "StartRole"}
    assert all(t.startswith(f"{title}Image") for t in gone - led)
    now = parameters(stack)
    assert {n: v for n, v in answers.items() if n != "ImageRevision"}.items() <= now.items()

    assert f"/{new_repository}:" in image(account, stack, title) != old_image
    assert old_repository not in repositories(account, stack.way.region)
    steps = [
        (event["LogicalResourceId"], event["ResourceStatus"])
        for event in reversed(
            cloudformation.describe_stack_events(StackName=stack.stack)["StackEvents"]
        )
    ]
    begun = len(steps) - steps[::-1].index((stack.stack, "UPDATE_IN_PROGRESS"))
    deleted = steps.index((f"{title}ImageRepository", "DELETE_COMPLETE"), begun)
    for updated in (f"{title}Task", "Starter"):
        if updated in has and updated in had:
            assert steps.index((updated, "UPDATE_COMPLETE"), begun) < deleted
    ecs = account.client("ecs", stack.way.region)
    (running,) = ecs.describe_tasks(cluster=task["clusterArn"], tasks=[task["taskArn"]])["tasks"]
    assert running["lastStatus"] == "RUNNING", "what ran before goes on"


def run(stack: Deployment, commands: str) -> None:
    """Run commands in the reader's shell."""
    ended = stack.reader.run(commands)
    assert ended.returncode == 0, (ended.stdout, ended.stderr, stack.failures())


def parameters(stack: Deployment) -> dict[str, str]:
    """Return the values of the stack's parameters."""
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack.described()["Parameters"]}


def started(account: Emulator, stack: Deployment, title: str) -> dict[str, Any]:
    """Start a task, as the stack's function or rule does; return it, running."""
    region, had = stack.way.region, stack.resources()
    rule = "Resume" if title == "Worker" else "Reconcile"
    if title == "Worker":  # which is started for what waits
        account.client("sqs", region).send_message(
            QueueUrl=had["Pushes"]["PhysicalResourceId"],
            MessageBody="{}",
            MessageGroupId="group",
            MessageDeduplicationId="message",
        )
    account.call("fire", region=region, name=had[rule]["PhysicalResourceId"])
    # EventBridge delivers at least once, so there may be two.
    task, *_ = until(lambda: account.call("all_tasks", region=region))
    account.call("start_task", region=region, task=task["taskArn"])
    return dict(task)
