"""The roles with which a pipeline deploys a service, in a template or imported from another."""

from dataclasses import dataclass
from typing import Any, Literal

from awacs import cloudformation as cf
from awacs import iam
from troposphere import GetAtt, ImportValue, Ref, Sub
from troposphere.iam import Role

from cfngen import Parameters, Template, allow, parameter, waive
from cfngen.authoring.iam import Statement
from cfngen.patterns import assumed_role, role
from cfngen.patterns.stores import role_path

from .store_access import StoreAccess

Purpose = Literal["Infrastructure", "Application"]
PURPOSES: tuple[Purpose, ...] = ("Infrastructure", "Application")

CHANGE_SET = "pipeline"
STACKS = "arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stack/"
READ_STACKS = (cf.DescribeStackEvents, cf.DescribeStackResources, cf.DescribeStacks, cf.GetTemplate)
POLICY_ARNS: dict[str, Any] = {
    "Type": "CommaDelimitedList",
    "AllowedPattern": r"arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[\w+=,.@/-]+",
    "ConstraintDescription": "Enter the ARNs of managed policies, separated by commas.",
}


class Policies(Parameters):
    """What the templates of a service may make, where the stack has the roles that deploy it."""

    InfrastructurePolicyArns = parameter(
        "ARNs of managed policies for the role that creates the infrastructure stack,"
        " separated by commas.",
        group="Deployment",
        when=lambda o: o.own_roles,
        **POLICY_ARNS,
    )
    ApplicationPolicyArns = parameter(
        "ARNs of managed policies for the role that creates the application stack, separated"
        " by commas.",
        when=lambda o: o.own_roles,
        **POLICY_ARNS,
    )


@dataclass(frozen=True)
class Deployer:
    """What the actions need that deploy one kind of stack.

    Attributes:
        stack: the name of the stack, the same in every region.
        action_role: ARN of the role of the actions.
        execution_role: ARN of the role that they pass to CloudFormation.
    """

    stack: str
    action_role: Any
    execution_role: Any


def add_pipeline_role(t: Template, service: str) -> Role:
    """Add and return the pipeline's own role, which has no permissions yet."""
    return t.add(
        role("PipelineRole", "codepipeline", Path=role_path(service)),
        reason="Assumed by the pipeline: it keeps artifacts, and assumes the roles of its actions.",
    )


def add_deployer(t: Template, purpose: Purpose, access: StoreAccess, pipeline: Any) -> Deployer:
    """Add the two roles that deploy one kind of stack.

    The template has the parameters of `Policies`, whose answer is what the stack may make.

    Args:
        t: the template.
        purpose: the kind of stack.
        access: the stores of the service that is deployed.
        pipeline: ARN of the pipeline's role, the only one that may assume the actions' role.
    """
    execution_role = t.add(
        role(
            f"{purpose}ExecutionRole",
            "cloudformation",
            *access.may(read=["packages"]),
            Path=role_path(access.service),
            ManagedPolicyArns=Ref(f"{purpose}PolicyArns"),
        ),
        reason=f"Assumed by CloudFormation: what the {purpose.lower()}'s template may make.",
    )
    waive(
        execution_role,
        "cdk-nag:AwsSolutions-IAM4",
        reason="The rule cannot read a parameter; what the templates of a service may make is known"
        " to its owner only, who gives policies for it.",
    )
    stack = stack_name(access.service, purpose)
    action_role = t.add(
        assumed_role(
            f"{purpose}ActionRole",
            pipeline,
            *_may_deploy(purpose, stack),
            waive(
                allow(
                    cf.ValidateTemplate,
                    on="*",
                    reason="A template that is asked about has no name yet.",
                ),
                "cdk-nag:AwsSolutions-IAM5/every-resource",
                reason="ValidateTemplate is asked about a template that has no name yet, and"
                " changes nothing.",
            ),
            allow(
                iam.PassRole,
                on=GetAtt(execution_role, "Arn"),
                when={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
            ),
            *access.may_act(takes=["artifacts"]),
            Path=role_path(access.service),
        ),
        reason=f"Assumed by the actions that deploy the {purpose.lower()}: it passes one role.",
    )
    return Deployer(stack, GetAtt(action_role, "Arn"), GetAtt(execution_role, "Arn"))


def _may_deploy(purpose: Purpose, stack: str) -> list[Statement]:
    """Allow the calls by which CodePipeline deploys one kind of stack."""
    stacks = Sub(f"{STACKS}{stack}/*")
    read = allow(*READ_STACKS, on=stacks)
    waive(
        read,
        f"cdk-nag:AwsSolutions-IAM5/cloudformation:*:stack/{stack}/*",
        reason="The first star is the region and the last the id that CloudFormation gives a stack;"
        " its name is the service's own.",
    )
    waive(
        read,
        "documented:cloudformation:DeleteStack",
        reason="Deleting a stack is for the modes DELETE_ONLY and REPLACE_ON_FAILURE, in which no"
        " action here acts.",
    )
    if purpose == "Infrastructure":
        update = waive(
            allow(cf.CreateStack, cf.UpdateStack, on=[stacks]),
            "documented:cloudformation:CreateChangeSet",
            "documented:cloudformation:DeleteChangeSet",
            "documented:cloudformation:DescribeChangeSet",
            "documented:cloudformation:ExecuteChangeSet",
            reason="The page lists what all modes take together; CREATE_UPDATE makes and updates"
            " the stack without a change set.",
        )
        return [read, update]
    # Such as Serverless-2016-10-31, by which AWS expands templates of SAM.
    transforms = Sub("arn:${AWS::Partition}:cloudformation:*:aws:transform/*")
    change = allow(
        cf.CreateChangeSet,
        cf.DeleteChangeSet,
        cf.DescribeChangeSet,
        cf.ExecuteChangeSet,
        on=[stacks, transforms],
        when={"StringEqualsIfExists": {"cloudformation:ChangeSetName": CHANGE_SET}},
    )
    waive(
        change,
        "documented:cloudformation:CreateStack",
        "documented:cloudformation:UpdateStack",
        reason="The page lists what all modes take together; this stack is made and updated by"
        " change sets only.",
    )
    waive(
        change,
        "cdk-nag:AwsSolutions-IAM5/cloudformation:*:aws:transform/*",
        "parliament:INVALID_ARN",
        reason='Transforms such as Serverless-2016-10-31 are AWS\'s own, have "aws" in place of an'
        " account, and are asked for by the change sets of templates that use them.",
    )
    return [read, change]


def stack_name(service: str, purpose: Purpose) -> str:
    """Return the name of a service's stack of one kind."""
    return f"{service}-{purpose.lower()}"


def export_name(stack: str, value: str) -> Sub:
    """Return the name under which the stack of the roles exports a value.

    Args:
        stack: the parameter, or pseudo parameter, that has the name of that stack.
        value: the name of its output, such as `PipelineRoleArn`.
    """
    return Sub(f"${{{stack}}}-{value}")


def imported(value: str) -> ImportValue:
    """Return what the stack exports whose name is in the parameter `RolesStack`."""
    return ImportValue(export_name("RolesStack", value))


def imported_deployer(service: str, purpose: Purpose) -> Deployer:
    """Return the two roles of one kind of stack, made by the stack in `RolesStack`."""
    return Deployer(
        stack_name(service, purpose),
        imported(f"{purpose}ActionRoleArn"),
        imported(f"{purpose}ExecutionRoleArn"),
    )
