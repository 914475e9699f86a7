"""Where policies are in a template, and which principal or resource they are attached to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.text import AnyText, Text
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.alternatives import (
    ALWAYS,
    Condition,
    existence,
    if_alternatives,
    lookup,
    referenced_name,
    text_alternatives,
    type_of,
)
from cfngen.review.permissions.documents import DOCUMENTS, documents, kind_of
from cfngen.review.permissions.policies import Key, Policy, Sides
from cfngen.review.permissions.resource_permissions import PERMISSIONS
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
    "ProfileName", "ServiceId", "Arn",
)  # fmt: skip
# What has a policy in it and is about something else all the same, by the properties that say what.
WITHIN = {"AWS::EC2::VPCEndpoint": ("VpcId", "ServiceName", "VpcEndpointType")}
# What a policy says besides that does not tell what it is about.
NOT_ABOUT = {"PolicyName", "ManagedPolicyName", "Description", "Tags"}
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


def touched_policies(before: Stack, after: Stack, changed: Collection[str]) -> dict[Key, Sides]:
    """Return the policies that changed resources affect, by what they are attached to and kind."""
    iam, types = False, set()
    for name in changed:
        for stack in (before, after):
            type_ = type_of(stack, name)
            if type_.startswith(IAM):
                iam = True
            elif type_ and next(_resource_policies(stack, name), None):
                types.add(type_)
    policies: dict[Key, Sides] = {}
    everything = [list(_all(stack, iam=iam, types=types)) for stack in (before, after)]
    for side, of_side in enumerate(everything):
        for policy in of_side:
            key = (policy.attached_to, policy.kind)
            sides = policies.setdefault(key, Sides([], [], ([], [])))
            (sides.new if side else sides.old).append(policy)
    touched = {
        key: sides
        for key, sides in policies.items()
        if key[0] in changed or any(policy.source in changed for policy in (*sides[0], *sides[1]))
    }
    outside = _about_the_same(everything[0], after), _about_the_same(everything[1], before)
    for (attached_to, _), sides in touched.items():
        for own, there, others in (
            (sides.new, outside[0], sides.outside[0]),
            (sides.old, outside[1], sides.outside[1]),
        ):
            for about in dict.fromkeys((policy.principal, policy.about) for policy in own):
                others += (replace(p, attached_to=attached_to) for p in there.get(about, ()))
    return touched


def _about_the_same(
    policies: list[Policy], other: Stack
) -> dict[tuple[AnyText, str], list[Policy]]:
    """Return the policies about what is outside of the template, by what that is.

    What only stands for itself is the same as another only if it is not in the other side.
    """
    by_target: dict[tuple[AnyText, str], list[Policy]] = {}
    for policy in policies:
        if policy.principal or (policy.about and policy.source not in other.names):
            by_target.setdefault((policy.principal, policy.about), []).append(policy)
    return by_target


def identity_policies(stack: Stack) -> Iterator[Policy]:
    """Yield the policies of a template's roles, users and groups."""
    yield from _all(stack, iam=True, types=set())


def _all(stack: Stack, *, iam: bool, types: set[str]) -> Iterator[Policy]:
    """Yield the policies of IAM, if they are asked for, and those in resources of some types."""
    names = {name: type_of(stack, name) for name in stack.names} if iam or types else {}
    if iam:
        yield from _identity_policies(
            stack, [n for n, type_ in names.items() if type_.startswith(IAM)]
        )
    for name, type_ in names.items():
        if type_ in types:
            yield from _resource_policies(stack, name)


def _identity_policies(stack: Stack, names: list[str]) -> Iterator[Policy]:
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
            yield from (policy for policy in own if not policy.unattached)
            loose += [policy for policy in own if policy.unattached]
    yield from (
        policy
        for policy in loose
        if policy.source not in attached or type_of(stack, policy.source) != f"{IAM}ManagedPolicy"
    )


def _principal(stack: Stack, resource: Resource, when: Condition) -> Iterator[Policy]:
    name, properties = resource.name, resource.properties
    for inner, body in lookup(properties.get("Policies"), "*", "PolicyDocument"):
        yield Policy(name, "permissions", name, body, when | inner)
    for inner, fragment in _unwritten(resource):
        description = f"whatever this makes of it: {shown(fragment)}"
        yield Policy(name, "permissions", name, fragment, when | inner, description=description)
    if "AssumeRolePolicyDocument" in properties:
        body = properties["AssumeRolePolicyDocument"]
        yield Policy(name, "trust", name, body, when, itself=name)
    for inner, arn in text_alternatives(properties.get("ManagedPolicyArns")):
        yield _managed(stack, name, "permissions", arn, when | inner)
    for inner, group in text_alternatives(properties.get("Groups")):
        description = f"everything that the group {shown(group)} allows"
        yield Policy(name, "permissions", name, group, when | inner, description=description)
    if resource.type in BOUNDED:
        # Where there is no holder, there is nothing to limit: its own condition is none of these.
        for inner, arn in if_alternatives(properties.get("PermissionsBoundary")):
            if arn is None:
                yield Policy(name, "boundary", name, None, inner, description="*")
            else:
                text = arn if isinstance(arn, str | Text) else canonical(arn)
                yield _managed(stack, name, "boundary", text, inner)


def _unwritten(resource: Resource) -> Iterator[tuple[Condition, Any]]:
    """Yield parts of policies that a macro, a loop, or an unresolved function writes."""
    for part in (resource.properties, resource.attributes):
        for key in part:
            if key.startswith(("Fn::Transform", "Fn::ForEach::")):
                yield ALWAYS, {key: part[key]}
    for when, value in if_alternatives(resource.properties.get("Policies")):
        for item in value if isinstance(value, list) else [value]:
            for inner, policy in if_alternatives(item):
                if policy is not None and not (
                    isinstance(policy, dict) and "PolicyDocument" in policy
                ):
                    yield when | inner, policy


def _managed(stack: Stack, attached_to: str, kind: str, arn: AnyText, when: Condition) -> Policy:
    """Return a managed policy that a principal names: the template's own, or one by its ARN."""
    name = referenced_name(arn)
    if type_of(stack, name) == f"{IAM}ManagedPolicy":
        resource = stack.resource(name)
        existing = existence(stack, resource) if resource else None
        if resource and existing is not None:
            body = resource.properties.get("PolicyDocument")
            return Policy(attached_to, kind, name, body, when | existing)
    description = f"everything that {shown(arn)} allows"
    return Policy(attached_to, kind, attached_to, arn, when, description=description)


def _attached(stack: Stack, resource: Resource, when: Condition) -> Iterator[Policy]:
    name, body = resource.name, resource.properties["PolicyDocument"]
    is_attached = False
    for key in ATTACHED:
        for inner, target in text_alternatives(resource.properties.get(key)):
            is_attached = True
            attached_to = referenced_name(target)
            if type_of(stack, attached_to) in PRINCIPALS:
                yield Policy(attached_to, "permissions", name, body, when | inner)
            else:
                yield Policy(name, "permissions", name, body, when | inner, principal=target)
    if not is_attached:
        about = _about(resource)
        yield Policy(name, "permissions", name, body, when, unattached=True, about=about)


def _members(stack: Stack, resource: Resource, when: Condition) -> Iterator[Policy]:
    group = resource.properties.get("GroupName")
    description = f"everything that the group {shown(group)} allows"
    for inner, user in text_alternatives(resource.properties.get("Users")):
        own = type_of(stack, referenced_name(user)) in PRINCIPALS
        yield Policy(
            referenced_name(user) if own else resource.name,
            "permissions",
            resource.name,
            group,
            when | inner,
            description=description,
            principal="" if own else user,
        )


def _about(resource: Resource) -> str:
    """Return what a policy that is attached to nothing in the template is about.

    That is all that it says but its document and whom it admits, such as its bucket.
    """
    if resource.type in WITHIN:
        return canonical([resource.type, *map(resource.properties.get, WITHIN[resource.type])])
    rest = {
        key: value
        for key, value in resource.properties.items()
        if key not in NOT_ABOUT
        and key not in DOCUMENTS
        and (resource.type not in PERMISSIONS or key in PROTECTED)
        and next(documents(value, key), None) is None
    }
    return canonical([resource.type, rest])


def _resource_policies(stack: Stack, name: str) -> Iterator[Policy]:
    """Yield the policies that a resource has in it, for everyone it protects."""
    resource = stack.resource(name)
    when = existence(stack, resource) if resource else None
    if resource is None or when is None or resource.type.startswith(IAM):
        return
    as_document = PERMISSIONS.get(resource.type)
    if as_document:
        policies = [(ALWAYS, "Statement", as_document(resource.properties))]
    else:
        policies = list(documents(resource.properties))
    for inner, given in text_alternatives(resource.properties.get(GIVEN.get(resource.type, ""))):
        yield _managed(stack, name, "permissions", given, when | inner)
    separate = resource.type.endswith(("Policy", "Permission"))
    protected = list(_protected(stack, resource)) if separate and policies else []
    for inner, attached_to in protected or [(ALWAYS, name)]:
        unattached = separate and not protected
        about = _about(resource) if unattached or resource.type in WITHIN else ""
        itself = "" if unattached or resource.type in OUTWARD else attached_to
        for outer, key, body in policies:
            kind = kind_of(key, body)
            condition = when | inner | outer
            yield Policy(attached_to, kind, name, body, condition, unattached, itself, about=about)


def _protected(stack: Stack, resource: Resource) -> Iterator[tuple[Condition, str]]:
    for key in PROTECTED:
        for when, target in text_alternatives(resource.properties.get(key)):
            if type_of(stack, referenced_name(target)):
                yield when, referenced_name(target)
