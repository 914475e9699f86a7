"""The policies of a template as IAM will see them, with names made up for what is not there yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ACCOUNT, REGION = "111122223333", "eu-west-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
# The ARNs of what policies are about, where its name is NAME.
ARNS = {
    "AWS::CodeBuild::Project": "codebuild:HERE:project/NAME",
    "AWS::CodeCommit::Repository": "codecommit:HERE:NAME",
    "AWS::ECR::Repository": "ecr:HERE:repository/NAME",
    "AWS::ECS::Cluster": "ecs:HERE:cluster/NAME",
    "AWS::EFS::AccessPoint": "elasticfilesystem:HERE:access-point/NAME",
    "AWS::EFS::FileSystem": "elasticfilesystem:HERE:file-system/NAME",
    "AWS::Events::EventBus": "events:HERE:event-bus/NAME",
    "AWS::Events::Rule": "events:HERE:rule/NAME",
    "AWS::IAM::Role": "iam::ACCOUNT:role/NAME",
    "AWS::KMS::Key": "kms:HERE:key/NAME",
    "AWS::Lambda::Function": "lambda:HERE:function:NAME",
    "AWS::Logs::LogGroup": "logs:HERE:log-group:NAME:*",
    "AWS::S3::Bucket": "s3:::NAME",
    "AWS::SNS::Topic": "sns:HERE:NAME",
    "AWS::SQS::Queue": "sqs:HERE:NAME",
    "AWS::SecretsManager::Secret": "secretsmanager:HERE:secret:NAME",
}
# Types whose Ref is an ARN.
REF_IS_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret"}
# Parameters that are ARNs.
ASKED = {
    "BacklogKey": "/backlog/key",
    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/example",
    "ImageParameter": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/example:1",
    "ProgramParameter": "mirror-program-archives/0123456789abcdef.zip",
    "SourceSecret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:example",
}


def policies(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each policy document with the logical ID of what it belongs to."""
    for name, resource in template["Resources"].items():
        for document in _documents(resource.get("Properties", {})):
            resolved = _resolved(document, template["Resources"])
            for statement in resolved["Statement"]:
                # A role's trust and a file system's policy are a matter of that resource only.
                kind = resource["Type"] if resource["Type"] in ARNS else "AWS::IAM::Role"
                statement.setdefault("Resource", _arn(kind, name))
            yield name, resolved


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "Version" in value and "Statement" in value:
            yield value
        else:
            for item in value.values():
                yield from _documents(item)
    elif isinstance(value, list):
        for item in value:
            yield from _documents(item)


def _resolved(value: Any, resources: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, resources) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, inner),) = value.items()
        if function == "Ref":
            return _one(inner, resources)
        if function == "Fn::GetAtt":
            return _one(".".join(inner), resources)
        if function == "Fn::Sub":
            text, given = inner if isinstance(inner, list) else (inner, {})
            values = _resolved(given, resources)
            return re.sub(
                r"\$\{([\w:.]+)\}",
                lambda found: str(values.get(found[1]) or _one(found[1], resources)),
                text,
            )
        if function == "Fn::Select" and isinstance(inner[1], dict):
            separator, text = inner[1]["Fn::Split"]
            return str(_resolved(text, resources)).split(separator)[int(inner[0])]
        if function == "Fn::ImportValue":
            name = str(_resolved(inner, resources))
            return _arn("AWS::IAM::Role", name.lower()) if name.endswith("RoleArn") else "example"
        if function.startswith("Fn::"):
            return "example"
    return {key: _resolved(item, resources) for key, item in value.items()}


def _one(reference: str, resources: dict[str, Any]) -> str:
    if reference in PSEUDO:
        return PSEUDO[reference]
    name, _, attribute = reference.partition(".")
    if name not in resources:
        region = reference.endswith("Region")
        account = reference.endswith("Account")
        return ASKED.get(name) or (REGION if region else ACCOUNT if account else "example")
    kind = resources[name]["Type"]
    if attribute == "Arn" or (not attribute and kind in REF_IS_ARN):
        return _arn(kind, name.lower())
    return name.lower()


def _arn(kind: str, name: str) -> str:
    arn = ARNS[kind].replace("HERE", f"{REGION}:{ACCOUNT}").replace("ACCOUNT", ACCOUNT)
    return "arn:aws:" + arn.replace("NAME", name)
