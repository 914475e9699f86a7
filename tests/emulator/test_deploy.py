"""Every template is deployed, changed and deleted as its README says, by the real `aws` command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.deployments import Deployment
from support.emulator import Emulator
from support.inventory import inventory
from support.readmes import ROOT, WAYS

from cfngen.cloudformation.render import read
from cfngen.cloudformation.schemas import is_custom
from cfngen.project.manifest import load
from cfngen.testing import references

SHIPPED = load(ROOT).templates
RETAINED = ("Retain", "RetainExceptOnCreate")


def regions(name: str) -> tuple[str, ...]:
    """Return where a template makes anything."""
    return SHIPPED[name].regions or (WAYS[name].region,)


each = pytest.mark.parametrize("name", sorted(WAYS))


@each
def test_a_template_lives_as_its_readme_says(name: str, account: Emulator, tmp_path: Path) -> None:
    """Deployed, described, deployed again, changed, deleted: what is left is what is retained."""
    stack = Deployment(account, name, tmp_path)
    parameter, value = WAYS[name].changed(account)
    prepared = inventory(account, *regions(name))
    stack.deploy()

    told, made = stack.described(), stack.resources()
    assert told["StackStatus"] == "CREATE_COMPLETE"
    assert set(made) == set(stack.template["Resources"])
    assert {r["ResourceStatus"] for r in made.values()} == {"CREATE_COMPLETE"}
    outputs = {o["OutputKey"]: o["OutputValue"] for o in told.get("Outputs", [])}
    assert set(outputs) == set(stack.template.get("Outputs", {}))
    assert all(outputs.values())

    assert f"No changes to deploy. Stack {stack.stack} is up to date" in stack.deploy()

    if refused := WAYS[name].refused:
        assert_refused(stack, f"{parameter}={value}", refused)
    else:
        assert_changed(stack, parameter, value)
    now = parameters(stack)

    expected = retained(account, stack, now)
    stack.delete()
    left = {name for _, name in inventory(account, *regions(name)) - prepared}
    assert left == expected


def parameters(stack: Deployment) -> dict[str, str]:
    """Return what a stack's parameters are."""
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack.described()["Parameters"]}


def assert_changed(stack: Deployment, parameter: str, value: str) -> None:
    """Change a parameter: all that is made of it is updated."""
    stack.deploy(f"{parameter}={value}")
    assert stack.described()["StackStatus"] == "UPDATE_COMPLETE"
    assert parameters(stack)[parameter] == value
    using = {t for t, r in stack.template["Resources"].items() if parameter in references(r)}
    assert using
    assert using <= stack.updated()


def assert_refused(stack: Deployment, override: str, reason: str) -> None:
    """Change a parameter that a running stack cannot change: it is as it was before."""
    before, given = identities(stack), parameters(stack)
    ended = stack.reader.run(stack.command(override))
    assert ended.returncode != 0
    assert any(reason in failure for failure in stack.failures())
    assert stack.described()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (identities(stack), parameters(stack)) == (before, given)


def retained(account: Emulator, stack: Deployment, given: Mapping[str, str]) -> set[str]:
    """Return the names of what a stack retains, and its stacks in other regions."""
    names, made = set(), stack.resources()
    for title, resource in stack.template["Resources"].items():
        if resource["Type"] == "AWS::CloudFormation::StackSet":
            inner = read(resource["Properties"]["TemplateBody"])["Resources"]
            for region in resource["Properties"]["StackInstancesGroup"][0]["Regions"]:
                cloudformation = account.client("cloudformation", region)
                asked = {"StackName": f"StackSet-{stack.stack}-0"}
                found = cloudformation.describe_stack_resources(**asked)["StackResources"]
                there = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found}
                names |= {there[t] for t, r in inner.items() if kept(r)}
        elif resource["Type"] == "AWS::CodeCommit::Repository":  # its number is its identity
            names |= {given["RepositoryName"]} if kept(resource) else set()
        elif kept(resource):
            names.add(made[title]["PhysicalResourceId"])
    return names


def kept(resource: Mapping[str, Any]) -> bool:
    """Tell whether a resource outlives its stack."""
    return resource.get("DeletionPolicy") in RETAINED


@each
def test_two_stacks_live_side_by_side(name: str, account: Emulator, tmp_path: Path) -> None:
    """Under another name, a template makes everything anew, and takes nothing from the first."""
    one = Deployment(account, name, tmp_path)
    one.deploy()
    other = one.beside("another")
    if alone := WAYS[name].alone:
        assert_alone(one, other, alone)
        return
    other.deploy(*WAYS[name].overrides)
    mine, theirs = identities(one), identities(other)
    assert set(mine) == set(theirs)
    assert not set(mine.values()) & set(theirs.values())
    there = inventory(account, *regions(name))
    one.delete()
    gone = {name for _, name in there - inventory(account, *regions(name))}
    assert not gone & set(theirs.values())
    assert identities(other) == theirs


def assert_alone(one: Deployment, other: Deployment, reason: str) -> None:
    """Deploy a second stack where there can be one: it says so, and harms nothing."""
    before = identities(one)
    ended = other.reader.run(other.command())
    assert ended.returncode != 0
    events = other.cloudformation.describe_stack_events(StackName=other.stack)["StackEvents"]
    assert any(reason in event.get("ResourceStatusReason", "") for event in events), events
    assert other.described()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert identities(one) == before


def identities(stack: Deployment) -> dict[str, str]:
    """Return what a stack's resources are called, but for names inside of something of its own."""
    return {
        t: r["PhysicalResourceId"]
        for t, r in stack.resources().items()
        if r["ResourceType"] != "AWS::ApiGateway::Stage" and not is_custom(r["ResourceType"])
    }


def test_every_template_that_ships_has_its_way() -> None:
    """None is left out of what is done here: tests/blueprints/BLUEPRINT/deployments.toml has it."""
    assert set(SHIPPED) == set(WAYS)
