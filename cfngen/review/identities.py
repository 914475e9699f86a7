"""What a service knows things by that have no name, so that it has only one of them."""

from __future__ import annotations

from collections.abc import Iterable

from cfngen.cloudformation.values import canonical
from cfngen.review.model import Exposure
from cfngen.review.names import given_name
from cfngen.review.stack import Resource, Stack

# By which properties a service knows things that have no name; what is left out counts as well.
UNIQUE = {
    "AWS::ApiGateway::BasePathMapping": ("DomainName", "BasePath"),
    "AWS::ApiGatewayV2::ApiMapping": ("DomainName", "ApiMappingKey"),
    "AWS::ApiGatewayV2::Route": ("ApiId", "RouteKey"),
    "AWS::EC2::NetworkAclEntry": ("NetworkAclId", "RuleNumber", "Egress"),
    "AWS::EC2::Route": (
        "RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
    ),
    "AWS::EC2::SecurityGroupEgress": (
        "GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6",
        "DestinationPrefixListId", "DestinationSecurityGroupId",
    ),
    "AWS::EC2::SecurityGroupIngress": (
        "GroupId", "GroupName", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6",
        "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName",
    ),
    "AWS::EC2::SubnetRouteTableAssociation": ("SubnetId",),
    "AWS::EC2::VPCGatewayAttachment": ("VpcId", "InternetGatewayId", "VpnGatewayId"),
    "AWS::EFS::MountTarget": ("FileSystemId", "SubnetId"),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn", "Port"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn", "Priority"),
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "EventSourceArn", "Topics", "Queues"),
    "AWS::Lambda::Url": ("TargetFunctionArn", "Qualifier"),
    "AWS::Route53::RecordSet": (
        "HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier",
    ),
}  # fmt: skip
# As above, where a service takes the second one for the first and does not refuse it.
ATTACHMENTS = {
    "AWS::EC2::EIPAssociation": (
        "AllocationId", "EIP", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress",
    ),
}  # fmt: skip


def identity(resource: Resource) -> str:
    """Return what is the same for two resources that cannot both exist; empty for most types.

    >>> route = {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0"}
    >>> first, second = (Resource(name, "AWS::EC2::Route", route, {}) for name in "AB")
    >>> identity(first) == identity(second)
    True
    """
    return _by(resource, UNIQUE.get(resource.type, ()))


def _by(resource: Resource, keys: tuple[str, ...]) -> str:
    values = {key: resource.properties.get(key) for key in keys}
    return canonical({"Type": resource.type, **values}) if keys else ""


def without_renamed(
    exposures: Iterable[Exposure], before: Stack, after: Stack
) -> tuple[Exposure, ...]:
    """Return exposures without those of things that only get another logical ID."""
    exposures = tuple(exposures)
    keys = [(_known_by(e.resource, after if e.opened else before), e) for e in exposures]
    opened = {(key, e.description) for key, e in keys if key and e.opened}
    closed = {(key, e.description) for key, e in keys if key and not e.opened}
    same = opened & closed
    return tuple(exposure for key, exposure in keys if (key, exposure.description) not in same)


def _known_by(name: str, stack: Stack) -> str:
    resource = stack.resource(name)
    if resource is None:
        return ""
    named = given_name(resource)
    own = canonical({"Type": resource.type, "Name": named}) if named else ""
    return identity(resource) or _by(resource, ATTACHMENTS.get(resource.type, ())) or own
