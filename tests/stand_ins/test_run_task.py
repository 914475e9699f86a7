"""What ECS refuses of RunTask: the one check behind all stand-ins of it."""

from __future__ import annotations

from typing import Any

import pytest
from support.run_task import SIZES, Around, RunTaskError, check, size_problems

CLUSTER = {"capacityProviders": ["FARGATE", "FARGATE_SPOT"]}
DEFINITION = {
    "containerDefinitions": [{"name": "mirror"}],
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "1024",
    "memory": "2048",
}
AROUND = Around(CLUSTER, DEFINITION, {"subnet-1"}, {"sg-1"})
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
GOOD: dict[str, Any] = {
    "cluster": "c",
    "taskDefinition": "t",
    "launchType": "FARGATE",
    "networkConfiguration": NETWORK,
}


def vpc(**changes: list[str]) -> dict[str, Any]:
    """Return a network with changes."""
    return {"awsvpcConfiguration": {**NETWORK["awsvpcConfiguration"], **changes}}


def of(name: str, **more: Any) -> dict[str, Any]:
    """Return overrides of a container."""
    return {"containerOverrides": [{"name": name, **more}]}


def long(size: int) -> dict[str, Any]:
    """Return overrides of so many characters."""
    empty = '{"containerOverrides":[{"name":"mirror","environment":[{"name":"X","value":""}]}]}'
    value = "x" * (size - len(empty))
    return of("mirror", environment=[{"name": "X", "value": value}])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"count": 10},
        {"overrides": long(8192)},
        {"launchType": None, "capacityProviderStrategy": SPOT},
    ],
    ids=["plain", "ten", "long", "Spot"],
)
def test_what_ecs_takes(changes: dict[str, Any]) -> None:
    """Up to each limit."""
    check({k: v for k, v in {**GOOD, **changes}.items() if v is not None}, AROUND)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no network": ({"networkConfiguration": None}, "Network Configuration must be provided"),
    "no such subnet": ({"networkConfiguration": vpc(subnets=["subnet-2"])}, "subnet-2"),
    "no such group": ({"networkConfiguration": vpc(securityGroups=["sg-2"])}, "sg-2"),
    "no such container": ({"overrides": of("mirro")}, "container named mirro is not"),
    "long overrides": ({"overrides": long(8193)}, "at most 8192"),
    "eleven": ({"count": 11}, "Count must be"),
    "both": ({"capacityProviderStrategy": SPOT}, "both a launch type and"),
    "no weight": (
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        "weight above 0",
    ),
    "another provider": (
        {"launchType": None, "capacityProviderStrategy": [{**SPOT[0], "capacityProvider": "x"}]},
        "not in the cluster",
    ),
    "no machines": ({"launchType": None}, "No Container Instances"),
    "long token": ({"clientToken": "x" * 65}, "64 ASCII"),
    "odd starter": ({"startedBy": "a.b"}, "startedBy"),
    "unknown member": ({"launchtype": "FARGATE"}, "takes no member 'launchtype'"),
    "unknown type": ({"launchType": "LAMBDA"}, "none of EC2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ecs_refuses(name: str) -> None:
    """Each for its own reason."""
    changes, message = REFUSED[name]
    given = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    with pytest.raises(RunTaskError, match=message) as refusal:
        check(given, AROUND)
    assert refusal.value.args[0] == "InvalidParameterException"


def test_what_is_not_there_has_codes_of_its_own() -> None:
    """A cluster is not made on the way."""
    for around, code in (
        (Around(None, DEFINITION), "ClusterNotFoundException"),
        (Around(CLUSTER, None), "ClientException"),
    ):
        with pytest.raises(RunTaskError) as refusal:
            check(GOOD, around)
        assert refusal.value.args[0] == code


def test_sizes_of_fargate() -> None:
    """The pairs of AWS's page, and none between or beyond them."""
    for cpu, (least, most, step) in SIZES.items():
        assert size_problems(cpu, least) == size_problems(str(cpu), str(most)) == []
        for memory in (least - step, least + step // 2, most + step):
            assert size_problems(cpu, memory), (cpu, memory)
    assert size_problems(1024, 512)
    assert size_problems(None, None)
    assert size_problems("1 vCPU", "2 GB")
