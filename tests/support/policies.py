"""Templates for `cfngen deploy-role`, and what their policies say."""

from __future__ import annotations

from typing import Any

from cfngen.deploy.role import Destination, Policy, policy
from cfngen.deploy.role.formats import ending

PLACE = Destination("shop")


def of(resources: dict[str, Any], place: Destination = PLACE, **sections: Any) -> Policy:
    """Return the policy for a template of these resources."""
    return policy("t", {"Resources": resources, **sections}, place)


def one(type_: str, /, **properties: Any) -> dict[str, Any]:
    """Return a resource."""
    return {"Type": type_, "Properties": properties}


def trusted(*services: str, **properties: Any) -> dict[str, Any]:
    """Return a role that services may assume."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}}
    return one("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": [statement]}, **properties)


def allowed(found: Policy) -> dict[str, list[str]]:
    """Return what each action is allowed on."""
    on: dict[str, list[str]] = {}
    for statement in found.statements:
        for action in statement.actions:
            on.setdefault(action, []).extend(statement.resources)
    return on


def passes(found: Policy) -> dict[str, set[str]]:
    """Return the services that each role may be passed to."""
    to: dict[str, set[str]] = {}
    for statement in found.statements:
        if "iam:PassRole" in statement.actions:
            for arn in statement.resources:
                to.setdefault(arn, set()).update(statement.condition[0][2])
    return to


def said(found: Policy) -> str:
    """Return all that is said of a policy."""
    last = ending(found, explain=True)
    return "\n".join((*found.warnings, *(n for s in found.statements for n in s.notes), *last))


def asking(*names: str) -> dict[str, Any]:
    """Return a template's parameters."""
    return {name: {"Type": "String"} for name in names}
