"""Policies that read as sentences: `allow(codecommit.GitPush, on=mirror)`."""

from __future__ import annotations

import re
from typing import Any

from cfngen.errors import PolicyError

VERSION = "2012-10-17"

# Characters of all inline policies of one role together, white space not counted
# (AWS page "IAM and AWS STS quotas").
ROLE_ROOM = 10_240
# The fewest characters that a name in a `Sub` may stand for.
FEWEST = {"AWS::AccountId": 12, "AWS::Partition": 3, "AWS::Region": 9}


class Statement(dict[str, Any]):
    """One statement of a policy; `because` is printed above it in the template."""

    because: str = ""


def allow(
    *actions: Any,
    on: Any,
    when: dict[str, Any] | None = None,
    because: str = "",
    to: dict[str, Any] | None = None,
    sid: str = "",
) -> Statement:
    """Allow named actions on given resources.

    Args:
        actions: awacs actions, such as `codecommit.GitPush`.
        on: one ARN or several; `"*"` only together with `because`.
        when: the statement's Condition block.
        because: why the statement is as wide as it is; shown in the template.
        to: the Principal, for a resource policy.
        sid: the statement's Sid, only where it is worth a name.

    Raises:
        PolicyError: an action with a star, no action, or `on="*"` without a reason.
    """
    for action in names(actions):
        if "*" in action:
            raise PolicyError(f"allow({action}): name the actions; a star hides what is granted")
    return _statement("Allow", actions, on, when, because, to, sid)


def deny(
    *actions: Any,
    on: Any,
    when: dict[str, Any] | None = None,
    because: str = "",
    to: dict[str, Any] | None = None,
    sid: str = "",
) -> Statement:
    """Deny actions, which here may have a star; the arguments are those of `allow`."""
    return _statement("Deny", actions, on, when, because, to, sid)


def tls_only(action: str, on: Any) -> Statement:
    """Deny everybody everything, or one action, that comes without TLS, for a resource policy.

    Args:
        action: such as `s3:*`.
        on: the resource's ARN, or several.
    """
    return deny(
        action,
        on=on,
        to={"AWS": "*"},
        when={"Bool": {"aws:SecureTransport": "false"}},
        sid="TlsOnly",
    )


def policy_document(*statements: Statement) -> dict[str, Any]:
    """Return a policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def trust(service: str, when: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the trust policy that lets one AWS service assume a role.

    Args:
        service: the first label of the service principal, such as `codebuild`.
        when: conditions against the confused deputy, such as `aws:SourceAccount`.
    """
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = Statement(Effect="Allow", Principal=principal, Action="sts:AssumeRole")
    if when:
        statement["Condition"] = when
    return policy_document(statement)


def names(actions: tuple[Any, ...]) -> list[str]:
    """Return actions as `service:Action`, whether they came from awacs or as text."""
    return [a.JSONrepr() if hasattr(a, "JSONrepr") else str(a) for a in actions]


def overfull_roles(resources: dict[str, Any]) -> list[str]:
    """Return the roles whose inline policies IAM would refuse for their size.

    Args:
        resources: a template's resources, as plain data.
    """
    sizes: dict[str, int] = {}
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        documents, holders = [properties.get("PolicyDocument")], []
        if resource["Type"] == "AWS::IAM::Role":
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            holders = [name]
        elif resource["Type"] == "AWS::IAM::RolePolicy":
            holders = [_named(properties["RoleName"])]
        elif resource["Type"] == "AWS::IAM::Policy":
            holders = [_named(role) for role in properties.get("Roles", [])]
        for holder in holders:
            sizes[holder] = sizes.get(holder, 0) + sum(map(_size, documents))
    return [
        f"{name}: its policies have {size:,} characters or more; IAM takes {ROLE_ROOM:,} for one"
        " role; name what it may touch by a prefix rather than one by one"
        for name, size in sizes.items()
        if size > ROLE_ROOM
    ]


def _named(role: Any) -> str:
    return str(role.get("Ref", role) if isinstance(role, dict) else role)


def _size(value: Any) -> int:
    """Return the fewest characters that a piece of a policy has once it is deployed."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((function, inner),) = value.items()
            if function == "Fn::Sub":
                return _size_of_text(inner[0] if isinstance(inner, list) else inner)
            if function in ("Ref", "Fn::GetAtt") or function.startswith("Fn::"):
                return 3
        return 1 + sum(len(key) + 4 + _size(item) for key, item in value.items())
    if isinstance(value, list):
        return 1 + sum(1 + _size(item) for item in value)
    return len(str(value)) + 2


def _size_of_text(text: str) -> int:
    names = re.findall(r"\$\{([^!}][^}]*)\}", text)
    return len(text) + 2 - sum(len(name) + 3 - FEWEST.get(name, 1) for name in names)


def _statement(
    effect: str,
    actions: tuple[Any, ...],
    on: Any,
    when: dict[str, Any] | None,
    because: str,
    to: dict[str, Any] | None,
    sid: str,
) -> Statement:
    if not actions:
        raise PolicyError(f"{effect.lower()}(): name at least one action")
    resources = list(on) if isinstance(on, (list, tuple)) else [on]
    if effect == "Allow" and "*" in [r for r in resources if isinstance(r, str)] and not because:
        raise PolicyError(
            f'allow({", ".join(names(actions))}, on="*"): say because=, or name the resources'
        )
    statement = Statement()
    if sid:
        statement["Sid"] = sid
    statement["Effect"] = effect
    if to:
        statement["Principal"] = to
    # One is written as one, as AWS's own examples do.
    named = names(actions)
    statement["Action"] = named[0] if len(named) == 1 else named
    statement["Resource"] = resources[0] if len(resources) == 1 else resources
    if when:
        statement["Condition"] = when
    statement.because = because
    return statement
