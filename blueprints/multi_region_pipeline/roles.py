"""Who may do what: a role for each purpose, none of which can pass another's role on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs import cloudformation as cf
from awacs import cloudwatch, codebuild, codepipeline, iam, sns, sts
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Role, RolePolicy

from cfngen import Template, allow
from cfngen.iam import Statement
from cfngen.patterns import assumed_role, role, role_policy
from cfngen.patterns.stores import role_path

from .options import Options
from .source import may_fetch
from .storage import Storage

CHANGE_SET = "pipeline"
STACKS = "arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stack/"
READ_STACKS = (cf.DescribeStackEvents, cf.DescribeStackResources, cf.DescribeStacks, cf.GetTemplate)


@dataclass(frozen=True)
class Deployer:
    """The role that deploys one kind of stack, and the one that CloudFormation holds meanwhile."""

    stack: str
    acts: Role
    executes: Role


class Roles:
    """The roles of the pipeline, added to the template as they are needed."""

    def __init__(self, t: Template, p: Any, options: Options, storage: Storage) -> None:
        """Add the pipeline's own role, which may do nothing yet."""
        self.t = t
        self.options = options
        self.storage = storage
        self.path = role_path(options.service)
        self.assumed: list[Role] = []
        self.pipeline = t.add(
            role("PipelineRole", "codepipeline", Path=self.path),
            why="Held by the pipeline: it keeps artifacts, and assumes the roles of its actions.",
        )
        self.source = self._acting(
            "SourceRole",
            *may_fetch(p, options),
            *storage.may(write=[("artifacts", options.home)]),
            why="Held by the source action: it fetches the code.",
        )

    def build(self, project: Any) -> Role:
        """Return the role of the action that starts the build."""
        return self._acting(
            "StartBuildRole",
            allow(
                codebuild.BatchGetBuilds,
                codebuild.StartBuild,
                codebuild.StopBuild,
                on=GetAtt(project, "Arn"),
            ),
            why="Held by the build action: it starts one project.",
        )

    def approval(self, topic: Any) -> Role:
        """Return the role of the actions that ask people."""
        return self._acting(
            "ApprovalRole",
            allow(sns.Publish, on=Ref(topic)),
            why="Held by approvals: they tell that somebody is waited for.",
        )

    def watch(self) -> Role:
        """Return the role of the rules that look at alarms."""
        return self._acting(
            "WatchRole",
            allow(
                cloudwatch.DescribeAlarms,
                on="*",
                because="It only reads; the names of alarms would grow with the regions.",
            ),
            why="Held by the rules that look at alarms.",
        )

    def hand_over(self) -> Role:
        """Return the role that puts what was built where the pipelines of the regions find it."""
        return self._acting(
            "HandOverRole",
            *self.storage.may(
                read=[("artifacts", self.options.home)], write=[("packages", self.options.home)]
            ),
            why="Held by the actions that store what the regions' pipelines deploy.",
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
            why="Held by the actions that start the regions' pipelines.",
        )

    def take_over(self) -> Role:
        """Return the role of the regions' sources."""
        return self._acting(
            "TakeOverRole",
            self.storage.may_ask("packages", self.options.home),
            *self.storage.may(
                read=[("packages", self.options.home)], write=[("artifacts", self.options.home)]
            ),
            why="Held by the sources of the regions' pipelines: they fetch what was stored.",
        )

    def deployer(
        self, purpose: str, policies: Any, *actions: Any, also: Sequence[Any] = (), when: Any = None
    ) -> Deployer:
        """Return the two roles of one kind of stack.

        Args:
            purpose: `Infrastructure` or `Application`.
            policies: the ARNs of managed policies: what its templates may make.
            actions: of CloudFormation, on its stacks.
            also: what else they are about.
            when: their condition.
        """
        stack = f"{self.options.service}-{purpose.lower()}"
        # excuse cdk-nag:AwsSolutions-IAM4 ApplicationExecutionRole|InfrastructureExecutionRole: The
        # rule cannot read a parameter; what the templates of a service may make is known to its
        # owner only, who gives policies for it.
        executes = self.t.add(
            role(
                f"{purpose}ExecutionRole",
                "cloudformation",
                *self.storage.may(read=["packages"]),
                Path=self.path,
                ManagedPolicyArns=policies,
            ),
            why=f"Held by CloudFormation: what the {purpose.lower()}'s template may make.",
        )
        stacks = Sub(f"{STACKS}{stack}/*")
        # excuse cdk-nag:AwsSolutions-IAM5/cloudformation:*:stack/service-x-*/* *ActionRole: The
        # first star is the region and the last the id that CloudFormation gives a stack; its name
        # is the service's own.
        # excuse cdk-nag:AwsSolutions-IAM5/every-resource
        # ApplicationActionRole|InfrastructureActionRole: ValidateTemplate is asked about a template
        # that has no name yet, and changes nothing.
        acts = self._acting(
            f"{purpose}ActionRole",
            allow(*READ_STACKS, on=stacks),
            allow(*actions, on=[stacks, *also], when=when),
            allow(
                cf.ValidateTemplate,
                on="*",
                because="A template that is asked about has no name yet.",
            ),
            allow(
                iam.PassRole,
                on=GetAtt(executes, "Arn"),
                when={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
            ),
            *self.storage.may(read=["artifacts"]),
            why=f"Held by the actions that deploy the {purpose.lower()}: it passes one role.",
        )
        return Deployer(stack, acts, executes)

    def seal(self) -> RolePolicy:
        """Add what the pipeline's role may do, once all the roles are there that it assumes."""
        return self.t.add(
            role_policy(
                "PipelinePolicy",
                self.pipeline,
                allow(sts.AssumeRole, on=[GetAtt(held, "Arn") for held in self.assumed]),
                *self.storage.may_keep(),
            )
        )

    def _acting(self, title: str, *statements: Statement, why: str) -> Role:
        held = self.t.add(
            assumed_role(title, GetAtt(self.pipeline, "Arn"), *statements, Path=self.path),
            why=why,
        )
        self.assumed.append(held)
        return held
