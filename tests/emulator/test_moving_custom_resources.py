"""Stacks with a function of their own take that of custom-resources, as the changelog says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from support.changelog import EARLIER, migration
from support.deployments import Deployment
from support.emulator import Emulator
from support.readmes import ROOT
from support.ways import outputs

from cfngen.cloudformation.render import read

FIRST = "output/custom-resources.yaml"
USE = "cannot be deleted as it is in use by mirror-program"
MISSING = "No export named cfngen-custom-resources-"
# Template as it ships now · as it was shipped before · how its logical IDs begin.
MOVES = [
    ("mirror-program", "mirror-program-with-function", "MirrorProgram"),
    ("mirror-image", "mirror-image-with-function", "MirrorImage"),
    ("worker-image", "worker-image-with-function", "WorkerImage"),
    ("worker-image", "worker-image", "WorkerImage"),
]


def earlier(account: Emulator, template: str, shipped: str, folder: Path) -> Deployment:
    """Deploy a template as it was shipped, before there was custom-resources."""
    text = (EARLIER / f"{shipped}.yaml").read_text()
    stack = Deployment(account, template, folder, text=text, without=FIRST)
    if template == "mirror-image":  # which is built with a program that is there
        program = (EARLIER / "mirror-program-with-function.yaml").read_text()
        (folder / "program.yaml").write_text(program)
        run(
            stack,
            "aws cloudformation deploy --template-file program.yaml --stack-name mirror-program"
            " --capabilities CAPABILITY_IAM",
        )
    stack.deploy("LogDays=60")
    return stack


def run(stack: Deployment, commands: str) -> None:
    """Run commands in the reader's shell."""
    ended = stack.reader.run(commands)
    assert ended.returncode == 0, (ended.stdout, ended.stderr, stack.failures())


def identities(stack: Deployment) -> dict[str, str]:
    """Return the physical ID of each of the stack's resources."""
    return {t: r["PhysicalResourceId"] for t, r in stack.resources().items()}


def commands(stack: Deployment) -> str:
    """Return the changelog's commands, answered for one stack."""
    (found,) = migration(stack.name)
    return re.sub(r"^NAME=\S+", f"NAME={stack.name}", found, flags=re.M)


@pytest.mark.parametrize(("template", "shipped", "title"), MOVES)
def test_a_stack_takes_the_function_of_another(
    template: str, shipped: str, title: str, account: Emulator, tmp_path: Path
) -> None:
    """Too early it fails unharmed; then its own function goes, and nothing else is replaced."""
    stack = earlier(account, template, shipped, tmp_path)
    had, then = identities(stack), outputs(stack)
    first, _, update = commands(stack).rpartition("aws cloudformation deploy")
    name = re.match(r"NAME=.*\n", first)
    assert name
    assert FIRST in first

    refused = stack.reader.run(f"{name[0]}aws cloudformation deploy{update}")
    assert refused.returncode != 0
    events = stack.cloudformation.describe_stack_events(StackName=stack.stack)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any(MISSING in reason for reason in [*reasons, refused.stderr])
    assert stack.described()["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert identities(stack) == had

    run(stack, commands(stack))
    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    has = identities(stack)
    assert set(has) == set(read((ROOT / f"output/{template}.yaml").read_text())["Resources"])
    own = {"Publisher", "PublisherRole", "PublisherLog"}
    own = {""} | (own if template == "mirror-program" else {"Builder", "BuilderRole"})
    assert had.keys() - has.keys() == {f"{title}{end}" for end in own}
    assert has.keys() - had.keys() == {f"{title}Version", f"{title}VersionRole"}
    assert has.items() >= {t: i for t, i in had.items() if t in has}.items()
    now = outputs(stack)
    assert now.keys() == then.keys()
    changes = {"ImageUri", "ProgramLocation"}  # with what the files are today
    assert {n: v for n, v in now.items() if n not in changes} == {
        n: v for n, v in then.items() if n not in changes
    }
    for name_, value in now.items():
        if name_ in changes:  # at the place where it was before
            assert re.split("[:/]", value)[:-1] == re.split("[:/]", then[name_])[:-1]


def test_custom_resources_stay_while_a_stack_needs_them(account: Emulator, tmp_path: Path) -> None:
    """Neither the stack nor what it exports can go; afterwards both can, the other one first."""
    stack = Deployment(account, "mirror-program", tmp_path)
    stack.deploy()
    served = stack.beside("custom-resources")
    client = stack.cloudformation
    before = identities(served)
    with pytest.raises(ClientError, match=r"Export cfngen-custom-resources-\w+ " + USE):
        client.delete_stack(StackName="custom-resources")
    assert identities(served) == before

    text = (ROOT / FIRST).read_text().replace("CustomResourcesRole", "AnotherRole")
    (stack.reader.folder / "other.yaml").write_text(text)
    ended = stack.reader.run(
        "aws cloudformation deploy --template-file other.yaml --stack-name custom-resources"
        " --capabilities CAPABILITY_IAM"
    )
    assert ended.returncode != 0
    said = [
        event.get("ResourceStatusReason", "")
        for event in client.describe_stack_events(StackName="custom-resources")["StackEvents"]
    ]
    use = "cfngen-custom-resources-RoleArn cannot be updated as it is in use by mirror-program"
    assert any(use in text for text in said), said
    assert identities(served) == before

    stack.delete()
    served.delete()
