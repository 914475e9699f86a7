"""What a handler of CloudFormation's calls for a resource, and on which ARNs.

The registry lists what a handler may call. All of it is asked for, whether or not this resource
needs it, but for what `ONLY_FOR` keeps for properties: AWS asks for less, never for more. ARNs are
those of what was made, not patterns: a right that names something else is no right here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import own
import roles
from ministack.core import responses

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
# Keys of properties that hand a role over, and below which none does.
HANDS_OVER = re.compile(r"(Role|RoleArn|RoleARN|Credentials)\Z")
NEVER_BELOW = {"Configuration", "Environment", "TemplateBody"}
# What identifiers of EC2 are of.
OF_EC2 = {
    "eipalloc": "elastic-ip",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
# The roles that services have of their own, and that are made with the first of a type.
LINKED = {
    "AWS::ECS::Cluster": ("ecs", "ECS"),
    "AWS::EFS::FileSystem": ("elasticfilesystem", "AmazonElasticFileSystem"),
    "AWS::KMS::Key": ("mrk.kms", "KeyManagementServiceMultiRegionKeys"),
}
# Not asked on what they make, but on what that is a copy of.
OF_ANOTHER = ("kms:ReplicateKey",)
# CloudWatch Logs wants these on a group's plain ARN, all others on what is below it.
PLAIN = ("logs:TagResource", "logs:UntagResource", "logs:ListTagsForResource")


@cache
def known() -> dict[str, Any]:
    """Return what the tests have written down of handlers and actions."""
    with open(os.environ["HANDLERS"]) as file:
        found: dict[str, Any] = json.load(file)
    return found


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
    wanted = [action for action in there if all(re.search(f"(?m){w}", names) for w in only(kind, action))]
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


def handed_over(value: Any, kind: str) -> Iterator[str]:
    """Yield the ARNs of the roles that a resource's service is given, if it takes any."""
    if kind not in roles.FOR:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if HANDS_OVER.search(key) and isinstance(inner, str):
                if ":role/" in inner:
                    yield inner
            elif key not in NEVER_BELOW:
                yield from handed_over(inner, kind)
    elif isinstance(value, list):
        for item in value:
            yield from handed_over(item, kind)


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


def on(action: str, mine: list[str]) -> list[str]:
    """Return which of a resource's ARNs an action is about; one of a kind if none fits."""
    service, _, verb = action.partition(":")
    kinds = known()["kinds"][action.lower()]
    if not kinds:
        return ["*"]
    formats = [form for kind in kinds for form in known()["formats"][service].get(kind.lower(), [])]
    filled = [re.sub(r"\$\{(Partition|Region|Account)\}", "[^:]*", form) for form in formats]
    found = [arn for arn in mine if any(re.fullmatch(form, arn) for form in filled)]
    if service == "logs":
        return [arn if action in PLAIN else f"{arn}:log-stream:" for arn in found]
    if service == "codepipeline" and verb.endswith("StageTransition"):
        return [f"{arn}/any" for arn in found]
    return found or [example(formats[0]) if formats else "*"]


def example(form: str) -> str:
    """Return an ARN of a kind, of something that nobody has named."""
    place = {"Partition": "aws", "Region": responses.get_region(), "Account": own.ACCOUNT}
    arn = re.sub(r"\$\{(\w+)\}", lambda found: place.get(found[1], "unnamed"), form)
    return arn.replace(".*", "unnamed").replace("*", "unnamed")


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
    return sorted(set(re.findall(r"arn:aws:code(?:star-)?connections:[^\"]+:connection/[\w-]+", text)))


def arns(kind: str, identity: str, props: Properties, attributes: Properties) -> Iterator[str]:
    """Yield the ARNs of a resource, or of what it is only a part of."""
    here = f"{responses.get_region()}:{own.ACCOUNT}"
    for found in (attributes.get("Arn"), identity):
        if str(found).startswith("arn:"):
            yield str(found).removesuffix(":*")
    named = {
        "AWS::CloudFormation::StackSet": f"arn:aws:cloudformation:{here}:stackset/{identity}",
        "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{here}:alarm:{identity}",
        "AWS::CodeBuild::Project": f"arn:aws:codebuild:{here}:project/{identity}",
        "AWS::CodeCommit::Repository": f"arn:aws:codecommit:{here}:{props.get('RepositoryName')}",
        "AWS::CodePipeline::Pipeline": f"arn:aws:codepipeline:{here}:{identity}",
        "AWS::ECR::Repository": f"arn:aws:ecr:{here}:repository/{identity}",
        "AWS::ECS::Cluster": f"arn:aws:ecs:{here}:cluster/{identity}",
        "AWS::EFS::FileSystem": f"arn:aws:elasticfilesystem:{here}:file-system/{identity}",
        "AWS::EFS::MountTarget": f"arn:aws:elasticfilesystem:{here}:file-system/"
        f"{props.get('FileSystemId')}",
        "AWS::Events::Rule": f"arn:aws:events:{here}:rule/{identity}",
        "AWS::IAM::Role": f"arn:aws:iam::{own.ACCOUNT}:role{props.get('Path', '/')}{identity}",
        "AWS::KMS::Key": f"arn:aws:kms:{here}:key/{identity}",
        "AWS::KMS::ReplicaKey": f"arn:aws:kms:{here}:key/{identity}",
        "AWS::Lambda::Function": f"arn:aws:lambda:{here}:function:{identity}",
        "AWS::Logs::LogGroup": f"arn:aws:logs:{here}:log-group:{identity}",
        "AWS::S3::Bucket": f"arn:aws:s3:::{identity}",
        "AWS::SQS::Queue": f"arn:aws:sqs:{here}:{identity.rpartition('/')[2]}",
        "AWS::SSM::Parameter": f"arn:aws:ssm:{here}:parameter/{identity.removeprefix('/')}",
        "AWS::Scheduler::Schedule": f"arn:aws:scheduler:{here}:schedule/"
        f"{props.get('GroupName', 'default')}/{identity}",
    }
    if kind in named:
        yield named[kind]
    yield from targets(kind, props)
    if kind.startswith("AWS::EC2::"):
        yield from of_ec2([identity, attributes.get("AllocationId", "")])


def targets(kind: str, props: Properties) -> Iterator[str]:
    """Yield the ARNs of what a resource is only a part of."""
    here = f"{responses.get_region()}:{own.ACCOUNT}"
    if kind == "AWS::IAM::RolePolicy":
        found = own.role_named(props["RoleName"])
        yield found["Arn"] if found else f"arn:aws:iam::{own.ACCOUNT}:role/{props['RoleName']}"
    elif kind == "AWS::Lambda::Permission":
        name = props["FunctionName"]
        yield name if name.startswith("arn:") else f"arn:aws:lambda:{here}:function:{name}"
    elif kind == "AWS::S3::BucketPolicy":
        yield f"arn:aws:s3:::{props['Bucket']}"
    elif kind == "AWS::SNS::TopicPolicy":
        yield from props["Topics"]
    elif kind == "AWS::SNS::Subscription":
        yield props["TopicArn"]
    elif kind == "AWS::SQS::QueuePolicy":
        yield from (f"arn:aws:sqs:{here}:{url.rpartition('/')[2]}" for url in props["Queues"])
    elif "ServiceToken" in props:
        yield props["ServiceToken"]


def referred(kind: str, props: Properties) -> Iterator[str]:
    """Yield the ARNs of what a resource is made in, or of, and of the roles it is given."""
    yield from handed_over(props, kind)
    if kind.startswith("AWS::EC2::"):
        yield from of_ec2(texts(props))
    elif kind == "AWS::KMS::ReplicaKey":
        yield props["PrimaryKeyArn"]


def of_ec2(names: Iterable[str]) -> Iterator[str]:
    """Yield the ARNs of what has identifiers of EC2's."""
    for name in names:
        start = name.partition("-")[0]
        if start in OF_EC2 and re.fullmatch(r"[a-z]+-[\w-]+", name):
            here = f"{responses.get_region()}:{own.ACCOUNT}"
            yield f"arn:aws:ec2:{here}:{OF_EC2[start]}/{name}"


def texts(value: Any) -> Iterator[str]:
    """Yield the texts in properties."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def gateway(kind: str, verb: str, identity: str, props: Properties) -> str:
    """Return the path that a request to API Gateway is about, as an ARN.

    A POST is about the list that something is added to.
    """
    api = f"/restapis/{props.get('RestApiId')}"
    method = f"{api}/resources/{props.get('ResourceId')}/methods/{props.get('HttpMethod')}"
    lists = {
        "AWS::ApiGateway::Authorizer": f"{api}/authorizers",
        "AWS::ApiGateway::Deployment": f"{api}/deployments",
        "AWS::ApiGateway::GatewayResponse": f"{api}/gatewayresponses",
        "AWS::ApiGateway::Resource": f"{api}/resources",
        "AWS::ApiGateway::RestApi": "/restapis",
        "AWS::ApiGateway::Stage": f"{api}/stages",
    }
    path = method if kind.endswith("::Method") else f"{lists[kind]}/{identity}"
    if verb == "POST":
        parent = f"/{props['ParentId']}" if kind.endswith("::Resource") else ""
        path = f"{lists[kind]}{parent}"
    return f"arn:aws:apigateway:{responses.get_region()}::{path}"
