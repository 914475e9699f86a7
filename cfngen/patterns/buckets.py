"""A private, encrypted, TLS-only bucket for caches, and what all buckets have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, GetAtt, Ref, Sub
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
)

from cfngen.authoring.iam import Statement, policy_document, tls_only
from cfngen.authoring.substitution import sub
from cfngen.authoring.waivers import waive
from cfngen.errors import PatternError

__all__ = ["CacheBucket", "bucket_policy", "cache_bucket", "private_bucket"]


@dataclass(frozen=True)
class CacheBucket:
    """A bucket and its policy."""

    bucket: Bucket
    policy: BucketPolicy

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [(self.bucket, ""), (self.policy, "Nothing is read or written without TLS.")]

    @property
    def objects(self) -> Sub:
        """The ARN of every object in it, for a policy."""
        return sub(GetAtt(self.bucket, "Arn"), "/*")


def cache_bucket(title: str, *, days: Any) -> CacheBucket:
    """Return an encrypted, private, TLS-only bucket whose objects expire.

    There is no versioning, since it is a cache, and the bucket is deleted with the stack
    once it is empty (CloudFormation does not delete a bucket that has objects).

    Args:
        title: the logical ID.
        days: days after which an object expires, 1 at least, or a reference to them.

    Raises:
        PatternError: S3 does not accept that number of days.

    Source: AWS page "Lifecycle configuration elements".
    """
    if isinstance(days, int) and days < 1:
        raise PatternError("cache_bucket", title, "days", f"{days} is too few; take 1 or more")
    bucket = private_bucket(
        title,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        BucketEncryption=BucketEncryption(
            ServerSideEncryptionConfiguration=[
                ServerSideEncryptionRule(
                    ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(
                        SSEAlgorithm="AES256"
                    )
                )
            ]
        ),
        LifecycleConfiguration=LifecycleConfiguration(
            Rules=[
                LifecycleRule(
                    Id="Expire",
                    Status="Enabled",
                    ExpirationInDays=days,
                    AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(
                        DaysAfterInitiation=1
                    ),
                )
            ]
        ),
    )
    waive(
        bucket,
        "checkov:CKV_AWS_21",
        "cfripper:S3ObjectVersioningRule",
        reason="All of it can be made again, and older versions would only be paid for and keep"
        " what ought to have expired.",
    )
    waive(
        bucket,
        "checkov:CKV_AWS_18",
        "cdk-nag:AwsSolutions-S1",
        reason="A log would need a bucket of its own, for objects that expire; the stack lets in"
        " its own roles only, and CloudTrail's data events tell which of them came, in accounts"
        " that want to know.",
    )
    return CacheBucket(bucket, bucket_policy(bucket))


def private_bucket(title: str, **properties: Any) -> Bucket:
    """Return a bucket with ACLs disabled and all public access blocked.

    Args:
        title: the logical ID.
        properties: further properties, as CloudFormation spells them.
    """
    return Bucket(
        title,
        **properties,
        OwnershipControls=OwnershipControls(
            Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True,
            BlockPublicPolicy=True,
            IgnorePublicAcls=True,
            RestrictPublicBuckets=True,
        ),
    )


def bucket_policy(bucket: Bucket, *statements: Statement) -> BucketPolicy:
    """Return a bucket policy that denies requests without TLS, with further statements."""
    return BucketPolicy(
        f"{bucket.title}Policy",
        Bucket=Ref(bucket),
        PolicyDocument=policy_document(
            tls_only("s3:*", [GetAtt(bucket, "Arn"), sub(GetAtt(bucket, "Arn"), "/*")]),
            *statements,
        ),
    )
