"""What CloudFormation does with its role beside the handlers of types: lookups and calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.schemas import is_custom
from cfngen.cloudformation.template import Resource, TemplateBody
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import of_resource
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.names import patterns
from cfngen.deploy.role.objects import object_arn

DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*?)\}\}")
# A parameter of such a type is given the name of an SSM parameter, and has its value.
LOOKED_UP = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True)
class ExtraAction:
    """One action that no handler names."""

    action: str
    arns: tuple[str, ...]
    reason: str


def extra_actions(template: TemplateBody, destination: Destination) -> Iterator[ExtraAction]:
    """Yield what a template makes CloudFormation do beside making its resources."""
    resources = template.resources
    for resource in resources.values():
        if is_custom(resource.type):
            yield from _custom(resource, resources, destination)
        if resource.type == "AWS::CloudFormation::Stack":
            yield from _nested(resource, destination)
    yield from _parameters(template, destination)
    yield from _dynamic(template.body, destination)


def _custom(
    resource: Resource, resources: dict[str, Resource], destination: Destination
) -> Iterator[ExtraAction]:
    """Yield the call of a custom resource's function, or the message to its topic."""
    token = resource.properties.get("ServiceToken")
    reason = f"{resource.name} is a custom resource"
    names = {name for name, _ in references(token)}
    for name in sorted(names & set(resources)):
        for type_, service, kind, action in (
            ("AWS::Lambda::Function", "lambda", "function", "lambda:InvokeFunction"),
            ("AWS::SNS::Topic", "sns", "topic", "sns:Publish"),
        ):
            if resources[name].type == type_:
                yield ExtraAction(
                    action, of_resource(service, kind, resources[name], destination).arns, reason
                )
                return
    for pattern in patterns(token, destination):
        if ":sns:" in pattern:
            yield ExtraAction("sns:Publish", (pattern,), reason)
        elif ":function:" in pattern:
            yield ExtraAction("lambda:InvokeFunction", (pattern,), reason)
        else:
            arn = destination.arn("lambda", "function:*")
            note = f"{reason} whose function only the deployment knows"
            yield ExtraAction("lambda:InvokeFunction", (arn,), note)


def _nested(resource: Resource, destination: Destination) -> Iterator[ExtraAction]:
    """Yield the reading of a nested template; what it makes is for another policy."""
    for pattern in patterns(resource.properties.get("TemplateURL"), destination):
        arns = object_arn(pattern, destination) or [
            destination.arn("s3", "*", region="", account="")
        ]
        yield ExtraAction(
            "s3:GetObject", tuple(arns), f"the template of {resource.name}, a nested stack"
        )


def _parameters(template: TemplateBody, destination: Destination) -> Iterator[ExtraAction]:
    """Yield what parameters look up in Parameter Store."""
    for name, parameter in template.parameters.items():
        if str(parameter.get("Type", "")).startswith(LOOKED_UP):
            value = destination.parameters.get(name, "*")
            reason = f"the parameter {name} is looked up"
            if name not in destination.parameters:
                reason += f": --parameter {name}=… narrows it"
            yield ExtraAction("ssm:GetParameters", (_parameter(value, destination),), reason)


def _dynamic(body: dict[str, Any], destination: Destination) -> Iterator[ExtraAction]:
    """Yield what `{{resolve:…}}` looks up; what is not literal in it is a star."""
    text = re.sub(r"\$\{[^}]*\}", "*", json.dumps(body, default=str))
    for service, reference in dict.fromkeys(DYNAMIC.findall(text)):
        if service == "secretsmanager":
            arn = re.match(r"arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[\w/+=.@*-]+", reference)
            name = reference.partition(":")[0]
            secret = f"secret:{_plain(name)}-??????"
            secret = arn[0] if arn else destination.arn("secretsmanager", secret)
            yield ExtraAction("secretsmanager:GetSecretValue", (secret,), "dynamic references")
        else:
            name = _parameter(reference.partition(":")[0], destination)
            yield ExtraAction("ssm:GetParameters", (name,), "dynamic references")


def _parameter(name: str, destination: Destination) -> str:
    return destination.arn("ssm", f"parameter/{_plain(name).removeprefix('/')}")


def _plain(name: str) -> str:
    return re.sub(r"[^\w/+=.@*-]", "?", name, flags=re.ASCII)
