"""Who may do what: a role for each purpose, none of which can pass another's role on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from awacs import cloudwatch, codebuild, codepipeline, sns, sts
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Role, RolePolicy

from cfngen import Statement, Template, allow, waive
from cfngen.errors import BlueprintError
from cfngen.patterns import assumed_role, role_policy
from cfngen.patterns.stores import role_path

from .._shared.deployers import (
    PURPOSES,
    Deployer,
    add_deployer,
    add_pipeline_role,
    imported,
    imported_deployer,
)
from .._shared.store_access import StoreAccess
from .options import Options
from .parameters import Params
from .source import may_fetch


@dataclass(frozen=True)
class PipelineRole:
    """The pipeline's own role, of this stack or another, and the roles that it assumes.

    Attributes:
        arn: its ARN.
        name: its name.
        service: the service that is deployed, below whose path all roles are.
        imported: whether another stack has it.
        assumed: the ARNs of the roles that it assumes; `add_pipeline_policy` grants them.
    """

    arn: Any
    name: Any
    service: str
    imported: bool
    assumed: AssumedRoles = field(default_factory=lambda: AssumedRoles())

    @property
    def path(self) -> str:
        """The IAM path of the service's roles."""
        return role_path(self.service)


class AssumedRoles:
    """ARNs of roles, collected until the policy is made that allows assuming them."""

    def __init__(self) -> None:
        """Start without any."""
        self._arns: list[Any] = []
        self._policy = ""

    def add(self, title: str, arn: Any) -> None:
        """Collect one.

        Args:
            title: the logical ID of the role, for the message.
            arn: its ARN.

        Raises:
            BlueprintError: the policy has been made already, and would not allow this role.
        """
        if self._policy:
            raise BlueprintError(
                f"{title} is added after {self._policy}, which lists the roles that the pipeline"
                " may assume: add all roles first"
            )
        self._arns.append(arn)

    def close(self, policy: str) -> list[Any]:
        """Return the ARNs for a policy; no more are taken.

        Raises:
            BlueprintError: another policy has them already.
        """
        if self._policy:
            raise BlueprintError(f"{policy}: the roles are those of {self._policy} already")
        self._policy = policy
        return self._arns


def add_own_role(t: Template, options: Options) -> PipelineRole:
    """Add the pipeline's own role, which may do nothing yet, unless another stack has it."""
    service = options.service
    if not options.own_roles:
        arn, name = imported("PipelineRoleArn"), imported("PipelineRoleName")
        return PipelineRole(arn, name, service, imported=True)
    own = add_pipeline_role(t, service)
    return PipelineRole(GetAtt(own, "Arn"), Ref(own), service, imported=False)


def add_source_role(
    t: Template, p: Params, options: Options, pipeline: PipelineRole, access: StoreAccess
) -> Role:
    """Add the role of the source action."""
    return _add_assumed_role(
        t,
        pipeline,
        "SourceRole",
        *may_fetch(p, options),
        *access.may_act(gives=[("artifacts", options.home)]),
        reason="Assumed by the source action: it fetches the code.",
    )


def add_start_build_role(t: Template, pipeline: PipelineRole, project: Any) -> Role:
    """Add the role of the action that starts the build."""
    start = allow(
        codebuild.BatchGetBuilds,
        codebuild.StartBuild,
        codebuild.StopBuild,
        on=GetAtt(project, "Arn"),
    )
    waive(
        start,
        "documented:codebuild:BatchGetBuildBatches",
        "documented:codebuild:StartBuildBatch",
        reason="They are for an action with BatchEnabled, which this one is not.",
    )
    return _add_assumed_role(
        t,
        pipeline,
        "StartBuildRole",
        start,
        reason="Assumed by the build action: it starts one project.",
    )


def add_approval_role(t: Template, pipeline: PipelineRole, topic: Any) -> Role:
    """Add the role of the actions that ask people."""
    return _add_assumed_role(
        t,
        pipeline,
        "ApprovalRole",
        allow(sns.Publish, on=Ref(topic)),
        reason="Assumed by approvals: they tell that somebody is waited for.",
    )


def add_watch_role(t: Template, pipeline: PipelineRole) -> Role:
    """Add the role of the rules that look at alarms."""
    return _add_assumed_role(
        t,
        pipeline,
        "WatchRole",
        allow(
            cloudwatch.DescribeAlarms,
            on="*",
            reason="It only reads; the names of alarms would grow with the regions.",
        ),
        reason="Assumed by the rules that look at alarms.",
    )


def add_hand_over_role(
    t: Template, options: Options, pipeline: PipelineRole, access: StoreAccess
) -> Role:
    """Add the role that puts what was built where the pipelines of the regions find it."""
    return _add_assumed_role(
        t,
        pipeline,
        "HandOverRole",
        *access.may_act(
            takes=[("artifacts", options.home)],
            deploys=[("packages", options.home)],
        ),
        reason="Assumed by the actions that store what the regions' pipelines deploy.",
    )


def add_start_regions_role(t: Template, pipeline: PipelineRole) -> Role:
    """Add the role of the actions that start the pipelines of the regions."""
    regions = Sub(
        "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-*"
    )
    return _add_assumed_role(
        t,
        pipeline,
        "StartRegionsRole",
        waive(
            allow(
                codepipeline.GetPipelineExecution, codepipeline.StartPipelineExecution, on=regions
            ),
            "cdk-nag:AwsSolutions-IAM5/codepipeline:<AWS::StackName>-*",
            reason="The star stands for the regions in the names of the stack's own pipelines,"
            " which may be started and asked how they are.",
        ),
        reason="Assumed by the actions that start the regions' pipelines.",
    )


def add_take_over_role(
    t: Template, options: Options, pipeline: PipelineRole, access: StoreAccess
) -> Role:
    """Add the role of the regions' sources."""
    return _add_assumed_role(
        t,
        pipeline,
        "TakeOverRole",
        *access.may_act(takes=[("packages", options.home)], gives=[("artifacts", options.home)]),
        reason="Assumed by the sources of the regions' pipelines: they fetch what was stored.",
    )


def add_deployers(
    t: Template, pipeline: PipelineRole, access: StoreAccess
) -> tuple[Deployer, Deployer]:
    """Add what deploys the infrastructure and the application, unless another stack has it."""
    infrastructure, application = (
        imported_deployer(pipeline.service, purpose)
        if pipeline.imported
        else add_deployer(t, purpose, access, pipeline.arn)
        for purpose in PURPOSES
    )
    pipeline.assumed.add("InfrastructureActionRole", infrastructure.action_role)
    pipeline.assumed.add("ApplicationActionRole", application.action_role)
    return infrastructure, application


def add_pipeline_policy(t: Template, pipeline: PipelineRole, access: StoreAccess) -> RolePolicy:
    """Add what the pipeline's role may do, once all the roles are there that it assumes."""
    return t.add(
        role_policy(
            "PipelinePolicy",
            pipeline.name,
            allow(sts.AssumeRole, on=pipeline.assumed.close("PipelinePolicy")),
            *access.may_act(gives=["artifacts"]),
            # A role of another stack may have a policy of each pipeline that uses it.
            name=Ref("AWS::StackName") if pipeline.imported else "Permissions",
        )
    )


def _add_assumed_role(
    t: Template, pipeline: PipelineRole, title: str, *statements: Statement, reason: str
) -> Role:
    """Add a role that the pipeline's own assumes."""
    role = assumed_role(title, pipeline.arn, *statements, Path=pipeline.path)
    pipeline.assumed.add(title, GetAtt(role, "Arn"))
    return t.add(role, reason=reason)
