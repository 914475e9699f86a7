"""Public access that takes more than one property to see: APIs, routes, buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import (
    Condition,
    if_alternatives,
    lookup,
    referenced_name,
    text_alternatives,
    type_of,
)
from cfngen.review.permissions.conditions import is_internet_wide
from cfngen.review.stack import Resource, Stack

AccessDescriptions = Iterator[tuple[str, Condition]]
API, METHOD = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method"
BLOCKS = {
    "BlockPublicAcls": "setting public ACLs",
    "BlockPublicPolicy": "setting a public policy",
    "IgnorePublicAcls": "access granted by public ACLs",
    "RestrictPublicBuckets": "access granted by a public policy",
}
EVERYWHERE = ("0.0.0.0/0", "::/0")


def composite_access(stack: Stack, resource: Resource) -> AccessDescriptions:
    """Yield what a resource opens to the internet, and under which condition."""
    describe = COMPOSITE.get(resource.type)
    return describe(stack, resource) if describe else iter(())


def is_private_api(resource: Resource | None) -> bool:
    """Whether a resource is an API that can be reached only from a VPC."""
    if resource is None or resource.type not in (API, "AWS::Serverless::Api"):
        return False
    configuration = resource.properties.get("EndpointConfiguration")
    kinds = [
        text for _, value in lookup(configuration, "Types") for _, text in text_alternatives(value)
    ]
    kinds += [
        text for _, value in lookup(configuration, "Type") for _, text in text_alternatives(value)
    ]
    kinds += [
        text for _, text in text_alternatives(configuration) if isinstance(configuration, AnyText)
    ]
    return bool(kinds) and all(kind == "PRIVATE" for kind in kinds)


def is_blocked_by_default(resource: Resource) -> bool:
    """Whether a bucket has no public access setting: then all public access is blocked."""
    return (
        resource.type == "AWS::S3::Bucket"
        and "PublicAccessBlockConfiguration" not in resource.properties
    )


def _api(_: Stack, resource: Resource) -> AccessDescriptions:
    if not is_private_api(resource):
        yield "an API on the internet", frozenset()


def _method(stack: Stack, resource: Resource) -> AccessDescriptions:
    properties = resource.properties
    verb = shown(properties.get("HttpMethod", "ANY"))
    api = referenced_name(properties.get("RestApiId"))
    if verb == "OPTIONS" or (type_of(stack, api) == API and is_private_api(stack.resource(api))):
        return
    yield from _open(verb, resource)


def _open(requests: str, resource: Resource) -> AccessDescriptions:
    """Yield that requests need neither authorization nor an API key."""
    for when, value in if_alternatives(resource.properties.get("AuthorizationType")):
        if value is None or scalar(value).upper() == "NONE":
            for inner, key in if_alternatives(resource.properties.get("ApiKeyRequired")):
                if scalar(key).lower() != "true":
                    yield f"{requests} requests without authorization", when | inner


def _route(_: Stack, resource: Resource) -> AccessDescriptions:
    route = shown(resource.properties.get("RouteKey", "$default"))
    # A WebSocket API asks who somebody is when they connect.
    if route.startswith("OPTIONS ") or route == "$disconnect":
        return
    yield from _open(route, resource)


def _default_route(stack: Stack, resource: Resource) -> AccessDescriptions:
    for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        for when, block in if_alternatives(resource.properties.get(key)):
            if not is_internet_wide(scalar(block)):
                continue
            for inner, gateway in if_alternatives(resource.properties.get("GatewayId")):
                if gateway is not None and not _elsewhere(stack, scalar(gateway)):
                    yield f"a route to and from {shown(block)}", when | inner


def _elsewhere(stack: Stack, gateway: AnyText) -> bool:
    """Whether a gateway is known to lead somewhere else than to the internet."""
    type_ = type_of(stack, referenced_name(gateway))
    return gateway.startswith(("vgw-", "local", "vpce-")) or "VPNGateway" in type_


def _cluster(_: Stack, resource: Resource) -> AccessDescriptions:
    for when, value in lookup(resource.properties, "ResourcesVpcConfig", "EndpointPublicAccess"):
        if value is not None and scalar(value).lower() != "true":
            continue
        for inner, blocks in lookup(resource.properties, "ResourcesVpcConfig", "PublicAccessCidrs"):
            listed = [text for _, text in text_alternatives(blocks)] or list(EVERYWHERE[:1])
            for block in filter(is_internet_wide, listed):
                yield f"the cluster's endpoint, from {shown(block)}", when | inner


def _bucket(_: Stack, resource: Resource) -> AccessDescriptions:
    for when, block in lookup(resource.properties, "PublicAccessBlockConfiguration"):
        for name, description in BLOCKS.items():
            for inner, value in lookup(block, name):
                if scalar(value).lower() != "true":
                    yield f"{description} ({name} is off)", when | inner


def _access_point(stack: Stack, resource: Resource) -> AccessDescriptions:
    """Yield as for a bucket; without a configuration everything is blocked."""
    if "PublicAccessBlockConfiguration" in resource.properties:
        yield from _bucket(stack, resource)


COMPOSITE: dict[str, Callable[[Stack, Resource], AccessDescriptions]] = {
    API: _api,
    "AWS::Serverless::Api": _api,
    METHOD: _method,
    "AWS::ApiGatewayV2::Route": _route,
    "AWS::EC2::Route": _default_route,
    "AWS::EKS::Cluster": _cluster,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::AccessPoint": _access_point,
    "AWS::S3::MultiRegionAccessPoint": _access_point,
}
