"""Permissions to pull an image, and to push it to ECR."""

from __future__ import annotations

from typing import Any

from awacs import ecr
from troposphere import GetAtt, Select, Split, Sub
from troposphere.ecr import (
    Repository,
)

from cfngen.authoring.iam import Statement, allow
from cfngen.authoring.waivers import waive

__all__ = ["pull_images", "repository_arn", "repository_name"]


def pull_images(arn: Any) -> tuple[Statement, ...]:
    """Allow pulling the images of one repository.

    Args:
        arn: the repository.
    """
    return (
        log_in(),
        allow(
            ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer, on=arn
        ),
    )


def repository_arn(uri: Any) -> Sub:
    """Return the ARN of the repository that an image is in.

    Args:
        uri: a `Ref` to the image's URI in the partition `aws` or `aws-us-gov`, such as
            `111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/name:tag`, or with `@sha256:...`.
    """
    host = Select(0, Split(".amazonaws.com/", uri))
    return Sub(
        "arn:${AWS::Partition}:ecr:${ImageRegion}:${ImageAccount}:repository/${ImageName}",
        ImageRegion=Select(3, Split(".", host)),
        ImageAccount=Select(0, Split(".", host)),
        ImageName=repository_name(uri),
    )


def repository_name(uri: Any) -> Select:
    """Return the name of the repository that an image is in.

    Args:
        uri: a `Ref` to the image's URI, as `repository_arn` takes it.
    """
    path = Select(1, Split(".amazonaws.com/", uri))
    return Select(0, Split("@", Select(0, Split(":", path))))


def log_in() -> Statement:
    """Allow getting a password for the account's registry."""
    reason = "A token is the registry's, whose repositories have rights of their own."
    return waive(
        allow(ecr.GetAuthorizationToken, on="*", reason=reason),
        "cdk-nag:AwsSolutions-IAM5/every-resource",
        reason="GetAuthorizationToken knows no resource; the token opens only what the role may do,"
        " which is to pull from one repository, and for a build to push to it.",
    )


def push_images(repository: Repository) -> Statement:
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
