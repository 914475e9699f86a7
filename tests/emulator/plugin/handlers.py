"""What a handler of CloudFormation's calls for a resource, and on which ARNs.

The registry lists what a handler may call. All of it is asked for, whether or not this resource
needs it, but for what `ONLY_FOR` keeps for properties: AWS asks for less, never for more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import own
import roles
from arns import arns, gateway, handed_over, known, on, referred

Properties = dict[str, Any]
# (types, actions, properties): the actions are called only where one of the properties is there.
# Source: the descriptions of the properties in the registry's schemas.
ONLY_FOR = (
    ("(?!AWS::KMS::)", "kms:", "(?i)kms|encrypt"),
    ("AWS::ApiGateway::RestApi", "s3:|apigateway:UpdateRestApiPolicy", "BodyS3|^Policy"),
    ("AWS::CodeBuild::Project", r"codebuild:\w+Webhook", "^Triggers"),
    ("AWS::CodeBuild::Project", "codebuild:UpdateProjectVisibility", "^Visibility"),
    ("AWS::CodeCommit::Repository", "s3:", "^Code$"),
    ("AWS::CodePipeline::Pipeline", "codestar-connections:", "ConnectionArn"),
    ("AWS::EC2::VPCEndpoint", "vpc-lattice:", "ServiceNetwork|ResourceConfiguration"),
    ("AWS::EC2::VPCEndpoint", "vpce:", "ServiceRegion"),
    ("AWS::ECS::Cluster", "ecs:PutAccountSetting", "^ClusterSettings"),
    ("AWS::Lambda::Function", "s3:", "^S3"),
    ("AWS::Lambda::Function", "elasticfilesystem:|s3files:", "FileSystem"),
    ("AWS::Lambda::Function", "lambda:GetCodeSigningConfig", "CodeSigning"),
    ("AWS::Lambda::Function", "lambda:GetLayerVersion", "^Layers"),
    ("AWS::Lambda::Function", "lambda:PassCapacityProvider", "CapacityProvider"),
    ("AWS::Logs::LogGroup", "firehose:|logs:CreateLogDelivery", "DataProtection"),
    ("AWS::Logs::LogGroup", "logs:(Put|Delete)ResourcePolicy", "ResourcePolicy"),
    ("AWS::Logs::LogGroup", "logs:(Put|Delete)IndexPolicy", "FieldIndex"),
    ("AWS::S3::Bucket", "s3tables:|s3:(Create|Delete|Update)BucketMetadata", "Metadata"),
    ("AWS::S3::Bucket", "s3:(PutObjectAcl|PutBucketAcl|DeleteObject)$", "^AccessControl"),
    ("AWS::S3::Bucket", "s3:PutBucketAbac", "^AbacStatus"),
    ("AWS::S3::Bucket", "s3:PutAccelerate", "^AccelerateConfiguration"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Analytics", "^AnalyticsConfigurations"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Encryption", "^BucketEncryption"),
    ("AWS::S3::Bucket", "(?i)s3:(Put|Delete)BucketCors", "^CorsConfiguration"),
    ("AWS::S3::Bucket", "s3:PutIntelligentTiering", "^IntelligentTieringConfigurations"),
    ("AWS::S3::Bucket", "s3:PutInventory", "^InventoryConfigurations"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Lifecycle", "^LifecycleConfiguration"),
    ("AWS::S3::Bucket", "s3:PutBucketLogging", "^LoggingConfiguration"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Metrics", "^MetricsConfigurations"),
    ("AWS::S3::Bucket", "s3:PutBucketNotification", "^NotificationConfiguration"),
    ("AWS::S3::Bucket", r"s3:Put\w*ObjectLock", "^ObjectLock"),
    ("AWS::S3::Bucket", "s3:PutBucketOwnershipControls", "^OwnershipControls"),
    ("AWS::S3::Bucket", "s3:PutBucketPublicAccessBlock", "^PublicAccessBlockConfiguration"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Replication", "^ReplicationConfiguration"),
    ("AWS::S3::Bucket", "s3:(PutBucketTagging|(Tag|Untag)Resource)", "^Tags"),
    ("AWS::S3::Bucket", "s3:PutBucketVersioning", "^VersioningConfiguration"),
    ("AWS::S3::Bucket", r"s3:(Put|Delete)BucketWebsite", "^WebsiteConfiguration"),
    ("AWS::SNS::", "iam:GetRole", "Role"),
    ("AWS::SecretsManager::Secret", "secretsmanager:Replicate", "^ReplicaRegions"),
    ("AWS::IAM::Role", "iam:(Attach|Detach)RolePolicy", "^ManagedPolicyArns"),
    ("AWS::IAM::Role", "iam:(Put|Delete)RolePolicy$", "^Policies"),
    ("AWS::IAM::Role", r"iam:\w+RolePermissionsBoundary", "^PermissionsBoundary"),
)
SKIPPED: set[tuple[str, str]] = set()  # types and actions that no property has asked for
# Not asked on what they make, but on what that is a copy of.
OF_ANOTHER = ("kms:ReplicateKey",)
# The roles that services have of their own, and that are made with the first of a type.
LINKED = {
    "AWS::ECS::Cluster": ("ecs", "ECS"),
    "AWS::EFS::FileSystem": ("elasticfilesystem", "AmazonElasticFileSystem"),
    "AWS::KMS::Key": ("mrk.kms", "KeyManagementServiceMultiRegionKeys"),
}


def actions(kind: str, operation: str, props: Properties) -> list[str]:
    """Return what a handler calls for a resource, IAM's passing of roles included.

    Raises:
        RefusalError: nothing is known of the type, so nobody but the root can be let through.
    """
    permissions = known()["permissions"]
    if kind == "AWS::CloudFormation::CustomResource" or kind.startswith("Custom::"):
        return ["lambda:InvokeFunction"]
    if kind not in permissions:
        raise own.RefusalError(f"what the handlers of {kind} call is not known here")
    found = [*permissions[kind][operation], *beyond(kind, operation, props)]
    if operation == "update":  # by which its attributes are looked up
        found += permissions[kind]["read"]
    names = "\n".join(keys(props))
    there = [action for action in dict.fromkeys(found) if action.lower() in known()["kinds"]]
    wanted = [
        action for action in there if all(re.search(f"(?m){w}", names) for w in only(kind, action))
    ]
    SKIPPED.update((kind, action) for action in there if action not in wanted)
    return wanted


def only(kind: str, action: str) -> list[str]:
    """Return the properties, as patterns, without which a handler does not call an action."""
    return [
        wanted
        for types, pattern, wanted in ONLY_FOR
        if re.match(types, kind) and re.match(pattern, action)
    ]


def beyond(kind: str, operation: str, props: Properties) -> list[str]:
    """Return what a service asks its caller for, though the registry does not list it.

    Source: "Controlling access to multi-Region keys" in the guide to KMS.
    """
    multi = kind == "AWS::KMS::Key" and str(props.get("MultiRegion")).lower() == "true"
    return ["iam:CreateServiceLinkedRole"] if multi and operation == "create" else []


def keys(value: Any) -> Iterator[str]:
    """Yield the names of properties, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def asked(
    kind: str,
    operation: str,
    identity: str,
    props: Properties,
    attributes: Properties,
    before: Properties | None = None,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what a handler is to be allowed: actions, ARNs, condition keys.

    Args:
        kind: the resource type.
        operation: `create`, `update` or `delete`.
        identity: the resource's physical name or ID.
        props: its properties, resolved.
        attributes: what `Fn::GetAtt` may ask of it.
        before: the properties that it had before an update.
    """
    mine = list(dict.fromkeys(arns(kind, identity, props, attributes)))
    beside = list(referred(kind, props))
    tags = tag_keys(props) if operation == "create" else {}
    for action in actions(kind, operation, {**(before or {}), **props}):
        if action == "iam:PassRole":
            to = roles.FOR.get(kind, ("",))[0]
            for arn in dict.fromkeys(handed_over(props, kind)):
                yield action, arn, {"iam:PassedToService": to}
        elif action == "iam:CreateServiceLinkedRole":
            service, name = LINKED[kind]
            start = f"arn:aws:iam::{own.ACCOUNT}:role/aws-service-role/{service}.amazonaws.com"
            context = {"iam:AWSServiceName": f"{service}.amazonaws.com"}
            yield action, f"{start}/AWSServiceRoleFor{name}", context
        elif "PassConnection" in action:
            for arn in connections(props):
                yield f"{arn.split(':')[2]}:PassConnection", arn, {}
        elif action.startswith("apigateway:"):
            yield action, gateway(kind, action.partition(":")[2], identity, props), tags
        else:
            more = boundary(props) if action in ("iam:CreateRole",) else {}
            about = mine if "Tag" in action else [*mine, *beside]
            about = beside if action in OF_ANOTHER else about
            for arn in on(action, list(dict.fromkeys(about))):
                yield action, arn, {**tags, **more}


def tag_keys(props: Properties) -> dict[str, Any]:
    """Return the condition keys of a request that tags what it makes."""
    tags = props.get("Tags")
    if isinstance(tags, list):
        tags = {tag["Key"]: tag["Value"] for tag in tags}
    if not isinstance(tags, dict) or not tags:
        return {}
    return {**{f"aws:RequestTag/{k}": v for k, v in tags.items()}, "aws:TagKeys": list(tags)}


def boundary(props: Properties) -> dict[str, Any]:
    """Return the condition key of a request that limits the role that it makes."""
    found = props.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": found} if found else {}


def connections(props: Any) -> list[str]:
    """Return the connections that a pipeline's actions are configured with."""
    text = json.dumps(props)
    return sorted(
        set(re.findall(r"arn:aws:code(?:star-)?connections:[^\"]+:connection/[\w-]+", text))
    )
