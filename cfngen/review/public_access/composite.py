"""Ways in from the internet that take more than one property to see: APIs, routes, buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.permissions.alternatives import When, branches, items, lookup, referred, type_of
from cfngen.review.permissions.conditions import wide
from cfngen.review.stack import Resource, Stack

Ways = Iterator[tuple[str, When]]
API, METHOD = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method"
BLOCKS = {
    "BlockPublicAcls": "that public ACLs are set",
    "BlockPublicPolicy": "that a public policy is set",
    "IgnorePublicAcls": "what public ACLs allow",
    "RestrictPublicBuckets": "what a public policy allows",
}
EVERYWHERE = ("0.0.0.0/0", "::/0")


def doors(stack: Stack, resource: Resource) -> Ways:
    """Yield what a resource opens to the internet, and when."""
    known = DOORS.get(resource.type)
    return known(stack, resource) if known else iter(())


def private(resource: Resource | None) -> bool:
    """Whether a resource is an API that only a VPC reaches."""
    if resource is None or resource.type not in (API, "AWS::Serverless::Api"):
        return False
    configuration = resource.properties.get("EndpointConfiguration")
    kinds = [text for _, value in lookup(configuration, "Types") for _, text in items(value)]
    kinds += [text for _, value in lookup(configuration, "Type") for _, text in items(value)]
    kinds += [text for _, text in items(configuration) if isinstance(configuration, str)]
    return bool(kinds) and all(kind == "PRIVATE" for kind in kinds)


def blocked(resource: Resource) -> bool:
    """Whether a bucket is made without a word on public access: then all of it is blocked."""
    return (
        resource.type == "AWS::S3::Bucket"
        and "PublicAccessBlockConfiguration" not in resource.properties
    )


def _api(_: Stack, resource: Resource) -> Ways:
    if not private(resource):
        yield "an API on the internet", frozenset()


def _method(stack: Stack, resource: Resource) -> Ways:
    properties = resource.properties
    verb = shown(properties.get("HttpMethod", "ANY"))
    api = referred(properties.get("RestApiId"))
    if verb == "OPTIONS" or (type_of(stack, api) == API and private(stack.resource(api))):
        return
    yield from _open(verb, resource)


def _open(words: str, resource: Resource) -> Ways:
    """Yield that requests need neither authorization nor an API key."""
    for when, value in branches(resource.properties.get("AuthorizationType")):
        if value is None or scalar(value).upper() == "NONE":
            for inner, key in branches(resource.properties.get("ApiKeyRequired")):
                if scalar(key).lower() != "true":
                    yield f"{words} requests without authorization", when | inner


def _route(_: Stack, resource: Resource) -> Ways:
    route = shown(resource.properties.get("RouteKey", "$default"))
    # A WebSocket API asks who somebody is when they connect.
    if route.startswith("OPTIONS ") or route == "$disconnect":
        return
    yield from _open(route, resource)


def _default_route(stack: Stack, resource: Resource) -> Ways:
    for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        for when, block in branches(resource.properties.get(key)):
            if not wide(scalar(block)):
                continue
            for inner, gateway in branches(resource.properties.get("GatewayId")):
                if gateway is not None and not _elsewhere(stack, scalar(gateway)):
                    yield f"a route to and from {shown(block)}", when | inner


def _elsewhere(stack: Stack, gateway: str) -> bool:
    """Whether a gateway is known to lead somewhere else than to the internet."""
    type_ = type_of(stack, referred(gateway))
    return gateway.startswith(("vgw-", "local", "vpce-")) or "VPNGateway" in type_


def _cluster(_: Stack, resource: Resource) -> Ways:
    for when, value in lookup(resource.properties, "ResourcesVpcConfig", "EndpointPublicAccess"):
        if value is not None and scalar(value).lower() != "true":
            continue
        for inner, blocks in lookup(resource.properties, "ResourcesVpcConfig", "PublicAccessCidrs"):
            listed = [text for _, text in items(blocks)] or list(EVERYWHERE[:1])
            for block in filter(wide, listed):
                yield f"the cluster's endpoint, from {shown(block)}", when | inner


def _bucket(_: Stack, resource: Resource) -> Ways:
    for when, block in lookup(resource.properties, "PublicAccessBlockConfiguration"):
        for name, words in BLOCKS.items():
            for inner, value in lookup(block, name):
                if scalar(value).lower() != "true":
                    yield f"{words} ({name} is off)", when | inner


def _access_point(stack: Stack, resource: Resource) -> Ways:
    """Yield as for a bucket; without a configuration everything is blocked."""
    if "PublicAccessBlockConfiguration" in resource.properties:
        yield from _bucket(stack, resource)


DOORS: dict[str, Callable[[Stack, Resource], Ways]] = {
    API: _api,
    METHOD: _method,
    "AWS::ApiGatewayV2::Route": _route,
    "AWS::EC2::Route": _default_route,
    "AWS::EKS::Cluster": _cluster,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::AccessPoint": _access_point,
    "AWS::S3::MultiRegionAccessPoint": _access_point,
}
