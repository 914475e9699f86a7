"""Ministack's own services, asked through its front door, as the root or as a role."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from typing import Any

import boto3
import evidence
from botocore.config import Config
from ministack.core import iam_evaluator, responses
from ministack.services import sts

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
    name = arn.rpartition("/")[2]
    trust = here("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    asked = asking(principal, "sts:AssumeRole", arn, context)
    if not any(
        "sts:AssumeRole" in listed(statement["Action"])
        and statement["Effect"] == "Allow"
        and iam_evaluator._service_principal_matches(statement["Principal"], principal)
        and iam_evaluator._conditions_met(statement.get("Condition", {}), asked)
        for statement in listed(trust["Statement"])
    ):
        raise RefusalError(f"{principal} may not have {arn}")
    return boto3.client(
        service,
        region_name=responses.get_region(),
        endpoint_url=URL,
        config=ONCE,
        **credentials(arn, principal),
    )


def credentials(arn: str, session: str) -> dict[str, str]:
    """Make credentials of a role, as a service gets them."""
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
    known = {"aws:sourceaccount": ACCOUNT, **{k.lower(): v for k, v in context.items()}}
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="Service",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=on,
        region=responses.get_region(),
        secure_transport=True,  # services of AWS call one another by TLS
        service_context=known,
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
