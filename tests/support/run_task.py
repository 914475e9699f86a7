"""What ECS refuses of RunTask, for all stand-ins of it.

Sources: AWS's API reference of RunTask and TaskOverride (8,192 characters), its developer guide's
"Task definition differences for Fargate" (sizes), and the messages that its pages "Viewing Amazon
ECS stopped task errors" and "API failure reasons" quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from support import shapes

MOST_OVERRIDES = 8192  # characters
MOST_TASKS = 10
FARGATE = ("FARGATE", "FARGATE_SPOT")
# Memory in MiB by CPU units: the least, the most, and the step in between.
SIZES = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}

Request = dict[str, Any]


@dataclass(frozen=True)
class Around:
    """What a request meets.

    Attributes:
        cluster: the cluster that it names, as DescribeClusters has it, or nothing.
        definition: the task definition that it names, as DescribeTaskDefinition has it, or nothing.
        subnets: those that there are, by their ids; None where nobody knows.
        groups: the security groups that there are, the same.
    """

    cluster: dict[str, Any] | None
    definition: dict[str, Any] | None
    subnets: Collection[str] | None = None
    groups: Collection[str] | None = None


class RunTaskError(Exception):
    """A refusal: its code and its message."""


def check(given: Request, around: Around) -> None:
    """Raise what ECS would answer to a request that it refuses."""
    if problems := shapes.problems("ecs", "RunTask", given):
        raise RunTaskError("InvalidParameterException", "; ".join(problems))
    if not around.cluster:
        raise RunTaskError("ClusterNotFoundException", "Cluster not found.")
    if not around.definition:
        raise RunTaskError("ClientException", "TaskDefinition not found.")
    for message in (
        *_names(given),
        *_placement(given, around.cluster, around.definition),
        *_network(given, around),
        *_overrides(given, around.definition),
    ):
        raise RunTaskError("InvalidParameterException", message)


def _names(given: Request) -> list[str]:
    problems = []
    if not re.fullmatch("[!-~]{1,64}", given.get("clientToken", "-")):
        problems.append("Client token must be up to 64 ASCII characters.")
    if not re.fullmatch("[A-Za-z0-9/_-]{1,128}", given.get("startedBy", "-")):
        problems.append(
            "startedBy must be up to 128 letters, digits, hyphens, underscores, slashes."
        )
    if not 1 <= given.get("count", 1) <= MOST_TASKS:
        problems.append(f"Count must be from 1 to {MOST_TASKS}.")
    return problems


def providers(given: Request, cluster: dict[str, Any]) -> list[Request]:
    """Return the capacity provider strategy that a request goes by, if it goes by one."""
    usual = [] if "launchType" in given else cluster.get("defaultCapacityProviderStrategy", [])
    return list(given.get("capacityProviderStrategy") or usual)


def _placement(given: Request, cluster: dict[str, Any], definition: dict[str, Any]) -> list[str]:
    strategy = providers(given, cluster)
    if "launchType" in given and given.get("capacityProviderStrategy"):
        return ["Specifying both a launch type and capacity provider strategy is not supported."]
    if strategy and not any(each.get("weight", 0) or each.get("base", 0) for each in strategy):
        return ["At least one capacity provider needs a weight above 0."]
    there = cluster.get("capacityProviders", [])
    for each in strategy:
        if each["capacityProvider"] not in there:
            return [f"The capacity provider {each['capacityProvider']} is not in the cluster."]
    if not on_fargate(given, cluster):
        return ["No Container Instances were found in your cluster."]  # we have none anywhere
    if "FARGATE" not in definition.get("requiresCompatibilities", []):
        return ["Task definition does not support launch_type FARGATE."]
    return size_problems(definition.get("cpu"), definition.get("memory"))


def on_fargate(given: Request, cluster: dict[str, Any]) -> bool:
    """Tell whether a task goes to Fargate."""
    names = [each["capacityProvider"] for each in providers(given, cluster)]
    return given.get("launchType", "EC2") == "FARGATE" or any(name in FARGATE for name in names)


def size_problems(cpu: Any, memory: Any) -> list[str]:
    """Return what is wrong with the size of a task on Fargate: CPU units and MiB."""
    wrong = [f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."]
    try:
        least, most, step = SIZES[int(cpu)]
        size = int(memory)
    except (KeyError, TypeError, ValueError):
        return wrong
    return [] if least <= size <= most and (size - least) % step == 0 else wrong


def _network(given: Request, around: Around) -> list[str]:
    vpc = given.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if (around.definition or {}).get("networkMode") != "awsvpc":
        return ["Network Configuration is not valid for the given networkMode."] if vpc else []
    if not vpc or not vpc.get("subnets"):
        return ["Network Configuration must be provided when networkMode 'awsvpc' is specified."]
    problems = []
    for what, named, there, most in (
        ("subnet", vpc["subnets"], around.subnets, 16),
        ("security group", vpc.get("securityGroups", []), around.groups, 5),
    ):
        if len(named) > most:
            problems.append(f"At most {most} {what}s can be named.")
        problems += [
            f"Error retrieving {what} information for [{each}]: it does not exist."
            for each in named
            if there is not None and each not in there
        ]
    return problems


def _overrides(given: Request, definition: dict[str, Any]) -> list[str]:
    overrides = given.get("overrides", {})
    names = {container["name"] for container in definition["containerDefinitions"]}
    for each in overrides.get("containerOverrides", []):
        if each.get("name") not in names:
            named = f"Override for container named {each.get('name')}"
            return [f"{named} is not a container in the TaskDefinition."]
    if len(json.dumps(overrides, ensure_ascii=False, separators=(",", ":"))) > MOST_OVERRIDES:
        return [f"Container Overrides length must be at most {MOST_OVERRIDES}."]
    return []
