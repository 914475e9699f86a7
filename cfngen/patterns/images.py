"""A container image that CodeBuild builds during the deployment, so that you need no Docker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from awacs import codebuild, ecr, s3
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

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.payload import Payload, Payloads
from cfngen.authoring.substitution import sub
from cfngen.authoring.waivers import waive
from cfngen.cloudformation.service_quotas import concurrent_builds
from cfngen.deprecation import renamed_keywords
from cfngen.errors import PayloadError
from cfngen.patterns.buckets import CacheBucket, cache_bucket
from cfngen.patterns.build_permissions import fetch_source, start_as_is
from cfngen.patterns.builds import build_project, variable
from cfngen.patterns.buildspec import buildspec
from cfngen.patterns.custom_resources import custom_resource
from cfngen.patterns.functions import MAX_SECONDS
from cfngen.patterns.image_permissions import log_in, pull_images, push_images
from cfngen.patterns.logs import write_logs
from cfngen.patterns.published_files import archive_arn, archive_name
from cfngen.patterns.roles import role

__all__ = [
    "BuiltImage",
    "built_image",
]

PAYLOADS = Payloads(__package__)
DOCKERFILE = "Dockerfile"
# A build waits for a machine for as long as the function waits for the build.
QUEUED_MINUTES = MAX_SECONDS // 60 - 1


@dataclass(frozen=True)
class BuiltImage:
    """An image with its repository and all that builds it.

    Attributes:
        repository: where the image is.
        context: the bucket that builds fetch the Dockerfile and its files from.
        log: the log group of the builds, which is not one of the resources.
        role: assumed by the builds.
        project: builds the image.
        builder: assumed by the function of the stack custom-resources, which starts builds.
        custom: asks for the image; what needs the image waits for this.
        reason: the comment above `custom`.
    """

    repository: Repository
    context: CacheBucket
    log: LogGroup
    role: Role
    project: Project
    builder: Role
    custom: CustomResource
    reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        title = self.project.title
        bucket, policy = self.context.resources
        return [
            (self.repository, "Tags never move, and what has one never expires."),
            (bucket[0], "The Dockerfile and its files are here while a build runs."),
            policy,
            (self.role, f"Assumed by {title}: it may push to one repository."),
            (self.project, "Builds the image and pushes it, in AWS: nobody needs Docker."),
            (self.builder, f"Assumed for {self.title} by the function of custom-resources."),
            (self.custom, self.reason),
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
        return sub(GetAtt(self.repository, "RepositoryUri"), ":", self.tag)

    @property
    def may_pull(self) -> tuple[Statement, ...]:
        """What a role needs to pull the image."""
        return pull_images(GetAtt(self.repository, "Arn"))


@renamed_keywords(why="reason")
def built_image(
    title: str,
    *,
    dockerfile: Payload,
    files: Mapping[str, Payload],
    revision: Any,
    log: LogGroup,
    architecture: str = "arm64",
    retained: bool = False,
    archives: Sequence[Any] = (),
    reason: str,
) -> BuiltImage:
    """Return an image that is built when the stack is deployed, once for each tag.

    The tag is a digest of what the image is made of, then the names of `archives`, then `revision`.
    A tag that is there is never built again, so that retries and rollbacks succeed; another
    revision builds afresh, on the base image of that day.

    The files are properties of the custom resource, byte for byte. Its function puts them into a
    bucket, where the project fetches them, since a buildspec has no room for more than 25,600
    characters. The function is that of the stack `custom-resources`, which has to be there first.

    Args:
        title: what all logical IDs begin with; the custom resource has `Version` behind it.
        dockerfile: the Dockerfile, whose context is `files`.
        files: what it copies, by name.
        revision: the end of the tag, such as a `Ref` to a parameter.
        log: the log group that builds write to.
        architecture: `arm64` or `x86_64`, of the image and of what builds it.
        retained: whether the repository and its images outlive the stack, as they have to where
            other stacks run them.
        archives: locations of archives with more files for the context, from the parameters that
            `files_parameter` returns; the names of the archives tell their content.
        reason: the comment above the custom resource.

    Raises:
        PayloadError: there are two Dockerfiles.
    """
    if DOCKERFILE in files:
        raise PayloadError(f"{title}: files has a {DOCKERFILE}; leave it to dockerfile=")
    spec = PAYLOADS["image-buildspec.yml"]
    content = dict(sorted({**files, DOCKERFILE: dockerfile}.items()))
    parts = json.dumps([architecture, str(spec), {n: str(text) for n, text in content.items()}])
    digest = sha256(parts.encode()).hexdigest()[:12]
    # What tells one image from another.
    added = [
        Sub(f"${{Archive{number}}}", **{f"Archive{number}": archive_name(location)})
        for number, location in enumerate(archives, start=1)
    ]
    if not isinstance(revision, AWSHelperFn):
        revision = str(revision)
    elif not isinstance(revision, Ref):
        revision = Sub("${Revision}", Revision=revision)
    names = [*added, revision]
    archive = _tagged(digest, names, ".zip")

    repository = _repository(title, retained=retained)
    context = cache_bucket(f"{title}Context", days=1)
    waive(
        context.bucket,
        "checkov:CKV_AWS_21",
        "cfripper:S3ObjectVersioningRule",
        reason="What is there stands in the template, is put there anew for each build and taken"
        " away after it; an older version would keep the bucket from being deleted with its stack.",
    )
    waive(
        context.bucket,
        "checkov:CKV_AWS_18",
        "cdk-nag:AwsSolutions-S1",
        reason="A log would need a bucket of its own, for one archive that is there for the minutes"
        " of a build; one role may write it and one build may read it.",
    )
    bucket = context.bucket.title
    source = _tagged(f"${{{bucket}.Arn}}/{digest}", names, ".zip")
    build_role = role(
        f"{title}BuildRole",
        "codebuild",
        log_in(),
        push_images(repository),
        *fetch_source(source, GetAtt(context.bucket, "Arn")),
        write_logs(log),
    )
    project = build_project(
        f"{title}Build",
        description="Builds an image and pushes it to its repository",
        buildspec=buildspec(spec),
        role=build_role,
        log=log,
        architecture=architecture,
        minutes=10,
        queued_minutes=QUEUED_MINUTES,
        privileged=True,
        source={"Type": "S3", "Location": _tagged(f"${{{bucket}}}/{digest}", names, ".zip")},
        environment=[
            variable("IMAGE", _tagged(f"${{{repository.title}.RepositoryUri}}:{digest}", names))
        ],
    )
    environment = project.Environment
    builder, custom = custom_resource(
        "Custom::Image",
        f"{title}Version",
        *start_as_is(GetAtt(project, "Arn"), variables=()),
        allow(codebuild.BatchGetBuilds, codebuild.StopBuild, on=GetAtt(project, "Arn")),
        allow(ecr.DescribeImages, on=GetAtt(repository, "Arn")),
        allow(s3.PutObject, s3.DeleteObject, on=source),
        *(allow(s3.GetObject, on=archive_arn(location)) for location in archives),
        Project=Ref(project),
        Repository=Ref(repository),
        Tag=_tagged(digest, names),
        Bucket=Ref(context.bucket),
        Key=archive,
        Files=content,
        Archives=list(archives),
        Quota=str(concurrent_builds(environment.Type, environment.ComputeType)),
    )
    return BuiltImage(repository, context, log, build_role, project, builder, custom, reason)


def _repository(title: str, *, retained: bool) -> Repository:
    """Return the repository, whose images go with the stack unless it is retained."""
    policies: dict[str, Any] = {
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "EmptyOnDelete": True,
    }
    if retained:
        policies = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    repository = Repository(
        f"{title}Repository",
        **policies,
        ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        ImageTagMutability="IMMUTABLE",
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=_expire_untagged()),
    )
    return waive(
        repository,
        "checkov:CKV_AWS_136",
        reason="ECR encrypts images with AES-256 anyway; they hold a public base image and programs"
        " that the template itself shows, and no secret that a key of one's own would keep from"
        " somebody.",
    )


def _tagged(start: str, names: Sequence[Any], end: str = "") -> Any:
    """Return a text with the names behind it, each after a dash."""
    whole = sub(start, *(part for name in names for part in ("-", name)), end)
    text = whole.data["Fn::Sub"]
    return text if isinstance(text, str) and "${" not in text else whole


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
