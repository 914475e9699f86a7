"""Roles that are assumed by roles: the trust policy counts as the policy of a resource.

Sources: AWS STS API reference, "AssumeRole" ("When a resource-based policy grants access to a
principal in the same account, no additional identity-based policy is required"), and IAM's user
guide, "Policy evaluation logic". A trust policy that names the account leaves it to the policies of
the account's own principals.
"""

from __future__ import annotations

import json
from typing import Any

import own
from ministack.core import iam_actions, iam_evaluator


def trust(arn: str) -> tuple[dict[str, Any], str] | None:
    """Return the trust policy of a role as a resource's policy, and the account; or nothing."""
    role = own.role_named(arn.rpartition("/")[2])
    if role is None or role["Arn"] != arn:
        return None
    document = role["AssumeRolePolicyDocument"]
    policy = json.loads(document) if isinstance(document, str) else document
    statements = [{**each, "Resource": "*"} for each in own.listed(policy["Statement"])]
    return {**policy, "Statement": statements}, own.ACCOUNT


def plug_in() -> None:
    """Tell the policies of the trust policy, and of what a request for a session says."""
    policy, context = iam_evaluator._resource_policy, iam_actions.request_tag_context

    def ours(service: str, arn: str) -> Any:
        return trust(arn) if service == "sts" else policy(service, arn)

    def with_session(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        keys = context(service, action, body, params)
        if service == "sts":
            for name in ("ExternalId", "RoleSessionName"):
                if value := iam_actions._query_param(params, name):
                    keys = {**keys, f"sts:{name}": value}
        return dict(keys)

    iam_evaluator._resource_policy = ours
    iam_actions.request_tag_context = with_session
