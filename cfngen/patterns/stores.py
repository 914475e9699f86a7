"""Artifact stores of a pipeline, in one region or in many: a KMS key and two buckets.

Names are computed, so that a pipeline knows them in every region:

- bucket: `NAME-artifacts-ACCOUNT-REGION-an` and `NAME-packages-ACCOUNT-REGION-an`, in the
  account's own namespace, which nobody else can take a name of (AWS page "Namespaces for general
  purpose buckets"); without `-an` in the regions that have no such namespace yet;
- key: a multi-Region key has one id in all regions (AWS page "Multi-Region keys in AWS KMS").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from awacs import kms
from troposphere import AWSObject, GetAtt, If, NoValue, Sub
from troposphere import kms as keys
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from cfngen.authoring.iam import Statement, allow, deny, policy_document
from cfngen.authoring.role_settings import current_role_settings
from cfngen.authoring.substitution import sub
from cfngen.authoring.waivers import waive
from cfngen.cloudformation.regions import regions
from cfngen.patterns.buckets import bucket_policy, private_bucket

__all__ = [
    "Store",
    "bucket_name",
    "role_path",
    "store",
    "store_buckets",
    "store_key_policy",
    "store_objects",
    "stores_name",
]

Kind = Literal["artifacts", "packages"]

MAX_BUCKET_NAME = 63  # characters (AWS page "General purpose bucket naming rules")
# What a service may have in the path of its roles, of which IAM takes 512 characters.
SERVICE = "[A-Za-z][A-Za-z0-9-]{0,63}"

ADMINISTRATION = (
    kms.CancelKeyDeletion, kms.CreateAlias, kms.DeleteAlias, kms.DescribeKey, kms.DisableKey,
    kms.DisableKeyRotation, kms.EnableKey, kms.EnableKeyRotation, kms.GetKeyPolicy,
    kms.GetKeyRotationStatus, kms.ListGrants, kms.ListKeyPolicies, kms.ListResourceTags,
    kms.PutKeyPolicy, kms.ReplicateKey, kms.RevokeGrant, kms.RotateKeyOnDemand,
    kms.ScheduleKeyDeletion, kms.TagResource, kms.UntagResource, kms.UpdateAlias,
    kms.UpdateKeyDescription, kms.UpdatePrimaryRegion,
)  # fmt: skip
USE = (kms.Decrypt, kms.DescribeKey, kms.Encrypt, kms.GenerateDataKey, kms.ReEncryptFrom,
       kms.ReEncryptTo)  # fmt: skip

PIPELINES = """\
What pipelines hand from one action to the next; it expires.
No access log: only the roles of the services get in, and CloudTrail can tell which did."""
KEPT = """\
What stacks refer to, such as the code of functions: a rollback must find it.
No access log: only the roles of the services get in, and CloudTrail can tell which did."""


def role_path(service: str) -> str:
    """Return the IAM path of a service's roles.

    It is below the path that all roles of the template have, if one was chosen for them.
    """
    return f"{current_role_settings().path or '/'}cfngen/{service}/"


def own_namespace(region: str) -> bool:
    """Whether an account has a namespace of its own for the names of buckets in a region."""
    return region not in regions().global_bucket_names


def bucket_name(kind: Kind, region: str = "") -> str:
    """Return the name of a store's bucket in a region, for a `Sub`; without one, in the stack's.

    Parameter `StoresName` is part of it.
    """
    suffix = "-an" if not region or own_namespace(region) else ""
    return f"${{StoresName}}-{kind}-${{AWS::AccountId}}-{region or '${AWS::Region}'}{suffix}"


def longest_name(in_regions: Sequence[str]) -> tuple[int, str]:
    """Return how many characters `StoresName` may have, and the region that allows no more."""
    taken = {
        region: max(
            len(bucket_name(kind, region).replace("${StoresName}", ""))
            - len("${AWS::AccountId}") + 12
            for kind in ("artifacts", "packages")
        )
        for region in in_regions
    }  # fmt: skip
    tightest = max(taken, key=lambda region: (taken[region], region))
    return MAX_BUCKET_NAME - taken[tightest], tightest


def stores_name(in_regions: Callable[[Any], Sequence[str]]) -> dict[str, Any]:
    """Return the attributes of the parameter `StoresName`, by which the longest name fits.

    Args:
        in_regions: returns for a blueprint's options the regions whose buckets are named.
    """

    def constraint(options: Any) -> str:
        max_length, region = longest_name(in_regions(options))
        return (
            f"Enter at most {max_length} small letters, digits and hyphens. With more, the name of"
            f" a bucket in {region} would exceed {MAX_BUCKET_NAME} characters."
        )

    return {
        "Default": "artifact-stores",
        "AllowedPattern": "[a-z0-9][a-z0-9-]*",
        "MaxLength": lambda options: longest_name(in_regions(options))[0],
        "ConstraintDescription": constraint,
    }


def store_buckets(kind: Kind, region: str = "") -> Sub:
    """Return the ARN of a kind's bucket in a region, or of those in all regions."""
    name = bucket_name(kind, region) if region else f"${{StoresName}}-{kind}-${{AWS::AccountId}}-*"
    return Sub(f"arn:${{AWS::Partition}}:s3:::{name}")


def store_objects(kind: Kind, below: str = "", region: str = "") -> Sub:
    """Return the ARN of what is in a kind's bucket in a region, or in those of all regions.

    A role that is given it still has to say whose buckets: where names are not in an account's
    own namespace, somebody else may have taken one.
    """
    return sub(store_buckets(kind, region), f"/{below}*")


def store_key_policy(services: Sequence[str]) -> dict[str, Any]:
    """Return a key's policy: the account administers it, the roles of some services use it.

    A key's policy cannot name a role that is not there yet, so it names the path of roles. Who
    may use the key still needs a policy of its own that says so.
    """
    root = {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}
    here = "In a key's policy, * is that key."
    statements = (
        allow(*ADMINISTRATION, on="*", to=root, reason=here, sid="Administer"),
        allow(*USE, on="*", to=root, when=_below(services), reason=here, sid="Use"),
    )
    for statement in statements:
        waive(
            statement,
            "parliament:RESOURCE_STAR/kms:*",
            reason="In a key's policy the star is that key and no other, which cannot be named"
            " there before it is made.",
        )
    return policy_document(*statements)


@dataclass(frozen=True)
class Store:
    """A key and two buckets in one region."""

    key: AWSObject
    artifacts: Bucket
    packages: Bucket
    policies: tuple[BucketPolicy, BucketPolicy]

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.key, "Used by the roles of the services, and by nobody else."),
            (self.artifacts, PIPELINES),
            (self.policies[0], ""),
            (self.packages, KEPT),
            (self.policies[1], ""),
        ]


def store(
    key: keys.Key | keys.ReplicaKey,
    services: Sequence[str],
    *,
    artifact_days: Any,
    package_days: int,
    namespace: bool | str = True,
) -> Store:
    """Return the store of one region.

    Args:
        key: encrypts both buckets.
        services: whose roles may read and write.
        artifact_days: days after which artifacts expire.
        package_days: days after which packages expire; 0 for never.
        namespace: whether names of buckets are in the account's own namespace, or the name of a
            condition that tells.
    """
    artifacts = _bucket("artifacts", key, artifact_days, 7, namespace=namespace)
    packages = _bucket("packages", key, package_days, package_days, namespace=namespace)
    policies = (
        bucket_policy(artifacts, _only(artifacts, services)),
        bucket_policy(packages, _only(packages, services)),
    )
    return Store(key, artifacts, packages, policies)


def _bucket(kind: Kind, key: Any, days: Any, old_days: int, *, namespace: bool | str) -> Bucket:
    name = Sub(bucket_name(kind))
    plain = Sub(bucket_name(kind).removesuffix("-an"))
    own: dict[str, Any] = {"BucketName": plain}
    if namespace is True:
        own = {"BucketNamespace": "account-regional", "BucketName": name}
    elif namespace:
        own = {
            "BucketNamespace": If(namespace, "account-regional", NoValue),
            "BucketName": If(namespace, name, plain),
        }
    expiry: dict[str, Any] = {"ExpirationInDays": days} if days else {}
    if old_days:
        expiry["NoncurrentVersionExpiration"] = NoncurrentVersionExpiration(NoncurrentDays=old_days)
    encryption = ServerSideEncryptionRule(
        BucketKeyEnabled=True,
        ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(
            SSEAlgorithm="aws:kms", KMSMasterKeyID=GetAtt(key, "Arn")
        ),
    )
    bucket = private_bucket(
        kind.capitalize(),
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        **own,
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[encryption]),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=LifecycleConfiguration(
            Rules=[
                LifecycleRule(
                    Id="Expire" if days else "TidyUp",
                    Status="Enabled",
                    AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(
                        DaysAfterInitiation=1
                    ),
                    **expiry,
                )
            ]
        ),
    )
    return waive(
        bucket,
        "checkov:CKV_AWS_18",
        "cdk-nag:AwsSolutions-S1",
        reason="The bucket's policy denies its objects to all but the roles of the services, and"
        " CloudTrail's data events tell which role came, under the name that it has; a log would"
        " need a bucket in every region.",
    )


def _only(bucket: Bucket, services: Sequence[str]) -> Statement:
    """Deny objects to everybody else: what is put there is deployed, what is read is the code."""
    paths = _below(services)["ArnLike"]
    return deny(
        "s3:GetObject*",
        "s3:PutObject*",
        on=sub(GetAtt(bucket, "Arn"), "/*"),
        to={"AWS": "*"},
        when={"ArnNotLike": paths},
        sid="OnlyServices",
    )


def _below(services: Sequence[str]) -> dict[str, Any]:
    paths = [
        Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{role_path(service)}*")
        for service in services
    ]
    return {"ArnLike": {"aws:PrincipalArn": paths[0] if len(paths) == 1 else paths}}
