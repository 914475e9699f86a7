"""The image as a stack of its own: built once, found by name, never taken from who runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.deploy_scripts import sources
from support.deployments import Deployment
from support.emulator import Emulator
from support.inventory import inventory
from support.readmes import WAYS, preparation
from support.ways import outputs

from cfngen.deploy.script import steps
from cfngen.deploy.script.shell import shell

# A template that runs an image · the image's · how their logical IDs begin.
PAIRS = [("fargate-mirror", "mirror-image", "Mirror"), ("branch-builder", "worker-image", "Worker")]
each_pair = pytest.mark.parametrize(("template", "image", "title"), PAIRS)


def builds(account: Emulator, region: str) -> int:
    """Return how many builds have been started."""
    return len(account.call("started_builds", region=region))


def running(account: Emulator, stack: Deployment, title: str) -> str:
    """Return the image that the stack's tasks would be started with now."""
    definition = stack.resources()[f"{title}Task"]["PhysicalResourceId"]
    ecs = account.client("ecs", stack.way.region)
    described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    return str(described["containerDefinitions"][0]["image"])


@each_pair
def test_a_second_stack_builds_no_image(
    template: str, image: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """The image is built once, by its own stack; who runs it starts no build, first or later."""
    stack = Deployment(account, template, tmp_path)
    region = stack.way.region
    assert builds(account, region) == 1
    stack.deploy()
    other = stack.beside("another")
    other.deploy()
    stack.deploy("LogDays=60")
    assert builds(account, region) == 1
    uri = outputs(stack.beside(image))["ImageUri"]
    assert running(account, stack, title) == running(account, other, title) == uri
    # The image's own command once more: nothing to change, nothing to build.
    (again,) = (b for b in preparation(template) if f"output/{image}.yaml" in b)
    assert "No changes to deploy" in stack.reader.run(again).stdout
    assert builds(account, region) == 1


@each_pair
def test_who_deploys_too_early_reads_what_to_deploy(
    template: str, image: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """AWS's own sentence names it, nothing is left behind, and the deploy script says it, too."""
    way = WAYS[template]
    stack = Deployment(account, template, tmp_path, without=f"output/{image}.yaml")
    there = inventory(account, way.region)
    ended = stack.reader.run(stack.command())
    assert ended.returncode != 0
    name = f"/cfngen/{image}/arm64"
    said = f"Unable to fetch parameters [{name}] from parameter store for this account."
    assert said in ended.stderr
    left = {what for _, what in inventory(account, way.region) - there}
    assert left <= {way.stack}, "a stack in REVIEW_IN_PROGRESS at most"

    of = {source.name: source for source in sources()}
    script = shell(steps([of[template]], [of[image]]))
    answers = "".join(
        f"export {p}=x\n" for p in ("Repositories", "VpcId", "SubnetId1", "SubnetId2")
    )
    ended = stack.reader.run(f"{answers}export DestinationRegion=us-west-2\n{script}")
    assert ended.returncode != 0
    assert f"the SSM parameter {name} does not exist; deploy {image} first" in ended.stderr


@each_pair
def test_a_new_image_is_taken_by_the_next_update(
    template: str, image: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """What is deployed keeps its image, which stays; the same command once more takes the new."""
    stack = Deployment(account, template, tmp_path)
    stack.deploy()
    first = running(account, stack, title)
    (command,) = (b for b in preparation(template) if f"output/{image}.yaml" in b)
    newer = command.replace(
        "--no-fail-on-empty-changeset",
        "--no-fail-on-empty-changeset --parameter-overrides ImageRevision=2026-12",
    )
    ended = stack.reader.run(newer)
    assert ended.returncode == 0, ended.stderr
    assert running(account, stack, title) == first
    told = outputs(stack.beside(image))
    assert told["ImageUri"].endswith("-2026-12")
    stack.deploy()
    assert running(account, stack, title) == told["ImageUri"]
    ecr = account.client("ecr", stack.way.region)
    images = ecr.describe_images(repositoryName=told["ImageRepository"])["imageDetails"]
    tags = {tag for found in images for tag in found["imageTags"]}
    assert tags == {first.rpartition(":")[2], told["ImageUri"].rpartition(":")[2]}


@each_pair
def test_deleting_the_image_stack_stops_nobody(
    template: str, image: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """Images stay where tasks pull them; the next update asks for the image, which comes back."""
    stack = Deployment(account, template, tmp_path)
    stack.deploy()
    uri = running(account, stack, title)
    repository = outputs(stack.beside(image))["ImageRepository"]
    stack.beside(image).delete()
    ecr = account.client("ecr", stack.way.region)
    images = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [tag for found in images for tag in found["imageTags"]] == [uri.rpartition(":")[2]]
    assert running(account, stack, title) == uri

    refused = stack.reader.run(stack.command("LogDays=60"))
    assert refused.returncode != 0
    assert f"Unable to fetch parameters [/cfngen/{image}/arm64]" in refused.stderr
    assert stack.described()["StackStatus"] == "CREATE_COMPLETE"
    (again,) = (b for b in preparation(template) if f"output/{image}.yaml" in b)
    assert stack.reader.run(again).returncode == 0
    stack.deploy("LogDays=60")
    assert running(account, stack, title) == outputs(stack.beside(image))["ImageUri"]
