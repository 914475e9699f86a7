"""Network and image of a Fargate task: options, parameters and resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

from troposphere import AWSObject, GetAtt, Ref
from troposphere.ec2 import SecurityGroup
from troposphere.logs import LogGroup

from cfngen.authoring.iam import Statement
from cfngen.authoring.options import option
from cfngen.authoring.parameters import Parameters, parameter
from cfngen.authoring.payload import Payload
from cfngen.deprecation import RenamedAttribute, warn_renamed
from cfngen.patterns._renamed import decided
from cfngen.patterns.fargate import Placement
from cfngen.patterns.fargate_sizes import size_problems
from cfngen.patterns.image_permissions import pull_images, repository_arn, repository_name
from cfngen.patterns.image_stacks import image_revision, published_image
from cfngen.patterns.images import BuiltImage, built_image
from cfngen.patterns.network import PublicNetwork, callers_group, public_network

__all__ = [
    "TaskImage",
    "TaskNetwork",
    "TaskOptions",
    "TaskParameters",
    "task_image",
    "task_network",
]


@dataclass(frozen=True)
class TaskOptions:
    """Build-time options of blueprints with a Fargate task.

    Attributes:
        image_template: the name of the template that makes the image's own stack; a blueprint's
            `Options` say which.
    """

    image_template: ClassVar[str] = ""

    network: Literal["public", "private", "own"] = option(
        "Where tasks run: in public or private subnets that are there, or a small VPC of their own",
        default="public",
    )
    image: Literal["stack", "build", "existing"] = option(
        "Where the tasks' image comes from: a stack of its own that several stacks share; this"
        " stack, which then builds it; or ECR, by its URI",
        default="stack",
    )
    architecture: Literal["arm64", "x86_64"] = option(
        "Processor of tasks, functions and builds", default="arm64"
    )
    cpu: int = option("CPU units of a task, 1024 to a processor", default=1024)
    memory: int = option("Memory of a task in MiB", default=2048)
    ephemeral_storage: int = option("Disk of a task in GiB, 20 to 200", default=20)
    spot: bool = option("Use spare capacity: cheaper, and now and then interrupted", default=False)

    @property
    def runs_task(self) -> bool:
        """Whether there is a task; a blueprint may have options without one."""
        return True

    @property
    def size_problems(self) -> list[str]:
        """What is wrong with the task's size."""
        return size_problems(
            cpu=self.cpu, memory=self.memory, ephemeral_storage=self.ephemeral_storage
        )


class TaskParameters(Parameters):
    """Parameters of blueprints with a Fargate task, for its network and its image.

    The options that they are declared with are `TaskOptions`.
    """

    VpcCidr = parameter(
        "IPv4 CIDR range of the VPC that is created, a /24.",
        Default="10.91.0.0/24",
        AllowedPattern=r"[0-9]{1,3}(\.[0-9]{1,3}){2}\.0/24",
        ConstraintDescription="Enter an IPv4 range of size /24, such as 10.91.0.0/24.",
        group="Network",
        when=lambda o: o.runs_task and o.network == "own",
    )
    AvailabilityZones = parameter(
        "Names of the two Availability Zones of the subnets, separated by a comma. Leave empty for"
        " the first two of the account. Choose zones that have Fargate for the architecture of the"
        " tasks: tasks for arm64 do not run in the zone with the ID use1-az3.",
        Default="",
        AllowedPattern="|[a-z0-9-]+,[a-z0-9-]+",
        ConstraintDescription="Enter two names such as us-east-1a,us-east-1b, or leave it empty.",
        when=lambda o: o.runs_task and o.network == "own",
    )
    VpcId = parameter(
        "VPC that the tasks run in.",
        Type="AWS::EC2::VPC::Id",
        group="Network",
        when=lambda o: o.runs_task and o.network != "own",
    )
    SubnetId1 = parameter(
        "Subnet of that VPC.",
        Type="AWS::EC2::Subnet::Id",
        when=lambda o: o.runs_task and o.network != "own",
    )
    SubnetId2 = parameter(
        "Subnet of that VPC in another Availability Zone.",
        Type="AWS::EC2::Subnet::Id",
        when=lambda o: o.runs_task and o.network != "own",
    )
    ImageParameter = published_image(when=lambda o: o.runs_task and o.image == "stack")
    ImageRevision = image_revision(when=lambda o: o.runs_task and o.image == "build")
    ImageUri = parameter(
        "URI of the image in ECR, with a tag or a digest.",
        AllowedPattern=r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9/._-]+[:@].+",
        ConstraintDescription="Enter the URI of an image in ECR with a tag or a digest, such as"
        " 111122223333.dkr.ecr.eu-west-1.amazonaws.com/name:1.",
        group="Image",
        when=lambda o: o.runs_task and o.image == "existing",
    )


def task_questions(options: TaskOptions, image_stack: str) -> list[type[Parameters]]:
    """Return what `TaskParameters` declares with these options, under its earlier name.

    Args:
        options: the blueprint's.
        image_stack: the name of the template that makes the image's own stack.
    """
    warn_renamed("cfngen.patterns.tasks.task_questions()", "the class TaskParameters", stacklevel=3)
    fixed = SimpleNamespace(
        runs_task=True,
        network=options.network,
        image=options.image,
        image_template=image_stack,
        architecture=options.architecture,
    )
    return [decided(TaskParameters, fixed)]


@dataclass(frozen=True)
class TaskNetwork:
    """The network of a task.

    Attributes:
        vpc: the ID of the VPC.
        placement: where in it the task runs.
        own: the network, if the stack makes it.
        group: the security group.
    """

    vpc: Any
    placement: Placement
    own: PublicNetwork | None
    group: SecurityGroup
    made = RenamedAttribute("own")

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [*(self.own.resources if self.own else []), (self.group, "")]

    @property
    def conditions(self) -> Mapping[str, Any]:
        """The conditions that the resources need."""
        return self.own.conditions if self.own else {}

    @property
    def waits_for(self) -> list[str]:
        """The logical IDs of what a task has to wait for, or it would not get out."""
        return ["NetworkRoute", "NetworkRouting1", "NetworkRouting2"] if self.own else []


def task_network(
    access: str, p: TaskParameters, options: TaskOptions, *, ports: Mapping[int, str]
) -> TaskNetwork:
    """Return the network that the options choose: a new one, or one that parameters name.

    Args:
        access: the logical ID of the security group, through which nothing gets in.
        p: the parameters.
        options: the blueprint's.
        ports: what each port that the task calls is for.
    """
    own = None
    if options.network == "own":
        own = public_network("Network", addresses=p.VpcCidr, zones=p.AvailabilityZones)
    vpc = Ref(own.vpc) if own else p.VpcId
    subnets: Sequence[Any] = [p.SubnetId1, p.SubnetId2] if not own else [*map(Ref, own.subnets)]
    group = callers_group(access, vpc=vpc, ports=dict(ports))
    public = options.network != "private"
    placement = Placement(subnets, GetAtt(group, "GroupId"), public, options.spot)
    return TaskNetwork(vpc, placement, own, group)


@dataclass(frozen=True)
class TaskImage:
    """The image of a task: its URI, the right to pull it, and what builds it here, if anything."""

    uri: Any
    may_pull: tuple[Statement, ...]
    built: BuiltImage | None = None

    @property
    def repository(self) -> Any:
        """The name of the repository that it is in."""
        return Ref(self.built.repository) if self.built else repository_name(self.uri)

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return self.built.resources if self.built else []


def task_image(
    title: str,
    p: TaskParameters,
    options: TaskOptions,
    *,
    dockerfile: Payload,
    files: Mapping[str, Payload],
    log: LogGroup,
    archives: Sequence[Any] = (),
) -> TaskImage:
    """Return the image that the options choose: a new one, or one that a parameter names.

    Args:
        title: the logical ID of what builds it; the parts are named after it.
        p: the parameters.
        options: the blueprint's.
        dockerfile: the Dockerfile, whose context is `files`.
        files: what it copies, by name.
        log: the log group that builds write to.
        archives: locations of archives with more files, as `built_image` takes them.
    """
    if options.image != "build":
        uri = p.ImageParameter if options.image == "stack" else p.ImageUri
        return TaskImage(uri, pull_images(repository_arn(uri)))
    built = built_image(
        title,
        dockerfile=dockerfile,
        files=files,
        revision=p.ImageRevision,
        log=log,
        architecture=options.architecture,
        archives=archives,
        reason="Builds the image unless it is there, and lets the task wait for it.",
    )
    return TaskImage(built.uri, built.may_pull, built)
