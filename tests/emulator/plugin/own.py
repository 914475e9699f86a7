"""Ministack's own services, asked through its front door, as the root or as a role."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from typing import Any

import boto3
import documented
import evidence
from botocore.config import Config
from ministack.core import iam_evaluator, responses
from ministack.services import iam, sts

ACCOUNT = os.environ["MINISTACK_ACCOUNT_ID"]
URL = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
ROOT = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
ONCE = Config(retries={"total_max_attempts": 1}, proxies={})


class RefusalError(Exception):
    """A service would not have done it."""


@functools.cache
def root(service: str, region: str) -> Any:
    """Return a client that may do everything."""
    return boto3.client(service, region_name=region, endpoint_url=URL, config=ONCE, **ROOT)


def here(service: str) -> Any:
    """Return such a client for the region of the request at hand."""
    return root(service, responses.get_region())


def as_role(arn: str, principal: str, service: str, **context: str) -> Any:
    """Return a client with a role's credentials, if its trust policy lets a service have them."""
    return boto3.client(
        service,
        region_name=responses.get_region(),
        endpoint_url=URL,
        config=ONCE,
        **credentials(arn, principal, **context),
    )


def credentials(arn: str, principal: str, *, session: str = "", **context: str) -> dict[str, str]:
    """Return credentials of a role, as a service gets them: this is the only way to them.

    Args:
        arn: the role's.
        principal: who assumes it: a service, or the ARN of another role.
        session: what the session is called, if not like the service.
        context: `aws:SourceArn`, what the service acts for; the table says whether it is sent.

    Raises:
        RefusalError: there is no such role, or its trust policy does not let the principal in.
    """
    if not trusts(arn, principal, **context):
        raise RefusalError(f"{principal} is not authorized to perform: sts:AssumeRole on {arn}")
    return opened(arn, session or principal.rpartition("/")[2])


def trusts(arn: str, principal: str, **context: str) -> bool:
    """Tell whether there is a role, and its trust policy lets a principal assume it."""
    role = role_named(arn.rpartition("/")[2])
    if role is None or role["Arn"] != arn:
        return False
    document = role["AssumeRolePolicyDocument"]
    trust = json.loads(document) if isinstance(document, str) else document
    asked = asking(principal, "sts:AssumeRole", arn, context)
    effects = [
        statement["Effect"]
        for statement in listed(trust["Statement"])
        if "sts:AssumeRole" in listed(statement.get("Action", []))
        and names(statement.get("Principal", {}), principal)
        and iam_evaluator._conditions_met(statement.get("Condition", {}), asked)
    ]
    return "Allow" in effects and "Deny" not in effects


def role_named(name: str) -> dict[str, Any] | None:
    """Return a role of this account, or nothing if there is none of that name."""
    found: dict[str, Any] | None = iam._roles.get(name)
    return found


def names(principals: Any, principal: str) -> bool:
    """Tell whether a statement is about a service, or about a role of this account."""
    if not principal.startswith("arn:"):
        return bool(iam_evaluator._service_principal_matches(principals, principal))
    accepted = listed(principals.get("AWS", [])) if isinstance(principals, dict) else [principals]
    account = principal.split(":")[4]
    return bool({"*", account, f"arn:aws:iam::{account}:root", principal} & set(accepted))


def opened(arn: str, session: str) -> dict[str, str]:
    """Open a role's session, whoever trusts it: for questions to its policies alone."""
    name = arn.rpartition("/")[2]
    digest = hashlib.sha256(f"{arn} {session}".encode()).hexdigest()
    made = {
        "aws_access_key_id": f"ASIA{digest[:16].upper()}",
        "aws_secret_access_key": hashlib.sha256(f"secret {digest}".encode()).hexdigest(),
        "aws_session_token": hashlib.sha256(f"token {digest}".encode()).hexdigest(),
    }
    sts.register_session(
        made["aws_access_key_id"],
        {
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
            "UserId": f"{name}:{session}",
            "SecretAccessKey": made["aws_secret_access_key"],
            "SessionToken": made["aws_session_token"],
        },
    )
    return made


def admits(policy: str | None, principal: str, action: str, on: str, **context: str) -> bool:
    """Tell whether the policy of a resource lets a service do something."""
    found = iam_evaluator.evaluate_resource_policy(
        policy or "{}", asking(principal, action, on, context), service=principal
    )
    if found.decision == "Allow":
        evidence.POLICIES.add(on)
        evidence.TOUCHED.add(on)
    return bool(found.decision == "Allow")


def asking(principal: str, action: str, on: str, context: dict[str, str]) -> Any:
    """Return what a policy is asked."""
    source = {key.lower(): value for key, value in context.items()}.get("aws:sourcearn", "")
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole" if principal.startswith("arn:") else "Service",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=on,
        region=responses.get_region(),
        secure_transport=True,  # services of AWS call one another by TLS
        service_context=documented.context(principal, action, source),
    )


def listed(value: Any) -> list[Any]:
    """Return a value that may stand for a list of one as a list."""
    return value if isinstance(value, list) else [value]


def parsed(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or an empty one."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
