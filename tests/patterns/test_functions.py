"""Functions, and where the events go with which they fail."""

from __future__ import annotations

from typing import Any

import pytest

from cfngen import synthesize
from cfngen.project.registry import find


def sends(role: dict[str, Any]) -> list[Any]:
    """Return what a role's policies let it send to."""
    return [
        statement["Resource"]
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "sqs:SendMessage" in statement["Action"] and statement["Effect"] == "Allow"
    ]


@pytest.mark.parametrize("name", ["branch_builder", "fargate_mirror"])
def test_a_function_may_send_what_it_failed_with(name: str) -> None:
    """Lambda sends with the rights of the function's role, and refuses a function without them."""
    resources = synthesize(find(name).load()).document.body["Resources"]
    found = 0
    for function in resources.values():
        target = function.get("Properties", {}).get("DeadLetterConfig", {}).get("TargetArn")
        if function["Type"] == "AWS::Lambda::Function" and target:
            found += 1
            role = function["Properties"]["Role"]["Fn::GetAtt"]
            title = role[0] if isinstance(role, list) else role.partition(".")[0]
            assert target in sends(resources[title])
    assert found
