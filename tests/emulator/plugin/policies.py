"""What keeps policies refuses those that are malformed, and buses keep theirs by statement.

Source: CloudFormation's and the services' references of the types in `HOLDING`; "PutPermission" in
EventBridge's for the policy of a bus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import grammar
import own
import refusals
from ministack.core import iam_evaluator, responses
from ministack.services import eventbridge, iam

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]
MALFORMED = "Syntax errors in policy. (MalformedPolicyDocument): "
# The types that have a policy, in which property, and of which kind it is.
HOLDING = {
    "AWS::ECR::Repository": ("RepositoryPolicyText", grammar.ITS_OWN),
    "AWS::EFS::FileSystem": ("FileSystemPolicy", grammar.ITS_OWN),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", grammar.MANAGED),
    "AWS::IAM::Policy": ("PolicyDocument", grammar.IDENTITY),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", grammar.TRUST),
    "AWS::IAM::RolePolicy": ("PolicyDocument", grammar.IDENTITY),
    "AWS::KMS::Key": ("KeyPolicy", grammar.RESOURCE),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", grammar.RESOURCE),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", grammar.RESOURCE),
    "AWS::S3::BucketPolicy": ("PolicyDocument", grammar.RESOURCE),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", grammar.RESOURCE),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", grammar.RESOURCE),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", grammar.RESOURCE),
}


def malformed(document: Any, kind: grammar.Kind) -> None:
    """Refuse a document.

    Raises:
        RefusalError: it is malformed, or names a role of this account that is not there.
    """
    found = [*grammar.problems(document, kind), *missing(document)]
    if found:
        raise own.RefusalError(MALFORMED + "; ".join(found))


def missing(document: Any) -> Iterator[str]:
    """Yield the principals that are roles of this account, and are not there."""
    text = document if isinstance(document, str) else json.dumps(document)
    with suppress(ValueError, AttributeError, TypeError):
        for statement in own.listed(json.loads(text)["Statement"]):
            principal = statement.get("Principal")
            for arn in own.listed(principal.get("AWS", []) if isinstance(principal, dict) else []):
                name = re.fullmatch(rf"arn:aws:iam::{own.ACCOUNT}:role/(?:.*/)?([^/*]+)", str(arn))
                if name and not own.role_named(name[1]):
                    yield f'Invalid principal in policy: "AWS":"{arn}"'


def together(role: str, documents: list[Any]) -> None:
    """Refuse more text than the inline policies of one role may have.

    Raises:
        RefusalError: they have more.
    """
    if sum(map(grammar.size, documents)) > grammar.IDENTITY.most:
        raise own.RefusalError(
            f"Maximum policy size of {grammar.IDENTITY.most} bytes exceeded for role {role}"
            " (LimitExceeded)"
        )


class RolePolicyType:
    """AWS::IAM::RolePolicy."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Put the policy on its role."""
        name, role = props["PolicyName"], props["RoleName"]
        kept = (own.role_named(role) or {}).get("InlinePolicies", {})
        others = [each for called, each in kept.items() if called != name]
        together(role, [*others, props["PolicyDocument"]])
        document = json.dumps(props["PolicyDocument"])
        own.here("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        return f"{name}|{role}", {}

    @staticmethod
    def update(title: str, old: Properties, new: Properties, stack: str) -> Made:
        """Put it anew."""
        return RolePolicyType.create(title, new, stack)

    @staticmethod
    def delete(title: str, props: Properties) -> None:
        """Take it off, if the role is still there."""
        client = own.here("iam")
        with suppress(client.exceptions.NoSuchEntityException):
            client.delete_role_policy(RoleName=props["RoleName"], PolicyName=props["PolicyName"])


class BusPolicyType:
    """AWS::Events::EventBusPolicy: one statement of the policy of a bus."""

    @staticmethod
    def statement(props: Properties) -> Properties:
        """Return the statement that is to be in the bus's policy.

        Raises:
            RefusalError: EventBridge would not take it.
        """
        if "Statement" not in props:
            raise own.RefusalError("the emulator knows a bus's policy by Statement only")
        made = {"Sid": props["StatementId"], **props["Statement"]}
        malformed({"Version": grammar.VERSIONS[1], "Statement": [made]}, grammar.RESOURCE)
        bus = props.get("EventBusName", "default")
        there = {each["Name"] for each in own.here("events").list_event_buses()["EventBuses"]}
        if bus not in there:
            raise own.RefusalError(f"Event bus {bus} does not exist.")
        return made

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Add the statement to those of the bus."""
        bus, name = props.get("EventBusName", "default"), props["StatementId"]
        made = BusPolicyType.statement(props)
        if any(each.get("Sid") == name for each in statements(bus)):
            raise own.RefusalError(f"the policy of {bus} has a statement {name} (AlreadyExists)")
        put(bus, [*statements(bus), made])
        return f"{bus}|{name}", {}

    @staticmethod
    def update(identity: str, old: Properties, new: Properties, stack: str) -> Made:
        """Put the statement in its own place; under another name it is another."""
        bus, name = new.get("EventBusName", "default"), new["StatementId"]
        if identity != f"{bus}|{name}":
            return BusPolicyType.create("", new, stack)
        made = BusPolicyType.statement(new)
        put(bus, [made if each.get("Sid") == name else each for each in statements(bus)])
        return identity, {}

    @staticmethod
    def delete(identity: str, props: Properties) -> None:
        """Take it off."""
        bus, statement = props.get("EventBusName", "default"), props["StatementId"]
        own.here("events").remove_permission(EventBusName=bus, StatementId=statement)


def statements(bus: str) -> list[Properties]:
    """Return the statements of a bus's policy."""
    found: list[Properties] = eventbridge._event_bus_policies.get(bus, {}).get("Statement", [])
    return found


def put(bus: str, found: list[Properties]) -> None:
    """Give a bus a policy, which ministack's PutPermission takes no notice of."""
    eventbridge._event_bus_policies[bus] = {"Version": grammar.VERSIONS[1], "Statement": found}


def with_policy(theirs: Any) -> Any:
    """Let PutPermission take a whole policy, in the place of the one that there was."""

    def ours(asked: Properties) -> Any:
        if "Policy" not in asked:
            return theirs(asked)
        if found := grammar.problems(asked["Policy"], grammar.RESOURCE):
            return responses.error_response_json("ValidationException", "; ".join(found), 400)
        put(
            asked.get("EventBusName", "default"),
            own.listed(json.loads(asked["Policy"])["Statement"]),
        )
        return responses.json_response({})

    return ours


def plug_in() -> None:
    """Look at documents wherever they come in."""
    for kind, (key, shape) in HOLDING.items():

        def check(props: Properties, key: str = key, shape: grammar.Kind = shape) -> None:
            if key in props:
                malformed(props[key], shape)

        refusals.before(kind, check)

    def inline(props: Properties) -> None:
        documents = [each["PolicyDocument"] for each in props.get("Policies", [])]
        for document in documents:
            malformed(document, grammar.IDENTITY)
        together(props.get("RoleName", "of the template"), documents)

    refusals.before("AWS::IAM::Role", inline)
    # Requests to IAM, by whomever: an answer of None is that all is well.
    iam_evaluator.validate_policy_document = lambda document: said(document, grammar.IDENTITY)
    iam._trust_policy_not_principal_error = lambda document: said(document, grammar.TRUST)
    eventbridge._put_permission = with_policy(eventbridge._put_permission)


def said(document: Any, kind: grammar.Kind) -> str | None:
    """Say what is wrong with a document, or nothing."""
    try:
        malformed(document, kind)
    except own.RefusalError as error:
        return str(error)
    return None
