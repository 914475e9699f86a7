"""An image that builds itself while the stack is deployed, so that nobody needs Docker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from awacs import codebuild, ecr
from troposphere import AWSHelperFn, AWSObject, GetAtt, Ref, Sub
from troposphere.cloudformation import CustomResource
from troposphere.codebuild import Project
from troposphere.ecr import (
    ImageScanningConfiguration,
    LifecyclePolicy,
    Repository,
)
from troposphere.iam import Role
from troposphere.logs import LogGroup

from cfngen.errors import PayloadError
from cfngen.iam import Statement, allow
from cfngen.patterns.builds import build_project, variable
from cfngen.patterns.buildspec import buildspec
from cfngen.patterns.functions import PythonFunction, python_function
from cfngen.patterns.logs import write_logs
from cfngen.patterns.roles import role
from cfngen.payload import Payload, Payloads

PAYLOADS = Payloads(__package__)
DOCKERFILE = "Dockerfile"
# Lambda's longest. The handler answers before it, CloudFormation gives up after it.
BUILDER_SECONDS = 900
SERVICE_TIMEOUT = 960


@dataclass(frozen=True)
class BuiltImage:
    """An image with its repository and all that builds it.

    Attributes:
        repository: where the image is.
        log: the log group of the builds, which is not one of the resources.
        role: held by the builds.
        project: builds the image.
        builder: starts a build when CloudFormation asks for one.
        custom: asks for the image; what needs the image waits for this.
        why: the comment above `custom`.
    """

    repository: Repository
    log: LogGroup
    role: Role
    project: Project
    builder: PythonFunction
    custom: CustomResource
    why: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources and why each is there."""
        title = self.project.title
        return [
            (self.repository, "Tags never move, and what has one never expires."),
            (self.role, f"Held by {title}: it may push to one repository."),
            (self.project, "Builds the image and pushes it, in AWS: nobody needs Docker."),
            *self.builder.resources,
            (self.custom, self.why),
        ]

    @property
    def title(self) -> str:
        """The logical ID of the custom resource, for a `DependsOn`."""
        return str(self.custom.title)

    @property
    def tag(self) -> GetAtt:
        """The image's tag, known once the image is there: whoever asks for it waits."""
        return GetAtt(self.custom, "Tag")

    @property
    def uri(self) -> Sub:
        """The image's address, known once the image is there: whoever asks for it waits."""
        return Sub(f"${{{self.repository.title}.RepositoryUri}}:${{{self.custom.title}.Tag}}")

    @property
    def may_pull(self) -> tuple[Statement, ...]:
        """What a role needs to pull the image."""
        return pull_images(GetAtt(self.repository, "Arn"))


def built_image(
    title: str,
    *,
    dockerfile: Payload,
    files: Mapping[str, Payload],
    revision: Any,
    log: LogGroup,
    architecture: str = "arm64",
    why: str,
) -> BuiltImage:
    """Return an image that is built when the stack is deployed, once for each tag.

    The tag is a digest of what the image is made of, then `revision`. A tag that is there is
    never built again, so that retries and rollbacks succeed; another revision builds afresh, on
    the base image of that day.

    Args:
        title: the logical ID of the custom resource; all others begin with it.
        dockerfile: the Dockerfile, whose context is `files`.
        files: what it copies, by name.
        revision: the end of the tag, such as a `Ref` to a parameter.
        log: the log group that builds write to, and what starts them.
        architecture: `arm64` or `x86_64`, of the image and of what builds it.
        why: the comment above the custom resource.

    Raises:
        PayloadError: a file cannot be carried, or there are two Dockerfiles.
    """
    if DOCKERFILE in files:
        raise PayloadError(f"{title}: files has a {DOCKERFILE}; leave it to dockerfile=")
    text = PAYLOADS["image-buildspec.yml"]
    context = {**files, DOCKERFILE: dockerfile}
    carried = {name: str(content) for name, content in sorted(context.items())}
    made_of = json.dumps([architecture, str(text), carried])
    digest = sha256(made_of.encode()).hexdigest()[:12]

    # excuse checkov:CKV_AWS_136 *ImageRepository: ECR encrypts images with AES-256 anyway; they
    # hold a public base image and programs that the template itself shows, and no secret that a key
    # of one's own would keep from somebody.
    repository = Repository(
        f"{title}Repository",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        EmptyOnDelete=True,
        ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        ImageTagMutability="IMMUTABLE",
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=_expire_untagged()),
    )
    held = role(f"{title}BuildRole", "codebuild", _log_in(), _push(repository), write_logs(log))
    project = build_project(
        f"{title}Build",
        description="Builds an image and pushes it to its repository",
        buildspec=buildspec(text, carried),
        role=held,
        log=log,
        architecture=architecture,
        minutes=10,
        queued_minutes=10,
        privileged=True,
        environment=[
            variable("IMAGE", _tagged(f"${{{repository.title}.RepositoryUri}}:{digest}", revision))
        ],
    )
    # excuse checkov:CKV_AWS_116 *ImageBuilder: CloudFormation calls it and waits for its answer; if
    # that never comes the stack fails and rolls back, which nobody overlooks, and a kept event
    # could not be answered any more.
    builder = python_function(
        f"{title}Builder",
        PAYLOADS["image_builder.py"],
        allow(
            codebuild.BatchGetBuilds,
            codebuild.StartBuild,
            codebuild.StopBuild,
            on=GetAtt(project, "Arn"),
        ),
        allow(ecr.DescribeImages, on=GetAtt(repository, "Arn")),
        why=f"Has {project.title} build the image while CloudFormation waits.",
        log=log,
        architecture=architecture,
        seconds=BUILDER_SECONDS,
    )
    custom = CustomResource(
        title,
        ServiceToken=builder.arn,
        ServiceTimeout=SERVICE_TIMEOUT,
        Project=Ref(project),
        Repository=Ref(repository),
        Tag=_tagged(digest, revision),
    )
    return BuiltImage(repository, log, held, project, builder, custom, why)


def pull_images(arn: Any) -> tuple[Statement, ...]:
    """Allow pulling the images of one repository.

    Args:
        arn: the repository.
    """
    return (
        _log_in(),
        allow(
            ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer, on=arn
        ),
    )


def _tagged(start: str, revision: Any) -> Any:
    """Return a text that ends with the revision."""
    if isinstance(revision, Ref):
        return Sub(f"{start}-${{{revision.data['Ref']}}}")
    if isinstance(revision, AWSHelperFn):
        return Sub(f"{start}-${{Revision}}", Revision=revision)
    text = f"{start}-{revision}"
    return Sub(text) if "${" in text else text


def _expire_untagged() -> str:
    """Return the lifecycle policy: what lost its tag goes, and so does what never had one."""
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 1,
    }
    rule = {"rulePriority": 1, "selection": untagged, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


def _log_in() -> Statement:
    """Allow getting a password for the account's registry."""
    # excuse cdk-nag:AwsSolutions-IAM5/every-resource *AgentRole|*ImageBuildRole:
    # GetAuthorizationToken knows no resource; the token opens only what the role may do, which is
    # to pull from one repository, and for the build to push to it.
    because = "A token is the registry's, whose repositories have rights of their own."
    return allow(ecr.GetAuthorizationToken, on="*", because=because)


def _push(repository: Repository) -> Statement:
    """Allow pushing to one repository, and seeing what is there."""
    return allow(
        ecr.BatchCheckLayerAvailability,
        ecr.BatchGetImage,
        ecr.CompleteLayerUpload,
        ecr.DescribeImages,
        ecr.GetDownloadUrlForLayer,
        ecr.InitiateLayerUpload,
        ecr.PutImage,
        ecr.UploadLayerPart,
        on=GetAtt(repository, "Arn"),
    )
