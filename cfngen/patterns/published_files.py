"""Files as an archive in a bucket, put there by the stack, and how other stacks find it.

One stack in an account and region puts the files there, as one archive that is named after their
content, and writes its location to an SSM parameter. Stacks that use the files take the location
from there when they are deployed: CodeBuild fetches them as the source of a project, `built_image`
adds them to what an image is made of. Archives are never overwritten and never deleted, so that
what was deployed with an older one goes on with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from awacs import s3
from troposphere import AWSHelperFn, AWSObject, Ref, Select, Split, Sub
from troposphere.cloudformation import CustomResource
from troposphere.iam import Role
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)
from troposphere.ssm import Parameter as StoredParameter

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.parameters import parameter
from cfngen.authoring.payload import Payload
from cfngen.authoring.substitution import sub
from cfngen.authoring.waivers import waive
from cfngen.errors import PayloadError
from cfngen.patterns.buckets import bucket_policy, private_bucket
from cfngen.patterns.build_permissions import fetch_source
from cfngen.patterns.custom_resources import custom_resource

__all__ = [
    "PublishedFiles",
    "archive_arn",
    "archive_name",
    "fetch_published",
    "files_parameter",
    "published_files",
]

DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class PublishedFiles:
    """An archive of files in a bucket, what puts it there, and the parameter that tells where.

    Attributes:
        bucket: where this archive is, and all before it.
        policy: the bucket's.
        publisher: assumed by the function of the stack custom-resources, which puts it there.
        custom: asks for the archive.
        stored: the SSM parameter that holds the archive's location.
        reason: the comment above `custom`.
    """

    bucket: Bucket
    policy: BucketPolicy
    publisher: Role
    custom: CustomResource
    stored: StoredParameter
    reason: str

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources and why each is there."""
        return [
            (self.bucket, "Kept when the stack goes: stacks refer to what is in it."),
            (self.policy, "Nothing is read or written without TLS."),
            (self.publisher, f"Assumed for {self.title} by the function of custom-resources."),
            (self.custom, self.reason),
            (self.stored, "Read by the stacks that use the files, each time they are deployed."),
        ]

    @property
    def title(self) -> str:
        """The logical ID of the custom resource, for a `DependsOn`."""
        return str(self.custom.title)

    @property
    def location(self) -> Sub:
        """Where the archive is, as `BUCKET/KEY`: known once it is there."""
        return sub(self.bucket, f"/${{{self.title}.Key}}")


def published_files(
    title: str,
    files: Mapping[str, Payload],
    *,
    parameter: Any,
    description: Any,
    reason: str,
) -> PublishedFiles:
    """Return an archive of files in a bucket, and the SSM parameter that holds its location.

    The archive's key is a digest of the names and texts of the files, then `.zip`. The bucket
    outlives the stack with all archives that were ever there. What puts it there is the function of
    the stack `custom-resources`, which has to be there first.

    Args:
        title: what all logical IDs begin with; that of the custom resource which asks for the
            archive has `Version` behind it.
        files: the files, by name, without directories.
        parameter: the name of the SSM parameter.
        description: of the SSM parameter.
        reason: the comment above the custom resource.

    Raises:
        PayloadError: there are no files.

    Example:
        >>> from cfngen.authoring.payload import Payload
        >>> made = published_files(
        ...     "Tools", {"tool.py": Payload("print(1)", "tool.py")}, parameter="/team/tools",
        ...     description="Where the tools are", reason="Puts the tools there.")
        >>> made.location.to_dict()
        {'Fn::Sub': '${ToolsArchives}/${ToolsVersion.Key}'}
    """
    if not files:
        raise PayloadError(f"{title}: has no files; name those that other stacks use")
    content = {name: str(text) for name, text in sorted(files.items())}
    digest = sha256(json.dumps(content).encode()).hexdigest()[:DIGEST_CHARACTERS]
    bucket = _bucket(f"{title}Archives")
    publisher, custom = custom_resource(
        "Custom::Files",
        f"{title}Version",
        allow(s3.PutObject, on=Sub(f"${{{bucket.title}.Arn}}/{digest}.zip")),
        Bucket=Ref(bucket),
        Key=f"{digest}.zip",
        Files=dict(sorted(files.items())),
    )
    stored = StoredParameter(
        f"{title}Location",
        Type="String",
        Name=parameter,
        Description=description,
        Value=sub(bucket, f"/${{{custom.title}.Key}}"),
    )
    return PublishedFiles(bucket, bucket_policy(bucket), publisher, custom, stored, reason)


def files_parameter(
    name: str, template: str, *, what: str, group: str, when: Callable[[Any], bool] | None = None
) -> parameter:
    """Return the parameter of a stack that uses published files; a `Ref` to it is their location.

    Its value is the name of the SSM parameter. Source: AWS page "Specify existing resources at
    runtime with CloudFormation-supplied parameter types".

    Args:
        name: the name of the SSM parameter, unless another is chosen.
        template: the name of the template that publishes the files.
        what: what the files are, such as `the program`.
        group: the group of the parameter.
        when: returns for the options whether the template has it; always, without.
    """
    return parameter(
        f"Name of the SSM parameter that holds the location of {what}. Deploy"
        f" {template}.yaml first, which writes it.",
        Type="AWS::SSM::Parameter::Value<String>",
        Default=name,
        group=group,
        when=when,
    )


def archive_name(location: Any) -> AWSHelperFn:
    """Return the name of an archive without `.zip`, which is a digest of its content.

    Args:
        location: a reference to a location, `BUCKET/NAME.zip`.
    """
    return Select(0, Split(".", Select(1, Split("/", location))))


def archive_arn(location: Any) -> Sub:
    """Return the ARN of an archive.

    Args:
        location: a reference to its location.
    """
    return sub("arn:${AWS::Partition}:s3:::", location)


def fetch_published(location: Any) -> tuple[Statement, ...]:
    """Allow a build to fetch an archive as its source, whichever of the bucket.

    A build that waits for a machine while its stack is updated fetches the archive that it was
    started with, by the role as it is then.

    Args:
        location: a `Ref` to the archive's location.
    """
    bucket = Sub("arn:${AWS::Partition}:s3:::${Archives}", Archives=Select(0, Split("/", location)))
    read, look = fetch_source(sub(bucket, "/*.zip"), bucket)
    waive(
        read,
        "cdk-nag:AwsSolutions-IAM5/s3:<Archives>/*.zip",
        reason="The bucket holds releases of one program and nothing else; a build that was queued"
        " before an update fetches the release that it was started with.",
    )
    return read, look


def _bucket(title: str) -> Bucket:
    """Return the bucket, which is never emptied."""
    encryption = ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    bucket = private_bucket(
        title,
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        BucketEncryption=BucketEncryption(
            ServerSideEncryptionConfiguration=[
                ServerSideEncryptionRule(ServerSideEncryptionByDefault=encryption)
            ]
        ),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=LifecycleConfiguration(
            Rules=[
                LifecycleRule(
                    Id="Abort",
                    Status="Enabled",
                    AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(
                        DaysAfterInitiation=1
                    ),
                )
            ]
        ),
    )
    return waive(
        bucket,
        "checkov:CKV_AWS_18",
        "cdk-nag:AwsSolutions-S1",
        reason="A log would need a bucket of its own, for archives that anybody may read in the"
        " template; one role may write them, and CloudTrail's data events tell who did, in"
        " accounts that want to know.",
    )
