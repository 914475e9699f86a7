"""Which actions a resource asks for by its properties: of its handlers, and beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.template import Resource
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.names import patterns
from cfngen.deploy.role.objects import READS, objects_read

# Actions that are for a feature, the names of properties that ask for it, and the types of which it
# is no feature but what they are. What a handler reads in any case is not here.
FEATURES = (
    (r"kms:", r"(?i)kms|encrypt", "AWS::KMS::"),
    (r"s3tables:|s3:(Create|Delete|Update)BucketMetadata", r"Metadata", "AWS::S3Tables::"),
    (r"s3:(DeleteObject|PutObjectAcl|PutBucketAcl)$", r"^AccessControl$", ""),
    (r"s3:GetObject(Version)?$", r"S3|Bucket", ""),
    (r"vpc-lattice:", r"ServiceNetwork|ResourceConfiguration", "AWS::VpcLattice::"),
    (r"vpce:", r"ServiceRegion", ""),
    (r"elasticfilesystem:|s3files:", r"FileSystem", "AWS::EFS::"),
    (r"firehose:|logs:CreateLogDelivery$", r"DataProtection", "AWS::KinesisFirehose::"),
    (r"logs:(Put|Delete)ResourcePolicy$", r"^ResourcePolicyDocument$", "AWS::Logs::ResourcePolicy"),
    (r"logs:(Put|Delete)IndexPolicy$", r"^FieldIndexPolicies$", ""),
    (r"lambda:PassCapacityProvider$", r"CapacityProvider", ""),
    (r"lambda:GetLayerVersion$", r"^Layers$", "AWS::Lambda::Layer"),
    (r"lambda:GetCodeSigningConfig$", r"^CodeSigningConfigArn$", "AWS::Lambda::CodeSigningConfig"),
    (r"codestar-connections:|codeconnections:", r"Connection", ""),
    (r"codebuild:\w+Webhook$", r"^Triggers$", ""),
    (r"codebuild:UpdateProjectVisibility$", r"^Visibility$", ""),
    (r"ecs:PutAccountSetting", r"^ClusterSettings$", ""),
    (r"secretsmanager:ReplicateSecretToRegions$", r"^ReplicaRegions$", ""),
    (r"iam:GetRole$", r"(?i)role|credentials|callerarn|profile", "AWS::IAM::"),
    (r"iam:(Attach|Detach)RolePolicy$", r"^(ManagedPolicyArns|Roles)$", ""),
    (r"iam:(Put|Delete)RolePolicy$", r"^(Policies|PolicyDocument)$", ""),
    (r"iam:(Put|Delete)RolePermissionsBoundary$", r"^PermissionsBoundary$", ""),
)


@dataclass(frozen=True)
class PropertyAction:
    """An action that no handler lists, since one value of a property asks for it.

    `property` is a path with slashes; partition and account stand in `arn` as in IAM's own list.
    """

    type: str
    property: str
    value: str
    action: str
    arn: str
    condition: tuple[str, str, str]  # operator, key, value
    reason: str


PROPERTY_ACTIONS = (
    # Source: AWS KMS's developer guide, "Create multi-Region primary keys" and "Authorizing AWS KMS
    # to synchronize multi-Region keys": the first such key of an account makes the role.
    PropertyAction(
        "AWS::KMS::Key",
        "MultiRegion",
        "true",
        "iam:CreateServiceLinkedRole",
        "arn:${Partition}:iam::${Account}:role/aws-service-role/mrk.kms.amazonaws.com/*",
        ("StringEquals", "iam:AWSServiceName", "mrk.kms.amazonaws.com"),
        "the first multi-Region key of an account makes the role that synchronizes them",
    ),
    # Source: Amazon EFS's user guide, "Backing up EFS file systems", and AWS Backup's developer
    # guide, "Using service-linked roles for AWS Backup".
    PropertyAction(
        "AWS::EFS::FileSystem",
        "BackupPolicy/Status",
        "enabled",
        "iam:CreateServiceLinkedRole",
        "arn:${Partition}:iam::${Account}:role/aws-service-role/backup.amazonaws.com/*",
        ("StringEquals", "iam:AWSServiceName", "backup.amazonaws.com"),
        "the first automatic backup of an account makes the role that takes them",
    ),
)


def property_actions(
    resource: Resource, destination: Destination
) -> Iterator[tuple[PropertyAction, str]]:
    """Yield the actions that values of a resource's properties ask for, each with its ARN.

    A value that only the deployment knows may be the one that asks.
    """
    for action in PROPERTY_ACTIONS:
        value: Any = resource.properties if resource.type == action.type else {}
        for key in action.property.split("/"):
            value = value.get(key) if isinstance(value, dict) else None
        values = [] if value is None else [text.lower() for text in patterns(value, destination)]
        if action.value in values or any("*" in text for text in values):
            arn = action.arn.replace("${Partition}", destination.partition)
            yield action, arn.replace("${Account}", destination.account)


def is_needed(
    action: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> bool:
    """Whether a property asks for the feature that an action is for, if it is for one."""
    if READS.match(action) and objects_read(action, resource, resources, destination):
        return True
    property_names = "\n".join(_keys(resource.properties))
    return all(
        re.search(f"(?m){names}", property_names)
        for actions, names, own in FEATURES
        if re.match(actions, action) and not (own and resource.type.startswith(own))
    )


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
