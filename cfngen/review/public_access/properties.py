"""A table of properties with values that make a resource reachable from the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.text import Text
from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.alternatives import Condition, lookup

Test = Callable[[Any], bool]


def _is(*wanted: str) -> Test:
    """Return a test for values in small letters; `absent` is no value at all."""
    return lambda value: ("absent" if value is None else scalar(value).lower()) in wanted


def _present(value: Any) -> bool:
    return value is not None and value != {}


def _open_network(value: Any) -> bool:
    return "AllowFromPublic" in canonical(value) and "true" in canonical(value).lower()


@dataclass(frozen=True)
class PublicProperty:
    """A property, the values that open something, and what they open.

    Nothing is opened where another property of the resource has a value that `unless` accepts.
    """

    type: str
    path: str
    opens: Test
    description: str
    unless: tuple[str, Test] = ("", _is())


YES, YES_BY_DEFAULT = _is("true"), _is("true", "absent")
PUBLIC_ENDPOINT = "an endpoint on the internet"
PUBLIC_ADDRESS = "an address on the internet"

# Where the value is found at any depth of any resource, under these names.
ANYWHERE: dict[str, tuple[Test, str]] = {
    "PubliclyAccessible": (YES, PUBLIC_ADDRESS),
    "PublicConnectivity": (YES, PUBLIC_ENDPOINT),
    "AssignPublicIp": (_is("enabled"), PUBLIC_ADDRESS),
    "AssociatePublicIpAddress": (YES, PUBLIC_ADDRESS),
}
PUBLIC_PROPERTIES = (
    PublicProperty("AWS::Lambda::Url", "AuthType", _is("none"), "a URL without authentication"),
    PublicProperty(
        "AWS::Serverless::Function",
        "FunctionUrlConfig.AuthType",
        _is("none"),
        "a URL without authentication",
    ),
    PublicProperty(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Scheme",
        _is("internet-facing", "absent"),
        "a load balancer that faces the internet",
        ("Type", _is("gateway")),
    ),
    PublicProperty(
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "Scheme",
        _is("internet-facing", "absent"),
        "a load balancer that faces the internet",
    ),
    PublicProperty(
        "AWS::AppRunner::Service",
        "NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible",
        YES_BY_DEFAULT,
        PUBLIC_ENDPOINT,
    ),
    PublicProperty(
        "AWS::DMS::ReplicationInstance", "PubliclyAccessible", _is("absent"), PUBLIC_ADDRESS
    ),
    PublicProperty(
        "AWS::AppSync::GraphQLApi",
        "AuthenticationType",
        _is("api_key"),
        "requests with nothing but an API key",
        ("Visibility", _is("private")),
    ),
    PublicProperty(
        "AWS::AppSync::GraphQLApi",
        "AdditionalAuthenticationProviders.*.AuthenticationType",
        _is("api_key"),
        "requests with nothing but an API key",
        ("Visibility", _is("private")),
    ),
    PublicProperty(
        "AWS::Cognito::IdentityPool",
        "AllowUnauthenticatedIdentities",
        YES,
        "identities for guests who have not signed in",
    ),
    PublicProperty(
        "AWS::Cognito::UserPool",
        "AdminCreateUserConfig.AllowAdminCreateUserOnly",
        _is("false", "absent"),
        "sign-up for anybody",
    ),
    PublicProperty(
        "AWS::EC2::Subnet",
        "MapPublicIpOnLaunch",
        YES,
        "an address on the internet for everything started in it",
    ),
    PublicProperty("AWS::EC2::EIP", "InstanceId", _present, PUBLIC_ADDRESS),
    PublicProperty("AWS::EC2::EIPAssociation", "InstanceId", _present, PUBLIC_ADDRESS),
    PublicProperty("AWS::EC2::EIPAssociation", "NetworkInterfaceId", _present, PUBLIC_ADDRESS),
    PublicProperty(
        "AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", _present, "an internet gateway"
    ),
    PublicProperty("AWS::OpenSearchService::Domain", "VPCOptions", _is("absent"), PUBLIC_ENDPOINT),
    PublicProperty("AWS::Elasticsearch::Domain", "VPCOptions", _is("absent"), PUBLIC_ENDPOINT),
    PublicProperty(
        "AWS::OpenSearchServerless::SecurityPolicy",
        "Policy",
        _open_network,
        PUBLIC_ENDPOINT,
        ("Type", _is("encryption")),
    ),
    PublicProperty(
        "AWS::CloudFront::Distribution",
        "DistributionConfig.Enabled",
        YES,
        "a distribution on the internet",
    ),
    PublicProperty(
        "AWS::CloudFront::DistributionTenant",
        "Customizations.WebAcl.Action",
        _is("disable"),
        "requests that no web ACL checks",
    ),
    PublicProperty(
        "AWS::GlobalAccelerator::Accelerator",
        "Enabled",
        YES_BY_DEFAULT,
        "an address on the internet",
    ),
    PublicProperty(
        "AWS::MSK::Cluster",
        "BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type",
        _is("service_provided_eips"),
        PUBLIC_ADDRESS,
    ),
    PublicProperty(
        "AWS::MSK::Cluster",
        "ClientAuthentication.Unauthenticated.Enabled",
        YES,
        "clients without authentication",
    ),
    PublicProperty(
        "AWS::Transfer::Server",
        "EndpointType",
        _is("public", "absent"),
        "an endpoint on the internet",
    ),
    PublicProperty(
        "AWS::ECR::PublicRepository", "", lambda _: True, "images that anybody can pull"
    ),
    PublicProperty(
        "AWS::CodeBuild::Project",
        "Visibility",
        _is("public_read"),
        "its builds' logs and artifacts, for anybody",
    ),
    PublicProperty(
        "AWS::S3::Bucket",
        "AccessControl",
        _is("publicread", "publicreadwrite", "authenticatedread"),
        "its objects, for anybody, by its ACL",
    ),
    PublicProperty("AWS::S3::Bucket", "WebsiteConfiguration", _present, "a website endpoint"),
    PublicProperty(
        "AWS::Lightsail::Bucket",
        "AccessRules.GetObject",
        _is("public"),
        "its objects, for anybody",
    ),
    PublicProperty(
        "AWS::Lightsail::Bucket", "AccessRules.AllowPublicOverrides", YES, "ACLs for anybody"
    ),
)


def public_properties(type_: str, properties: dict[str, Any]) -> Iterator[tuple[str, Condition]]:
    """Yield what the properties of a resource open, and under which condition."""
    for public_property in PUBLIC_PROPERTIES:
        if public_property.type != type_ or _excluded(public_property, properties):
            continue
        for when, value in lookup(properties, *filter(None, public_property.path.split("."))):
            if public_property.opens(value):
                yield _describe(public_property.description, public_property.path, value), when
    yield from _anywhere(properties, frozenset())


def _excluded(public_property: PublicProperty, properties: dict[str, Any]) -> bool:
    name, closes = public_property.unless
    return bool(name) and all(closes(value) for _, value in lookup(properties, name))


def _describe(description: str, path: str, value: Any) -> str:
    if not path:
        return description
    if value is None:
        return f"{description} (no {path})"
    plain = isinstance(value, str | Text | bool | int)
    return f"{description} ({path}: {scalar(value)})" if plain else f"{description} ({path})"


def _anywhere(value: Any, within: Condition) -> Iterator[tuple[str, Condition]]:
    for inner, alternative in lookup(value):
        when = within | inner
        if isinstance(alternative, dict):
            for name, item in alternative.items():
                if name in ANYWHERE:
                    opens, description = ANYWHERE[name]
                    for last, got in lookup(item):
                        if not isinstance(got, dict | list) and opens(got):
                            yield _describe(description, name, got), when | last
                else:
                    yield from _anywhere(item, when)
        elif isinstance(alternative, list):
            for item in alternative:
                yield from _anywhere(item, when)
