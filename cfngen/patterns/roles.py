"""A role for one AWS service, with its permissions written as sentences."""

from __future__ import annotations

from typing import Any

from troposphere import Ref
from troposphere.iam import Policy, Role

from cfngen.iam import Statement, policy_document, trust

# Services that send aws:SourceAccount when they assume a role, so that another account's use of
# the same service cannot borrow it. API Gateway and Lambda are not documented to.
SENDS_SOURCE_ACCOUNT = frozenset({"codebuild", "codepipeline", "ecs-tasks", "events", "scheduler"})


def role(title: str, service: str, *statements: Statement) -> Role:
    """Return a role that one AWS service may assume, and that may do what is said.

    Args:
        title: the logical ID.
        service: the first label of the service principal, such as `codebuild`.
        statements: what it may do, from `allow` and `deny`.
    """
    when: dict[str, Any] | None = None
    if service in SENDS_SOURCE_ACCOUNT:
        when = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
    policy = Policy(PolicyName="Permissions", PolicyDocument=policy_document(*statements))
    return Role(title, AssumeRolePolicyDocument=trust(service, when), Policies=[policy])
