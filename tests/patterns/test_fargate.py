"""A Fargate task's pattern: what its size may be, and what it gives away."""

from __future__ import annotations

from typing import Any

import pytest
from support.cloudformation import resolved
from troposphere import GetAtt, Ref, encode_to_dict

from cfngen.patterns import FargateTask, Placement, fargate_task, log_group
from cfngen.patterns.fargate_sizes import SIZES, size_problems

# AWS page "Amazon ECS task definition parameters for Fargate", table "Task size": MiB from, to, by.
DOCUMENTED = {
    256: {512, 1024, 2048},
    512: set(range(1, 5)),
    1024: set(range(2, 9)),
    2048: set(range(4, 17)),
    4096: set(range(8, 31)),
    8192: set(range(16, 61, 4)),
    16384: set(range(32, 121, 8)),
}


def mib(cpu: int) -> set[int]:
    """Return the documented sizes in MiB: but for the smallest, the table is in GB."""
    return DOCUMENTED[cpu] if cpu == 256 else {1024 * gb for gb in DOCUMENTED[cpu]}


@pytest.mark.parametrize("cpu", DOCUMENTED)
def test_the_sizes_are_those_that_aws_documents(cpu: int) -> None:
    """Every documented pair is taken, and no other whole number of half GB is."""
    assert set(SIZES) == set(DOCUMENTED)
    for memory in range(512, 131_072, 512):
        told = size_problems(cpu=cpu, memory=memory, ephemeral_storage=20)
        assert bool(told) == (memory not in mib(cpu)), memory


def test_what_is_wrong_with_a_size_is_said_with_what_would_be_right() -> None:
    """Processor or memory, and disk, in one go."""
    told = size_problems(cpu=256, memory=1000, ephemeral_storage=10)
    assert told == [
        "memory = 1000: with cpu = 256, Fargate has 512, 1024, 2048",
        "ephemeral_storage = 10: Fargate has 20 to 200 GiB",
    ]
    (told_of_cpu,) = size_problems(cpu=0, memory=0, ephemeral_storage=200)
    assert told_of_cpu.endswith("256, 512, 1024, 2048, 4096, 8192, 16384")


def task(*, storage: int = 21, spot: bool = False, **changes: Any) -> FargateTask:
    """Return a task."""
    given: dict[str, Any] = {
        "image": "image",
        "pulls": (),
        "placement": Placement((Ref("One"), Ref("Two")), "sg-1", public=False, spot=spot),
        "cpu": 256,
        "memory": 512,
        "ephemeral_storage": storage,
        "architecture": "arm64",
        "environment": {"KEY": "value"},
        "directory": "/data",
        "log": log_group("Log", days=30),
        "reason": "To test.",
        "role_reason": "Assumed by the test.",
    }
    return fargate_task("Test", **{**given, **changes})


def test_the_disk_that_is_free_is_not_asked_for() -> None:
    """Fargate gives 20 GiB by itself and refuses to be asked for them."""
    assert "EphemeralStorage" not in task(storage=20).definition.to_dict()["Properties"]
    asked = task(storage=21).definition.to_dict()["Properties"]["EphemeralStorage"]
    assert asked == {"SizeInGiB": 21}


def test_a_program_cannot_write_but_where_it_is_told() -> None:
    """It is user 1000 without capabilities, its disk is read-only, its folder is mounted."""
    (program,) = task().definition.to_dict()["Properties"]["ContainerDefinitions"]
    assert program["User"] == "1000:1000"
    assert program["ReadonlyRootFilesystem"] is True
    assert program["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert program["MountPoints"] == [{"SourceVolume": "work", "ContainerPath": "/data"}]
    assert "Secrets" not in program


def test_the_right_to_run_a_task_survives_its_revisions() -> None:
    """The family's every revision may be run, or there would be a gap while a stack swaps them."""
    made = task()
    run, hand_over, tag = encode_to_dict(list(made.may_run))
    family = made.definition.to_dict()["Properties"]["Family"]
    assert resolved(run["Resource"]).endswith(f":task-definition/{resolved(family)}:*")
    assert run["Condition"] == {
        "ArnEquals": {"ecs:cluster": GetAtt("TestCluster", "Arn").to_dict()}
    }
    assert resolved(hand_over["Resource"]) == ["<TestRole.Arn>", "<TestAgentRole.Arn>"]
    assert tag["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


@pytest.mark.parametrize("spot", [False, True])
def test_spare_capacity_is_a_provider_and_no_launch_type(spot: bool) -> None:  # noqa: FBT001
    """ECS refuses a request with both, and a cluster places only with providers it has."""
    made = task(spot=spot)
    target = made.target(made.role).to_dict()
    told = target["EcsParameters"]
    if spot:
        strategy = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
        assert told["CapacityProviderStrategy"] == strategy
        assert made.cluster.to_dict()["Properties"]["CapacityProviders"] == ["FARGATE_SPOT"]
    else:
        assert told["LaunchType"] == "FARGATE"
    assert ("LaunchType" in told) != ("CapacityProviderStrategy" in told)


def test_every_part_is_named_after_the_task() -> None:
    """Two tasks fit into one template."""
    made = task()
    names = [resource.title for resource, _ in made.resources]
    assert names == ["TestCluster", "TestAgentRole", "TestRole", "TestTask"]
    assert made.container == "test"
