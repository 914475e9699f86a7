"""Which of a handler's actions a resource asks for: some are for a feature only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.deploy_role.arns import Resource
from cfngen.schemas import iam_actions

# Actions that are for a feature, the names of properties that ask for it, and the types of which it
# is no feature but what they are. What a handler reads in any case is not here.
FEATURES = (
    (r"kms:", r"(?i)kms|encrypt", "AWS::KMS::"),
    (r"s3tables:|s3:(Create|Delete|Update)BucketMetadata", r"Metadata", "AWS::S3Tables::"),
    (r"s3:(DeleteObject|PutObjectAcl|PutBucketAcl)$", r"^AccessControl$", ""),
    (r"s3:GetObject(Version)?$", r"S3|Bucket|Body", ""),
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
    (r"iam:GetRole$", r"Role|Credentials", "AWS::IAM::"),
    (r"iam:(Attach|Detach)RolePolicy$", r"^(ManagedPolicyArns|Roles)$", ""),
    (r"iam:(Put|Delete)RolePolicy$", r"^(Policies|PolicyDocument)$", ""),
    (r"iam:(Put|Delete)RolePermissionsBoundary$", r"^PermissionsBoundary$", ""),
)


def exists(action: str) -> bool:
    """Whether IAM has an action, or any that a pattern of them matches."""
    service, _, verb = action.partition(":")
    known = iam_actions().get(service, ())
    if "*" in verb:
        pattern = re.compile(re.escape(verb.lower()).replace(r"\*", ".*"))
        return any(pattern.fullmatch(one) for one in known)
    return verb.lower() in known


def wanted(action: str, resource: Resource) -> bool:
    """Whether a property asks for the feature that an action is for, if it is for one."""
    asked = "\n".join(_keys(resource.properties))
    return all(
        re.search(f"(?m){words}", asked)
        for actions, words, own in FEATURES
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
