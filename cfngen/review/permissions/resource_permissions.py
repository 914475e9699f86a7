"""Resources that are one statement of a policy, such as a Lambda permission."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from cfngen.cloudformation.text import Ref, Text, parts_of
from cfngen.cloudformation.values import without_references

Properties = dict[str, Any]
SUFFIX = Ref("AWS::URLSuffix")


def _lambda(properties: Properties) -> Properties:
    conditions = {
        "SourceArn": ("ArnLike", "aws:SourceArn"),
        "SourceAccount": ("StringEquals", "aws:SourceAccount"),
        "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
        "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
        "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
        "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
    }
    return _document(properties, properties.get("FunctionName"), conditions)


def _layer(properties: Properties) -> Properties:
    conditions = {"OrganizationId": ("StringEquals", "aws:PrincipalOrgID")}
    return _document(properties, properties.get("LayerVersionArn"), conditions)


def _profile(properties: Properties) -> Properties:
    """Return who may sign with a profile: an account, a role or a user, or anybody.

    Source: https://docs.aws.amazon.com/signer/latest/developerguide/signing-profile-cross-account.html
    """
    return _document(properties, properties.get("ProfileName"), {})


def _policy_statement(properties: Properties) -> Properties:
    """Return a statement of AWS Entity Resolution: its condition is JSON, as text."""
    statement: Properties = {
        "Effect": properties.get("Effect", "Allow"),
        "Principal": {"AWS": properties.get("Principal") or []},
        "Action": properties.get("Action"),
    }
    try:
        statement["Condition"] = json.loads(properties["Condition"])
    except (KeyError, TypeError, ValueError):  # none, or one that only the deployment knows
        if properties.get("Condition"):
            statement["Condition"] = properties["Condition"]
    return {"Statement": statement}


def _bus(properties: Properties) -> Properties:
    """Return an event bus's policy: its `Statement`, or the older properties that say one."""
    if "Statement" in properties:
        return {"Statement": properties["Statement"]}
    document = _document(properties, None, {})
    given = properties.get("Condition")
    if isinstance(given, dict) and {"Type", "Key", "Value"} <= given.keys():
        given = {str(given["Type"]): {str(given["Key"]): given["Value"]}}
    if given is not None:
        document["Statement"]["Condition"] = given
    return document


def _document(
    properties: Properties, target: Any, conditions: dict[str, tuple[str, str]]
) -> Properties:
    statement: Properties = {
        "Effect": "Allow",
        "Principal": _principal(properties.get("Principal")),
        "Action": properties.get("Action"),
    }
    # A function by its name or ARN is the function itself; of a text, it may be a version of it.
    if isinstance(target, str) or (isinstance(target, Text) and target.beginning):
        statement["Resource"] = target
    for key, (operator, name) in conditions.items():
        if key in properties:
            statement.setdefault("Condition", {}).setdefault(operator, {})[name] = properties[key]
    return {"Statement": statement}


def _principal(value: Any) -> Any:
    """Return a principal written as one text as a policy has it."""
    if not isinstance(value, str | Text) or value == "*":
        return value
    last = parts_of(value)[-1]
    service = last == SUFFIX or re.search(
        r"\.amazon(aws)?\.com(\.cn)?$|\.amazonaws\.", without_references(value, blank="?")
    )
    return {"Service" if service else "AWS": value}


def _endpoint_service(properties: Properties) -> Properties:
    """Return who may connect to an endpoint service, which has no document that says so."""
    principals = {"AWS": properties.get("AllowedPrincipals") or []}
    action = "ec2:CreateVpcEndpoint"
    return {"Statement": {"Effect": "Allow", "Principal": principals, "Action": action}}


PERMISSIONS: dict[str, Callable[[Properties], Properties]] = {
    "AWS::Lambda::Permission": _lambda,
    "AWS::Lambda::LayerVersionPermission": _layer,
    "AWS::Events::EventBusPolicy": _bus,
    "AWS::EntityResolution::PolicyStatement": _policy_statement,
    "AWS::EC2::VPCEndpointServicePermissions": _endpoint_service,
    "AWS::Signer::ProfilePermission": _profile,
}
