"""The ARNs of what CloudFormation makes, as AWS calls it, and of what that belongs to.

They are those of what was made, not patterns: a right that names something else is no right here.
Source: the Service Authorization Reference, for each service.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import own
import roles
from ministack.core import responses

Properties = dict[str, Any]
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
# CloudWatch Logs wants these on a group's plain ARN, all others on what is below it.
PLAIN = ("logs:TagResource", "logs:UntagResource", "logs:ListTagsForResource")


@cache
def known() -> dict[str, Any]:
    """Return what the tests have written down of handlers and actions."""
    found: dict[str, Any] = json.loads(Path(os.environ["HANDLERS"]).read_text())
    return found


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
        "AWS::Lambda::EventSourceMapping": f"arn:aws:lambda:{here}:event-source-mapping:"
        f"{identity or 'unnamed'}",
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
