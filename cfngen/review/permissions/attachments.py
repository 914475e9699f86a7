"""Where policies are in a template, and who holds them or is protected by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cfngen.cloudformation.values import canonical, shown
from cfngen.review.permissions.alternatives import (
    ALWAYS,
    When,
    branches,
    existence,
    items,
    lookup,
    referred,
    type_of,
)
from cfngen.review.permissions.documents import documents, kind_of
from cfngen.review.permissions.resource_permissions import PERMISSIONS
from cfngen.review.permissions.statements import Sentence, allowing, sentences
from cfngen.review.stack import Resource, Stack

IAM = "AWS::IAM::"
# What a policy of IAM is attached to, by the property that names it.
ATTACHED = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
PRINCIPALS = {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}
BOUNDED = {"AWS::IAM::Role", "AWS::IAM::User"}
# What a resource policy protects, by the property that names it.
PROTECTED = (
    "Bucket", "Queues", "Queue", "Topics", "TopicArn", "SecretId", "FunctionName",
    "LayerVersionArn", "EventBusName", "ResourceArn", "ResourceIdentifier", "ClusterArn",
    "MrapName", "ObjectLambdaAccessPoint", "RegistryName", "FileSystemId", "TableBucketARN",
    "TableARN", "VectorBucketArn", "SinkIdentifier", "ChannelName", "KnowledgeBaseId",
    "ProfileName",
)  # fmt: skip
# Policies whose `*` is everything, and not the one thing that has the policy.
OUTWARD = {
    "AWS::EC2::VPCEndpoint", "AWS::Logs::ResourcePolicy", "AWS::XRay::ResourcePolicy",
    "AWS::ECR::RegistryPolicy", "AWS::IoT::Policy", "AWS::SSO::PermissionSet",
}  # fmt: skip
# Properties that give permissions which stand elsewhere, in types that are none of IAM's.
GIVEN = {
    "AWS::EKS::AccessEntry": "AccessPolicies",
    "AWS::SSO::PermissionSet": "ManagedPolicies",
    "AWS::Serverless::Function": "Policies",
    "AWS::Serverless::StateMachine": "Policies",
}
Key = tuple[str, str]


@dataclass(frozen=True)
class Policy:
    """One policy of a holder; `source` is the logical ID of the resource it stands in.

    Where nobody in the template holds it, the holder is the resource itself, and it is `loose`.
    """

    holder: str
    kind: str  # as `PowerChange.policy`
    source: str
    body: Any = field(repr=False)
    when: When = ALWAYS
    loose: bool = False
    itself: str = ""  # what `*` means for it
    words: str = ""  # what it allows, where its contents are not in the template

    @property
    def text(self) -> str:
        """A text that is equal for policies that are written alike, in the same place."""
        when = sorted(entry.written for entry in self.when)
        return canonical([self.source, self.words, self.body, when])

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """What it says."""
        if self.words:
            return (allowing(self.words, self.holder, self.when),)
        return sentences(self.body, self.holder, self.when)


Sides = tuple[list[Policy], list[Policy]]


def touched(before: Stack, after: Stack, changed: Collection[str]) -> dict[Key, Sides]:
    """Return the policies of everyone whose powers may have changed, by holder and kind."""
    found: dict[Key, Sides] = {}
    iam, others = False, set()
    for name in changed:
        for stack in (before, after):
            type_ = type_of(stack, name)
            if type_.startswith(IAM):
                iam = True
            elif type_ and next(_resource_policies(stack, name), None):
                others.add(type_)
    for side, stack in enumerate((before, after)):
        for policy in _all(stack, iam=iam, types=others):
            key = (policy.holder, policy.kind)
            found.setdefault(key, ([], []))[side].append(policy)
    return {
        key: sides
        for key, sides in found.items()
        if key[0] in changed or any(policy.source in changed for policy in (*sides[0], *sides[1]))
    }


def identities(stack: Stack) -> Iterator[Policy]:
    """Yield the policies of a template's roles, users and groups."""
    yield from _all(stack, iam=True, types=set())


def _all(stack: Stack, *, iam: bool, types: set[str]) -> Iterator[Policy]:
    """Yield the policies of IAM, if they are asked for, and those in resources of some types."""
    names = {name: type_of(stack, name) for name in stack.names} if iam or types else {}
    if iam:
        yield from _identities(stack, [n for n, type_ in names.items() if type_.startswith(IAM)])
    for name, type_ in names.items():
        if type_ in types:
            yield from _resource_policies(stack, name)


def _identities(stack: Stack, names: list[str]) -> Iterator[Policy]:
    """Yield the policies of roles, users and groups, wherever in the template they stand."""
    attached: set[str] = set()
    loose: list[Policy] = []
    for name in names:
        resource = stack.resource(name)
        when = existence(stack, resource) if resource else None
        if resource is None or when is None:
            continue
        if resource.type in PRINCIPALS:
            for policy in _principal(stack, resource, when):
                attached.add(policy.source)
                yield policy
        elif resource.type == "AWS::IAM::UserToGroupAddition":
            yield from _members(stack, resource, when)
        elif "PolicyDocument" in resource.properties:
            own = list(_attached(stack, resource, when))
            yield from (policy for policy in own if not policy.loose)
            loose += [policy for policy in own if policy.loose]
    yield from (
        policy
        for policy in loose
        if policy.source not in attached or type_of(stack, policy.source) != f"{IAM}ManagedPolicy"
    )


def _principal(stack: Stack, resource: Resource, when: When) -> Iterator[Policy]:
    name, properties = resource.name, resource.properties
    for inner, body in lookup(properties.get("Policies"), "*", "PolicyDocument"):
        yield Policy(name, "permissions", name, body, when | inner)
    for inner, made in _unwritten(resource):
        words = f"whatever this makes of it: {shown(made)}"
        yield Policy(name, "permissions", name, made, when | inner, words=words)
    if "AssumeRolePolicyDocument" in properties:
        body = properties["AssumeRolePolicyDocument"]
        yield Policy(name, "trust", name, body, when, itself=name)
    for inner, arn in items(properties.get("ManagedPolicyArns")):
        yield _managed(stack, name, "permissions", arn, when | inner)
    for inner, group in items(properties.get("Groups")):
        words = f"everything that the group {shown(group)} allows"
        yield Policy(name, "permissions", name, group, when | inner, words=words)
    if resource.type in BOUNDED:
        for inner, arn in branches(properties.get("PermissionsBoundary")):
            if arn is None:
                yield Policy(name, "boundary", name, None, when | inner, words="*")
            else:
                text = arn if isinstance(arn, str) else canonical(arn)
                yield _managed(stack, name, "boundary", text, when | inner)


def _unwritten(resource: Resource) -> Iterator[tuple[When, Any]]:
    """Yield what a macro, a loop, or a function left for deploy time, writes policies with."""
    for part in (resource.properties, resource.attributes):
        for key in part:
            if key.startswith(("Fn::Transform", "Fn::ForEach::")):
                yield ALWAYS, {key: part[key]}
    for when, value in branches(resource.properties.get("Policies")):
        for item in value if isinstance(value, list) else [value]:
            for inner, policy in branches(item):
                if policy is not None and not (
                    isinstance(policy, dict) and "PolicyDocument" in policy
                ):
                    yield when | inner, policy


def _managed(stack: Stack, holder: str, kind: str, arn: str, when: When) -> Policy:
    """Return a managed policy that a principal names: the template's own, or one by its ARN."""
    name = referred(arn)
    if type_of(stack, name) == f"{IAM}ManagedPolicy":
        resource = stack.resource(name)
        mine = existence(stack, resource) if resource else None
        if resource and mine is not None:
            body = resource.properties.get("PolicyDocument")
            return Policy(holder, kind, name, body, when | mine)
    words = f"everything that {shown(arn)} allows"
    return Policy(holder, kind, holder, arn, when, words=words)


def _attached(stack: Stack, resource: Resource, when: When) -> Iterator[Policy]:
    name, body = resource.name, resource.properties["PolicyDocument"]
    found = False
    for key in ATTACHED:
        for inner, target in items(resource.properties.get(key)):
            holder = referred(target)
            if type_of(stack, holder) in PRINCIPALS:
                found = True
                yield Policy(holder, "permissions", name, body, when | inner)
    if not found:
        yield Policy(name, "permissions", name, body, when, loose=True)


def _members(stack: Stack, resource: Resource, when: When) -> Iterator[Policy]:
    group = resource.properties.get("GroupName")
    words = f"everything that the group {shown(group)} allows"
    for inner, user in items(resource.properties.get("Users")):
        holder = referred(user) if type_of(stack, referred(user)) in PRINCIPALS else resource.name
        yield Policy(holder, "permissions", resource.name, group, when | inner, words=words)


def _resource_policies(stack: Stack, name: str) -> Iterator[Policy]:
    """Yield the policies that a resource has in it, for everyone it protects."""
    resource = stack.resource(name)
    when = existence(stack, resource) if resource else None
    if resource is None or when is None or resource.type.startswith(IAM):
        return
    said = PERMISSIONS.get(resource.type)
    if said:
        found = [(ALWAYS, "Statement", said(resource.properties))]
    else:
        found = list(documents(resource.properties))
    for inner, given in items(resource.properties.get(GIVEN.get(resource.type, ""))):
        words = f"everything that {shown(given)} allows"
        yield Policy(name, "permissions", name, given, when | inner, words=words)
    loose = resource.type.endswith(("Policy", "Permission"))
    holders = list(_protected(stack, resource)) if loose and found else []
    for inner, holder in holders or [(ALWAYS, name)]:
        mine = loose and not holders
        itself = "" if mine or resource.type in OUTWARD else holder
        for outer, key, body in found:
            kind = kind_of(key, body)
            yield Policy(holder, kind, name, body, when | inner | outer, mine, itself)


def _protected(stack: Stack, resource: Resource) -> Iterator[tuple[When, str]]:
    for key in PROTECTED:
        for when, target in items(resource.properties.get(key)):
            if type_of(stack, referred(target)):
                yield when, referred(target)
