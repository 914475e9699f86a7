"""What CloudFormation does with its role beside the handlers of types: lookups and calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import Resource, of_resource
from cfngen.deploy.role.names import Place, patterns
from cfngen.deploy.role.objects import located

CUSTOM = "AWS::CloudFormation::CustomResource"
DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*?)\}\}")
# A parameter of such a type is given the name of an SSM parameter, and has its value.
LOOKED_UP = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True)
class Call:
    """One action that no handler names."""

    action: str
    arns: tuple[str, ...]
    why: str


def calls(body: dict[str, Any], resources: dict[str, Resource], place: Place) -> Iterator[Call]:
    """Yield what a template makes CloudFormation do beside making its resources."""
    for resource in resources.values():
        if resource.type == CUSTOM or resource.type.startswith("Custom::"):
            yield from _custom(resource, resources, place)
        if resource.type == "AWS::CloudFormation::Stack":
            yield from _nested(resource, place)
    yield from _parameters(body, place)
    yield from _dynamic(body, place)


def _custom(resource: Resource, resources: dict[str, Resource], place: Place) -> Iterator[Call]:
    """Yield the call of a custom resource's function, or the message to its topic."""
    token = resource.properties.get("ServiceToken")
    why = f"{resource.name} is a custom resource"
    names = {name for name, _ in references(token)}
    for name in sorted(names & set(resources)):
        for type_, service, kind, action in (
            ("AWS::Lambda::Function", "lambda", "function", "lambda:InvokeFunction"),
            ("AWS::SNS::Topic", "sns", "topic", "sns:Publish"),
        ):
            if resources[name].type == type_:
                yield Call(action, of_resource(service, kind, resources[name], place).arns, why)
                return
    for pattern in patterns(token, place):
        if ":sns:" in pattern:
            yield Call("sns:Publish", (pattern,), why)
        elif ":function:" in pattern:
            yield Call("lambda:InvokeFunction", (pattern,), why)
        else:
            arn = f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:*"
            what = f"{why} whose function only the deployment knows"
            yield Call("lambda:InvokeFunction", (arn,), what)


def _nested(resource: Resource, place: Place) -> Iterator[Call]:
    """Yield the reading of a nested template; what it makes is for another policy."""
    for pattern in patterns(resource.properties.get("TemplateURL"), place):
        arns = located(pattern, place) or [f"arn:{place.partition}:s3:::*"]
        yield Call("s3:GetObject", tuple(arns), f"the template of {resource.name}, a nested stack")


def _parameters(body: dict[str, Any], place: Place) -> Iterator[Call]:
    """Yield what parameters look up in Parameter Store."""
    declared = body.get("Parameters")
    for name, about in declared.items() if isinstance(declared, dict) else ():
        kind = about.get("Type") if isinstance(about, dict) else None
        if isinstance(kind, str) and kind.startswith(LOOKED_UP):
            given = place.parameters.get(str(name), "*")
            why = f"the parameter {name} is looked up"
            why += "" if str(name) in place.parameters else f": --parameter {name}=… narrows it"
            yield Call("ssm:GetParameters", (_parameter(given, place),), why)


def _dynamic(body: dict[str, Any], place: Place) -> Iterator[Call]:
    """Yield what `{{resolve:…}}` looks up; what is not literal in it is a star."""
    text = re.sub(r"\$\{[^}]*\}", "*", json.dumps(body, default=str))
    for service, what in dict.fromkeys(DYNAMIC.findall(text)):
        if service == "secretsmanager":
            arn = re.match(r"arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[\w/+=.@*-]+", what)
            name = what.partition(":")[0]
            start = f"arn:{place.partition}:secretsmanager:{place.region}:{place.account}:secret:"
            found = arn[0] if arn else start + _plain(name) + "-??????"
            yield Call("secretsmanager:GetSecretValue", (found,), "dynamic references")
        else:
            name = _parameter(what.partition(":")[0], place)
            yield Call("ssm:GetParameters", (name,), "dynamic references")


def _parameter(name: str, place: Place) -> str:
    start = f"arn:{place.partition}:ssm:{place.region}:{place.account}:parameter/"
    return start + _plain(name).removeprefix("/")


def _plain(name: str) -> str:
    return re.sub(r"[^\w/+=.@*-]", "?", name, flags=re.ASCII)
