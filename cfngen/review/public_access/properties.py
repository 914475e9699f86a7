"""Properties that make a resource reachable from the internet by having one value, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical, scalar
from cfngen.review.permissions.alternatives import When, lookup

Test = Callable[[Any], bool]


def _is(*wanted: str) -> Test:
    """Return a test for values in small letters; `absent` is no value at all."""
    return lambda value: ("absent" if value is None else scalar(value).lower()) in wanted


def _present(value: Any) -> bool:
    return value is not None and value != {}


def _open_network(value: Any) -> bool:
    return "AllowFromPublic" in canonical(value) and "true" in canonical(value).lower()


@dataclass(frozen=True)
class Switch:
    """A property, the values that open something, and what they open.

    Where another property of the resource is not as `unless` says, nothing is opened.
    """

    type: str
    path: str
    opens: Test
    what: str
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
SWITCHES = (
    Switch("AWS::Lambda::Url", "AuthType", _is("none"), "a URL that asks for no authentication"),
    Switch(
        "AWS::Serverless::Function",
        "FunctionUrlConfig.AuthType",
        _is("none"),
        "a URL that asks for no authentication",
    ),
    Switch(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Scheme",
        _is("internet-facing", "absent"),
        "a load balancer that faces the internet",
        ("Type", _is("gateway")),
    ),
    Switch(
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "Scheme",
        _is("internet-facing", "absent"),
        "a load balancer that faces the internet",
    ),
    Switch(
        "AWS::AppRunner::Service",
        "NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible",
        YES_BY_DEFAULT,
        PUBLIC_ENDPOINT,
    ),
    Switch("AWS::DMS::ReplicationInstance", "PubliclyAccessible", _is("absent"), PUBLIC_ADDRESS),
    Switch(
        "AWS::AppSync::GraphQLApi",
        "AuthenticationType",
        _is("api_key"),
        "requests with no more than an API key",
        ("Visibility", _is("private")),
    ),
    Switch(
        "AWS::AppSync::GraphQLApi",
        "AdditionalAuthenticationProviders.*.AuthenticationType",
        _is("api_key"),
        "requests with no more than an API key",
        ("Visibility", _is("private")),
    ),
    Switch(
        "AWS::Cognito::IdentityPool",
        "AllowUnauthenticatedIdentities",
        YES,
        "identities for guests who have not signed in",
    ),
    Switch(
        "AWS::Cognito::UserPool",
        "AdminCreateUserConfig.AllowAdminCreateUserOnly",
        _is("false", "absent"),
        "that anybody signs up",
    ),
    Switch(
        "AWS::EC2::Subnet",
        "MapPublicIpOnLaunch",
        YES,
        "an address on the internet for everything started in it",
    ),
    Switch("AWS::EC2::EIP", "InstanceId", _present, PUBLIC_ADDRESS),
    Switch("AWS::EC2::EIPAssociation", "InstanceId", _present, PUBLIC_ADDRESS),
    Switch("AWS::EC2::EIPAssociation", "NetworkInterfaceId", _present, PUBLIC_ADDRESS),
    Switch("AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", _present, "an internet gateway"),
    Switch("AWS::OpenSearchService::Domain", "VPCOptions", _is("absent"), PUBLIC_ENDPOINT),
    Switch("AWS::Elasticsearch::Domain", "VPCOptions", _is("absent"), PUBLIC_ENDPOINT),
    Switch(
        "AWS::OpenSearchServerless::SecurityPolicy",
        "Policy",
        _open_network,
        PUBLIC_ENDPOINT,
        ("Type", _is("encryption")),
    ),
    Switch(
        "AWS::CloudFront::Distribution",
        "DistributionConfig.Enabled",
        YES,
        "a distribution on the internet",
    ),
    Switch(
        "AWS::CloudFront::DistributionTenant",
        "Customizations.WebAcl.Action",
        _is("disable"),
        "requests that no web ACL checks",
    ),
    Switch(
        "AWS::GlobalAccelerator::Accelerator",
        "Enabled",
        YES_BY_DEFAULT,
        "an address on the internet",
    ),
    Switch(
        "AWS::MSK::Cluster",
        "BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type",
        _is("service_provided_eips"),
        PUBLIC_ADDRESS,
    ),
    Switch(
        "AWS::MSK::Cluster",
        "ClientAuthentication.Unauthenticated.Enabled",
        YES,
        "clients without authentication",
    ),
    Switch(
        "AWS::Transfer::Server",
        "EndpointType",
        _is("public", "absent"),
        "an endpoint on the internet",
    ),
    Switch("AWS::ECR::PublicRepository", "", lambda _: True, "images that anybody can pull"),
    Switch(
        "AWS::CodeBuild::Project",
        "Visibility",
        _is("public_read"),
        "its builds' logs and artifacts to anybody",
    ),
    Switch(
        "AWS::S3::Bucket",
        "AccessControl",
        _is("publicread", "publicreadwrite", "authenticatedread"),
        "its objects to anybody, by its ACL",
    ),
    Switch("AWS::S3::Bucket", "WebsiteConfiguration", _present, "a website endpoint"),
    Switch(
        "AWS::Lightsail::Bucket",
        "AccessRules.GetObject",
        _is("public"),
        "its objects to anybody",
    ),
    Switch("AWS::Lightsail::Bucket", "AccessRules.AllowPublicOverrides", YES, "ACLs for anybody"),
)


def thrown(type_: str, properties: dict[str, Any]) -> Iterator[tuple[str, When]]:
    """Yield what a resource's properties open, and when."""
    for switch in SWITCHES:
        if switch.type != type_ or _excluded(switch, properties):
            continue
        for when, value in lookup(properties, *filter(None, switch.path.split("."))):
            if switch.opens(value):
                yield _said(switch.what, switch.path, value), when
    yield from _anywhere(properties, frozenset())


def _excluded(switch: Switch, properties: dict[str, Any]) -> bool:
    name, closes = switch.unless
    return bool(name) and all(closes(value) for _, value in lookup(properties, name))


def _said(what: str, path: str, value: Any) -> str:
    if not path:
        return what
    if value is None:
        return f"{what} (no {path})"
    plain = isinstance(value, str | bool | int)
    return f"{what} ({path}: {scalar(value)})" if plain else f"{what} ({path})"


def _anywhere(value: Any, within: When) -> Iterator[tuple[str, When]]:
    for inner, found in lookup(value):
        when = within | inner
        if isinstance(found, dict):
            for name, item in found.items():
                if name in ANYWHERE:
                    opens, what = ANYWHERE[name]
                    for last, got in lookup(item):
                        if not isinstance(got, dict | list) and opens(got):
                            yield _said(what, name, got), when | last
                else:
                    yield from _anywhere(item, when)
        elif isinstance(found, list):
            for item in found:
                yield from _anywhere(item, when)
