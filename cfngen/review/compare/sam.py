"""Resources of SAM as what its transform makes of them, under the same logical ID."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cfngen.cloudformation.schemas import schema
from cfngen.review.stack import Resource

PREFIX = "AWS::Serverless::"
ATTRIBUTE_TYPES = {"String": "S", "Number": "N", "Binary": "B"}
# SAM appends a digest to the logical ID, so that each version is a resource of its own.
LAYER, LAYER_BEFORE = "AWS::Lambda::LayerVersion", f"{PREFIX}LayerVersion"


def _unchanged(properties: dict[str, Any]) -> dict[str, Any]:
    return properties


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    """Return a simple table's properties as those of a table."""
    key = properties.get("PrimaryKey", {"Name": "id", "Type": "String"})
    rest = {name: value for name, value in properties.items() if name != "PrimaryKey"}
    if not isinstance(key, dict):  # what a function makes of it is not known
        return rest
    type_ = key.get("Type")
    letter = ATTRIBUTE_TYPES.get(type_, type_) if isinstance(type_, str) else type_
    on_demand = {} if "ProvisionedThroughput" in rest else {"BillingMode": "PAY_PER_REQUEST"}
    return {
        "KeySchema": [{"AttributeName": key.get("Name"), "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key.get("Name"), "AttributeType": letter}],
        **on_demand,
        **rest,
    }


@dataclass(frozen=True)
class Transformed:
    """What SAM makes of a type.

    `renamed` are properties that have another name then. `left_out` is what it writes otherwise, or
    adds to, so that nothing can be said of a difference; so is what only one of the types has.
    """

    type: str
    renamed: dict[str, str]
    left_out: frozenset[str]
    convert: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged


TRANSFORMED = {
    f"{PREFIX}Api": Transformed(
        "AWS::ApiGateway::RestApi",
        {"DefinitionBody": "Body"},
        frozenset(("Body", "BodyS3Location", "EndpointConfiguration", "Parameters", "Tags")),
    ),
    f"{PREFIX}Application": Transformed(
        "AWS::CloudFormation::Stack", {}, frozenset(("TemplateURL", "Tags"))
    ),
    f"{PREFIX}Function": Transformed(
        "AWS::Lambda::Function",
        {"DeadLetterQueue": "DeadLetterConfig"},
        frozenset(("Code", "DeadLetterConfig", "Tags", "TracingConfig")),
    ),
    f"{PREFIX}GraphQLApi": Transformed(
        "AWS::AppSync::GraphQLApi", {}, frozenset(("Tags", "AuthenticationType", "LogConfig"))
    ),
    f"{PREFIX}HttpApi": Transformed(
        "AWS::ApiGatewayV2::Api",
        {"DefinitionBody": "Body"},
        frozenset(("Body", "BodyS3Location", "CorsConfiguration", "Name", "Description", "Tags")),
    ),
    f"{PREFIX}SimpleTable": Transformed("AWS::DynamoDB::Table", {}, frozenset(("Tags",)), _table),
    f"{PREFIX}StateMachine": Transformed(
        "AWS::StepFunctions::StateMachine",
        {
            "Name": "StateMachineName",
            "Type": "StateMachineType",
            "Role": "RoleArn",
            "Logging": "LoggingConfiguration",
            "Tracing": "TracingConfiguration",
        },
        frozenset(("Definition", "DefinitionString", "DefinitionS3Location", "Tags")),
    ),
}
# What SAM adds of its own accord, where the template says nothing of it.
GENERATED = frozenset(("Role", "RoleArn"))
# What a property is if nothing is said of it, where only one of the types says so by default.
USUAL = {"ProtocolType": "HTTP"}


def is_made_of(old: str, new: str) -> bool:
    """Whether one of two types is what SAM makes of the other, under the same logical ID.

    >>> is_made_of("AWS::Serverless::Function", "AWS::Lambda::Function")
    True
    >>> is_made_of("AWS::Serverless::Function", "AWS::Lambda::Version")
    False
    """
    return old != new and _type(old) == _type(new)


def is_layer(old: str, new: str) -> bool:
    """Whether a layer is written in SAM on one side: its logical ID is another one there."""
    return {old, new} == {LAYER, LAYER_BEFORE}


def as_made(old: Resource, new: Resource) -> tuple[Resource, Resource]:
    """Return two resources as what they become, with what can be compared of them.

    >>> table = Resource("T", "AWS::Serverless::SimpleTable", {"TableName": "t"}, {})
    >>> plain = Resource("T", "AWS::DynamoDB::Table", {"TableName": "t", "KeySchema": []}, {})
    >>> [sorted(side.properties) for side in as_made(table, plain)]
    [['AttributeDefinitions', 'BillingMode', 'KeySchema', 'TableName'], ['KeySchema', 'TableName']]
    """
    target = TRANSFORMED[old.type if old.type in TRANSFORMED else new.type]
    sides = _deployed(old, target), _deployed(new, target)
    one_only = {
        key for key in GENERATED if not all(key in side.properties for side in sides)
    } | target.left_out
    old, new = (
        replace(
            side,
            properties={
                key: value
                for key, value in side.properties.items()
                if key not in one_only and USUAL.get(key) != value
            },
        )
        for side in sides
    )
    return old, new


def _deployed(resource: Resource, target: Transformed) -> Resource:
    if resource.type == target.type:
        return resource
    named = {
        target.renamed.get(key, key): value
        for key, value in target.convert(resource.properties).items()
    }
    taken = {key: value for key, value in named.items() if schema(target.type).node((key,))}
    return replace(resource, type=target.type, properties=taken)


def _type(type_: str) -> str:
    return TRANSFORMED[type_].type if type_ in TRANSFORMED else type_
