"""How long the parts of a template are once CloudFormation has filled them in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from cfngen.cloudformation.physical_names import (
    MAX_KEPT,
    MAX_SUFFIX,
    MIN_SUFFIX,
    max_generated_length,
    max_name_length,
    name_property,
)
from cfngen.cloudformation.resolve import Resolver
from cfngen.cloudformation.text import AnyText, Ref, Text, Unknown, parts_of

DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
# What ARNs of resources have between account and name, where `Arn` is an attribute of the type;
# and the types whose `Ref` is the ARN already (AWS page "Resource and property types reference").
ARNS = {
    "AWS::CodeBuild::Project": "codebuild:project/",
    "AWS::CodeCommit::Repository": "codecommit:",
    "AWS::CloudWatch::Alarm": "cloudwatch:alarm:",
    "AWS::DynamoDB::Table": "dynamodb:table/",
    "AWS::ECR::Repository": "ecr:repository/",
    "AWS::ECS::Cluster": "ecs:cluster/",
    "AWS::Events::EventBus": "events:event-bus/",
    "AWS::Events::Rule": "events:rule/",
    "AWS::IAM::Role": "iam:role/",
    "AWS::IAM::User": "iam:user/",
    "AWS::Lambda::Function": "lambda:function:",
    "AWS::Logs::LogGroup": "logs:log-group::*",
    "AWS::S3::Bucket": "s3:",
    "AWS::SQS::Queue": "sqs:",
    "AWS::Scheduler::Schedule": "scheduler:schedule/default/",
}
REF_IS_ARN = {
    "AWS::ECS::Service": "ecs:service//",
    "AWS::ECS::TaskDefinition": "ecs:task-definition/:1",
    "AWS::IAM::ManagedPolicy": "iam:policy/",
    "AWS::SNS::Topic": "sns:",
    "AWS::SecretsManager::Secret": "secretsmanager:secret:-abcdef",
    "AWS::StepFunctions::StateMachine": "states:stateMachine:",
}
GLOBAL = ("iam:", "s3:")  # services whose ARNs have no region; S3's have no account, either
# Attributes that are the name, beside those that are called after the property that gives it.
NAMES = {"Name"}
# IDs that AWS gives (EC2's have 17 hexadecimal digits; a key's is a UUID).
IDS = {
    "AWS::EC2::Instance": 19, "AWS::EC2::NatGateway": 21, "AWS::EC2::RouteTable": 21,
    "AWS::EC2::SecurityGroup": 20, "AWS::EC2::Subnet": 24, "AWS::EC2::VPC": 21,
    "AWS::EFS::AccessPoint": 22, "AWS::EFS::FileSystem": 20, "AWS::KMS::Key": 36,
}  # fmt: skip
# Parameters of these types are such IDs.
ID_TYPES = {f"{type_}::Id": length for type_, length in IDS.items()}
QUEUE_URL = len("https://sqs..amazonaws.com//")


class Model(NamedTuple):
    """How long what only a deployment knows is taken to be, in characters."""

    region: int
    stack: int
    suffix_left_out: int  # how much shorter than longest is what ends a generated name
    choose: Callable[[list[int]], int]


# The region is one of the partition `aws`: `us-east-1`, `ap-southeast-2`.
MAXIMUM = Model(14, MAX_KEPT, 0, max)
MINIMUM = Model(9, 1, MAX_SUFFIX - MIN_SUFFIX, min)


class Sizes:
    """Measures values of one template, at their longest or at their shortest.

    Physical names that CloudFormation makes count with a stack's name of 24 characters at the
    longest, which is what CloudFormation keeps of it where names are cut, and of one at the
    shortest. What the one who deploys may choose counts as what the template *declares* that it
    may be: the longest of `AllowedValues`, or `MaxLength`; without any bound as one character, or
    `MinLength`, since its length is not known. What another stack exports, what a
    secret or mapping holds and what an ID of an unknown kind is count as one character, too. So
    nothing is ever found for a value that a template does not bound.
    """

    def __init__(self, body: dict[str, Any], model: Model = MAXIMUM) -> None:
        """Take a template as plain data, and how to take what it does not decide."""
        self.model = model
        self._resources = mapping(body.get("Resources"))
        self._parameters = mapping(body.get("Parameters"))
        self._resolver = Resolver(mapping(body.get("Mappings")), mapping(body.get("Conditions")))
        self._references: dict[Ref | Unknown, int] = {}

    def resolved(self, value: Any) -> Any:
        """Return a value with everything worked out that is known before deploy time."""
        return self._resolver.resolve(value)

    def json(self, value: Any) -> int:
        """Return the characters of a resolved value as JSON without white space."""
        if isinstance(value, dict):
            if (branches := _branches(value)) is not None:
                return self.model.choose([self.json(branch) for branch in branches])
            if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                return 1
            inner = [len(json.dumps(key)) + 1 + self.json(item) for key, item in value.items()]
        elif isinstance(value, list):
            inner = [self.json(item) for item in value]
        elif isinstance(value, str | Text):
            return 2 + self._text(value, lambda text: len(json.dumps(text, ensure_ascii=False)) - 2)
        else:
            return 0 if value is None else len(json.dumps(value, default=str))
        return 2 + sum(inner) + max(len([part for part in inner if part]) - 1, 0)

    def text(self, value: Any) -> int:
        """Return the characters of a resolved text; of anything else, as JSON."""
        if (branches := _branches(value)) is not None:
            return self.model.choose([self.text(branch) for branch in branches])
        return self._text(value, len) if isinstance(value, str | Text) else self.json(value)

    def name(self, logical_id: str) -> int:
        """Return the characters of a resource's physical name; 1 for an ID of an unknown kind."""
        resource = mapping(self._resources.get(logical_id))
        type_ = str(resource.get("Type", ""))
        if type_ in IDS:
            return IDS[type_]
        key = _name_property(type_)
        if not key:
            return 1
        name = self.resolved(mapping(resource.get("Properties")).get(key))
        if name is not None:
            return self.text(name)
        length = (
            max_generated_length(logical_id, type_, self.model.stack) - self.model.suffix_left_out
        )
        limit = max_name_length(type_)
        return min(length, limit) if limit else length

    def _text(self, value: AnyText, literal: Callable[[str], int]) -> int:
        """Measure a text that may have references in it."""
        return sum(
            literal(DYNAMIC.sub("?", part)) if isinstance(part, str) else self._reference(part)
            for part in parts_of(value)
        )

    def _reference(self, part: Ref | Unknown) -> int:
        if part not in self._references:
            self._references[part] = 1  # until it is known: a name that refers to itself
            if isinstance(part, Ref) and isinstance(part.attribute, str):
                self._references[part] = self._referred(part.name, part.attribute)
        return self._references[part]

    def _referred(self, name: str, attribute: str) -> int:
        stack = self.model.stack
        pseudo = {
            "AWS::AccountId": 12,
            "AWS::Partition": 3,
            "AWS::Region": self.model.region,
            "AWS::StackId": len("arn:aws:cloudformation::123456789012:stack//")
            + self.model.region + stack + 36,
            "AWS::StackName": stack,
            "AWS::URLSuffix": len("amazonaws.com"),
        }  # fmt: skip
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameter(mapping(self._parameters[name]))
        type_ = str(mapping(self._resources.get(name)).get("Type", ""))
        if attribute in ("", "Id") and type_ in IDS:
            return IDS[type_]
        if attribute == "" and type_ == "AWS::SQS::Queue":
            return QUEUE_URL + self.model.region + 12 + self.name(name)
        if attribute == "Arn" and type_ in ARNS:
            return self._arn(ARNS[type_], name)
        if attribute in ("", "Arn") and type_ in REF_IS_ARN:
            return self._arn(REF_IS_ARN[type_], name)
        if attribute in ("", _name_property(type_), *NAMES) and type_:
            return self.name(name)
        return 1

    def _arn(self, middle: str, name: str) -> int:
        account = 0 if middle == "s3:" else 12
        region = 0 if middle.startswith(GLOBAL) else self.model.region
        # arn:aws:SERVICE:REGION:ACCOUNT:KIND/NAME
        return len("arn:aws:::") + len(middle) + region + account + self.name(name)

    def _parameter(self, declared: dict[str, Any]) -> int:
        values = declared.get("AllowedValues")
        if isinstance(values, list) and values:
            return self.model.choose([len(str(value)) for value in values])
        if declared.get("Type") in ID_TYPES:
            return ID_TYPES[str(declared["Type"])]
        bound = declared.get("MaxLength" if self.model.choose is max else "MinLength", 1)
        return int(bound) if str(bound).isdigit() else 1


@cache
def _name_property(type_: str) -> str:
    return name_property(type_) if type_ else ""


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping; an empty one for what is not."""
    return value if isinstance(value, dict) else {}


def _branches(value: Any) -> list[Any] | None:
    """Return what an `Fn::If` that is not decided may come to."""
    if isinstance(value, dict) and len(value) == 1:
        inner = value.get("Fn::If")
        if isinstance(inner, list) and len(inner) == 3:
            return inner[1:]
    return None
