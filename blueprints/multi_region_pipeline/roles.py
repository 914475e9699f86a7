"""Who may do what: a role for each purpose, none of which can pass another's role on."""

from typing import Any

from awacs import cloudwatch, codebuild, codepipeline, sns, sts
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Role, RolePolicy

from cfngen import Template, allow
from cfngen.authoring.iam import Statement
from cfngen.patterns import assumed_role, role_policy
from cfngen.patterns.stores import role_path

from .._shared.deployers import (
    PURPOSES,
    Deployer,
    Purpose,
    add_deployer,
    add_pipeline_role,
    imported,
    imported_deployer,
)
from .._shared.store_access import StoreAccess
from .options import Options
from .parameters import Params
from .source import may_fetch


class Roles:
    """The roles of the pipeline, added to the template as they are needed."""

    def __init__(self, t: Template, p: Params, options: Options, access: StoreAccess) -> None:
        """Add the pipeline's own role, which may do nothing yet, unless another stack has it."""
        self.t = t
        self.options = options
        self.access = access
        self.path = role_path(options.service)
        self.imported = options.roles == "stack"
        self.assumed: list[Any] = []  # ARNs
        self.pipeline: Any  # the ARN
        self.pipeline_name: Any
        if self.imported:
            self.pipeline = imported("PipelineRoleArn")
            self.pipeline_name = imported("PipelineRoleName")
        else:
            own = add_pipeline_role(t, options.service)
            self.pipeline, self.pipeline_name = GetAtt(own, "Arn"), Ref(own)
        self.source = self._acting(
            "SourceRole",
            *may_fetch(p, options),
            *access.may_act(gives=[("artifacts", options.home)]),
            reason="Assumed by the source action: it fetches the code.",
        )

    def build(self, project: Any) -> Role:
        """Return the role of the action that starts the build."""
        # excuse documented:codebuild:BatchGetBuildBatches, documented:codebuild:StartBuildBatch
        # StartBuildRole: They are for an action with BatchEnabled, which this one is not.
        return self._acting(
            "StartBuildRole",
            allow(
                codebuild.BatchGetBuilds,
                codebuild.StartBuild,
                codebuild.StopBuild,
                on=GetAtt(project, "Arn"),
            ),
            reason="Assumed by the build action: it starts one project.",
        )

    def approval(self, topic: Any) -> Role:
        """Return the role of the actions that ask people."""
        return self._acting(
            "ApprovalRole",
            allow(sns.Publish, on=Ref(topic)),
            reason="Assumed by approvals: they tell that somebody is waited for.",
        )

    def watch(self) -> Role:
        """Return the role of the rules that look at alarms."""
        return self._acting(
            "WatchRole",
            allow(
                cloudwatch.DescribeAlarms,
                on="*",
                reason="It only reads; the names of alarms would grow with the regions.",
            ),
            reason="Assumed by the rules that look at alarms.",
        )

    def hand_over(self) -> Role:
        """Return the role that puts what was built where the pipelines of the regions find it."""
        return self._acting(
            "HandOverRole",
            *self.access.may_act(
                takes=[("artifacts", self.options.home)],
                deploys=[("packages", self.options.home)],
            ),
            reason="Assumed by the actions that store what the regions' pipelines deploy.",
        )

    def start_regions(self) -> Role:
        """Return the role of the actions that start the pipelines of the regions."""
        # excuse cdk-nag:AwsSolutions-IAM5/codepipeline:<AWS::StackName>-* StartRegionsRole: The
        # star stands for the regions in the names of the stack's own pipelines, which may be
        # started and asked how they are.
        regions = Sub(
            "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:"
            "${AWS::StackName}-*"
        )
        return self._acting(
            "StartRegionsRole",
            allow(
                codepipeline.GetPipelineExecution, codepipeline.StartPipelineExecution, on=regions
            ),
            reason="Assumed by the actions that start the regions' pipelines.",
        )

    def take_over(self) -> Role:
        """Return the role of the regions' sources."""
        return self._acting(
            "TakeOverRole",
            *self.access.may_act(
                takes=[("packages", self.options.home)], gives=[("artifacts", self.options.home)]
            ),
            reason="Assumed by the sources of the regions' pipelines: they fetch what was stored.",
        )

    def deployers(self) -> tuple[Deployer, Deployer]:
        """Return what deploys the infrastructure and the application."""
        infrastructure, application = map(self._deployer, PURPOSES)
        self.assumed += [infrastructure.action_role, application.action_role]
        return infrastructure, application

    def _deployer(self, purpose: Purpose) -> Deployer:
        if self.imported:
            return imported_deployer(self.options.service, purpose)
        return add_deployer(self.t, purpose, self.access, self.pipeline)

    def seal(self) -> RolePolicy:
        """Add what the pipeline's role may do, once all the roles are there that it assumes."""
        return self.t.add(
            role_policy(
                "PipelinePolicy",
                self.pipeline_name,
                allow(sts.AssumeRole, on=self.assumed),
                *self.access.may_act(gives=["artifacts"]),
                # A role of another stack may have a policy of each pipeline that uses it.
                name=Ref("AWS::StackName") if self.imported else "Permissions",
            )
        )

    def _acting(self, title: str, *statements: Statement, reason: str) -> Role:
        held = self.t.add(
            assumed_role(title, self.pipeline, *statements, Path=self.path), reason=reason
        )
        self.assumed.append(GetAtt(held, "Arn"))
        return held
