"""CloudFormation acts with the rights of whoever calls it, or of the role that it is given.

Before a handler updates or deletes, each of its calls is asked of that principal's policies. What a
handler creates has its name and ARN only afterwards, so there it is asked then, and what was made
is deleted again. Sources: the user guide's pages on service roles and on the permissions that
CloudFormation needs.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import arns
import evidence
import handlers
import own
import roles
from ministack import app
from ministack.core import responses
from ministack.core.iam_evaluator import enforce, is_root_access_key, resolve_credential
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, helpers, provisioners, stacks
from ministack.services.cloudformation import handlers as operations

Properties = handlers.Properties
CLOUDFORMATION = "cloudformation.amazonaws.com"
# The access key of who calls, and of whom CloudFormation acts for; the root needs no rights.
CALLER = contextvars.ContextVar("caller", default="")
ACTING = contextvars.ContextVar("acting", default="")
# The roles that stacks and change sets were given, by region and name; a stack keeps its own.
GIVEN: dict[tuple[str, str], str] = {}
# What was asked for and granted: operation, type, action, ARN.
ASKED: list[tuple[str, str, str, str]] = []
STARTING = ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet")


def is_root(key: str) -> bool:
    """Tell whether a key may do everything."""
    return not key or bool(is_root_access_key(key))


def ask(key: str, action: str, arn: str, context: Properties | None = None) -> None:
    """Refuse what the owner of a key may not do, in AWS's words.

    Raises:
        RefusalError: the policies do not allow it, or something denies it.
    """
    if is_root(key):
        return
    service = action.partition(":")[0]
    given = {**(context or {}), **called_via(key)}
    region = responses.get_region()
    if enforce(key, action, service, region, resource_arn=arn, service_context=given):
        who = getattr(resolve_credential(key), "principal_arn", key)
        raise own.RefusalError(
            f"User: {who} is not authorized to perform: {action} on resource: {arn}"
            f" (Service: {service}, Status Code: 403, AccessDenied)"
        )


def called_via(key: str) -> Properties:
    """Return the keys of a request that CloudFormation makes with its caller's own credentials."""
    return {"aws:CalledVia": [CLOUDFORMATION]} if key == CALLER.get() else {}


def check(
    operation: str,
    kind: str,
    identity: str,
    props: Properties,
    attributes: Properties,
    before: Properties | None = None,
) -> None:
    """Ask for all that a handler calls.

    Raises:
        RefusalError: one of the calls is denied.
    """
    key = ACTING.get()
    if is_root(key):
        return
    given = (kind, operation, identity, props, attributes, before)
    for action, arn, context in handlers.asked(*given):
        ask(key, action, arn, context)
        ASKED.append((operation, kind, action, arn))
    principal = resolve_credential(key)
    evidence.ROLES.add(str(getattr(principal, "principal_arn", "")).split("/")[1])


def creating(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have what is created asked for; what is not allowed is deleted again."""

    def ours(kind: str, title: str, props: Properties, stack: str) -> Any:
        if "ServiceToken" in props:  # a call cannot be taken back
            check("create", kind, "", props, {})
        made = theirs(kind, title, props, stack)
        identity, attributes = made[0], made[1] or {}
        try:
            if said := roles.refusal(kind, props, source(kind, identity, props, attributes)):
                raise own.RefusalError(said)
            if "ServiceToken" not in props:
                check("create", kind, identity, props, attributes)
        except Exception:
            with suppress(Exception):
                provisioners._delete_resource(kind, identity, props, stack, title)
            raise
        return made

    return ours


def source(kind: str, identity: str, props: Properties, attributes: Properties) -> str:
    """Return the ARN in whose name a resource's service will ask for its role."""
    return next(arns.arns(kind, identity, props, attributes), "")


def updating(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have what is updated asked for before; a replacement's creation, after it."""

    def ours(
        kind: str,
        identity: str,
        old: Properties,
        new: Properties,
        stack: str,
        title: str | None = None,
        attributes: Properties | None = None,
    ) -> Any:
        given = (kind, identity, old, new, stack, title, attributes)
        if old == new:
            return theirs(*given)
        if said := roles.refusal(kind, new, source(kind, identity, new, attributes or {})):
            raise own.RefusalError(said)
        check("update", kind, identity, new, attributes or {}, old)
        made = theirs(*given)
        if made[0] != identity:
            check("create", kind, made[0], new, made[1] or {})
        return made

    return ours


def deleting(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have what is deleted asked for before."""

    def ours(
        kind: str, identity: str, props: Properties, stack: str = "", title: str | None = None
    ) -> Any:
        check("delete", kind, identity, props, {})
        return theirs(kind, identity, props, stack, title)

    return ours


def given(action: str, params: Any) -> str:
    """Return the role that an operation acts with, by its request or by what the stack has."""
    region = responses.get_region()
    name = named(helpers._p(params, "StackName"))
    change_set = helpers._p(params, "ChangeSetName")
    if action == "ExecuteChangeSet":
        found = next(
            (
                each
                for number, each in cloudformation._change_sets.items()
                if change_set in (number, each["ChangeSetName"]) and name in ("", each["StackName"])
            ),
            {},
        )
        name = found.get("StackName", name)
        arn = GIVEN.get((region, f"{name}/{found.get('ChangeSetName')}"), "")
        if arn:
            GIVEN[region, name] = arn
        return GIVEN.get((region, name), "")
    arn = helpers._p(params, "RoleARN")
    fresh = action == "CreateStack" or helpers._p(params, "ChangeSetType") == "CREATE"
    if arn and action == "CreateChangeSet":
        GIVEN[region, f"{name}/{change_set}"] = arn
    elif arn:
        GIVEN[region, name] = arn
    elif fresh:
        GIVEN.pop((region, name), None)
    return arn or GIVEN.get((region, name), "")


def named(stack: str) -> str:
    """Return the name of a stack that is called by its name or by its ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") else stack


def starting(action: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Settle whom CloudFormation acts for, before an operation begins."""

    def ours(params: Any) -> Any:
        caller = CALLER.get()
        arn = helpers._p(params, "RoleARN")
        if arn:
            try:
                ask(caller, "iam:PassRole", arn, {"iam:PassedToService": CLOUDFORMATION})
            except own.RefusalError as error:
                return helpers._error("AccessDenied", str(error), 403)
            if not own.trusts(arn, CLOUDFORMATION):
                said = f"Role {arn} is invalid or cannot be assumed"
                return helpers._error("ValidationError", said, 400)
        role = given(action, params)
        key = caller
        if role:
            try:
                key = own.credentials(role, CLOUDFORMATION, session="AWSCloudFormation")[
                    "aws_access_key_id"
                ]
            except own.RefusalError:
                said = f"Role {role} is invalid or cannot be assumed"
                return helpers._error("ValidationError", said, 400)
        token = ACTING.set(key)
        try:
            return theirs(params)
        finally:
            ACTING.reset(token)

    return ours


def looking_up(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have the SSM parameters asked for that a template's parameters name."""

    def ours(*told: Any) -> Any:
        found = theirs(*told)
        for each in found.values():
            if isinstance(each, dict) and each.get("SsmName"):
                read(f"ssm:{each['SsmName']}")
        return found

    return ours


def resolving(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Have what dynamic references name asked for."""

    def ours(value: Any, *told: Any, **more: Any) -> Any:
        resolved, literals = theirs(value, *told, **more)
        for literal in literals:
            read(literal.removeprefix("{{resolve:").removesuffix("}}"))
        return resolved, literals

    return ours


def read(reference: str) -> None:
    """Ask for the parameter or the secret that a reference names, as `ssm:NAME` does.

    Raises:
        ValueError: CloudFormation may not read it.
    """
    service, _, name = reference.partition(":")
    start = f"arn:aws:{service.removesuffix('-secure')}:{responses.get_region()}:{own.ACCOUNT}:"
    if service == "secretsmanager":
        action, arn = "secretsmanager:GetSecretValue", secret(name, f"{start}secret:")
    else:
        path = re.sub(r":\d+$", "", name).removeprefix("/")
        action, arn = "ssm:GetParameters", f"{start}parameter/{path}"
    try:
        ask(ACTING.get(), action, arn)
    except own.RefusalError as error:
        raise ValueError(str(error)) from None
    ASKED.append(("lookup", "", action, arn))


def secret(name: str, start: str) -> str:
    """Return the ARN of a secret that a reference names, with its six letters."""
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:7])
    return f"{start}{name.partition(':')[0]}-a1B2c3"


def forget() -> None:
    """Begin anew."""
    GIVEN.clear()
    forget_rights()


def forget_rights() -> None:
    """List anew what is asked for."""
    ASKED.clear()
    handlers.SKIPPED.clear()


def plug_in() -> None:
    """Stand before CloudFormation's operations and its handlers."""
    for action in STARTING:
        theirs = operations._ACTION_HANDLERS[action]
        operations._ACTION_HANDLERS[action] = starting(action, theirs)
    stacks._delete_resource = deleting(stacks._delete_resource)
    stacks._provision_resource = creating(stacks._provision_resource)
    stacks._update_resource = updating(stacks._update_resource)
    stacks._resolve_dynamic_references = resolving(stacks._resolve_dynamic_references)
    for module in (changesets, operations):
        module._resolve_parameters = looking_up(module._resolve_parameters)
    service = app.SERVICE_HANDLERS["cloudformation"]

    async def ours(method: str, path: str, headers: Any, *more: Any) -> Any:
        found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
        token = CALLER.set(found[1] if found else "")
        try:
            return await service(method, path, headers, *more)
        finally:
            CALLER.reset(token)

    app.SERVICE_HANDLERS["cloudformation"] = ours
