"""Roles for AWS services and for other roles."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Policy, Role, RolePolicy

from cfngen.authoring.iam import Statement, policy_document, trust
from cfngen.authoring.role_settings import current_role_settings

__all__ = ["assumed_role", "role", "role_arn", "role_for_stack", "role_policy"]

# Services that send aws:SourceAccount when they assume a role, so that another account's use of
# the same service cannot borrow it. Each rests on a page of docs.aws.amazon.com that has the key in
# a trust policy for the service (read on 2026-11-30):
#   codebuild   codebuild/latest/userguide/setting-up-service-role.html
#   ecs-tasks   AmazonECS/latest/developerguide/task-iam-roles.html; the page on the execution role
#               (task_execution_IAM_role.html) has no condition, and the principal is the same
#   events      eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
#   scheduler   scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
# For codepipeline it is inferred: no page of its guide that was read has it, but the service role
# that its console makes does, in the statement CodePipelineTrustPolicy. API Gateway and Lambda are
# not documented to send it: the one's page (apigateway/latest/developerguide/permissions.html) has
# no condition, and the other's disagree (lambda/latest/dg/permissions-managed-policies.html,
# permissions-source-function-arn.html).
SENDS_SOURCE_ACCOUNT = frozenset({"codebuild", "codepipeline", "ecs-tasks", "events", "scheduler"})


def role(title: str, service: str, *statements: Statement, **properties: Any) -> Role:
    """Return a role that one AWS service may assume.

    Args:
        title: the logical ID.
        service: the first label of the service principal, such as `codebuild`.
        statements: its permissions, from `allow` and `deny`.
        properties: further properties, such as `Path`, as CloudFormation spells them.
    """
    when: dict[str, Any] | None = None
    if service in SENDS_SOURCE_ACCOUNT:
        when = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
    return Role(
        title, AssumeRolePolicyDocument=trust(service, when), **properties, **_may(statements)
    )


def assumed_role(
    title: str,
    by: Any,
    *statements: Statement,
    when: dict[str, Any] | None = None,
    **properties: Any,
) -> Role:
    """Return a role that another role may assume.

    Args:
        title: the logical ID.
        by: the ARN of the other role, which also needs permission to assume this one if it is in
            another account.
        statements: what it may do.
        when: conditions against the confused deputy problem, such as `sts:ExternalId`.
        properties: further properties, as CloudFormation spells them.
    """
    trusted = Statement(Effect="Allow", Principal={"AWS": by}, Action="sts:AssumeRole")
    if when:
        trusted["Condition"] = when
    return Role(
        title,
        AssumeRolePolicyDocument=policy_document(trusted),
        **properties,
        **_may(statements),
    )


def role_for_stack(
    title: str, account: str, stack: str, there: str, *statements: Statement
) -> Role:
    """Return a role that the role of a stack in another account may assume.

    That role need not exist yet, so its name is matched: stack, logical ID, something; and its path
    is taken to be the one that this template's roles have.

    Args:
        title: the logical ID.
        account: text for a `Sub` with the other account, such as `${BuilderAccount}`.
        stack: the same with the stack's name, of 39 characters at most, or IAM would cut it.
        there: the logical ID of the role there, of ten characters at most.
        statements: what it may do.
    """
    root = Sub(f"arn:${{AWS::Partition}}:iam::{account}:root")
    path = current_role_settings().path or "/"
    name = Sub(f"arn:${{AWS::Partition}}:iam::{account}:role{path}{stack}-{there}-*")
    trusted = Statement(
        Effect="Allow",
        Principal={"AWS": root},
        Action="sts:AssumeRole",
        Condition={"ArnLike": {"aws:PrincipalArn": name}},
    )
    return Role(title, AssumeRolePolicyDocument=policy_document(trusted), **_may(statements))


def role_policy(
    title: str, holder: Any, *statements: Statement, name: Any = "Permissions"
) -> RolePolicy:
    """Return a role's policy as a separate resource, which avoids a circular dependency.

    Resources that need these permissions need a `DependsOn` of it.

    Args:
        title: the logical ID.
        holder: the role, or the name of one that is not in the template.
        statements: what it may do.
        name: the policy's name, by which the policies of one role are told apart.
    """
    return RolePolicy(
        title,
        RoleName=Ref(holder) if isinstance(holder, Role) else holder,
        PolicyName=name,
        PolicyDocument=policy_document(*statements),
    )


def role_arn(role: Any) -> Any:
    """Return the ARN of a role of the template; an ARN is returned as it is."""
    return GetAtt(role, "Arn") if isinstance(role, Role) else role


def _may(statements: tuple[Statement, ...]) -> dict[str, Any]:
    if not statements:
        return {}
    document = policy_document(*statements)
    return {"Policies": [Policy(PolicyName="Permissions", PolicyDocument=document)]}
