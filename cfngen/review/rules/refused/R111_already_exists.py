"""A resource gets another logical ID, and cannot exist twice."""

from collections.abc import Iterator

from cfngen.cloudformation.values import canonical
from cfngen.review.alternatives import existence
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty, Kind
from cfngen.review.names import given_name
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource

# By which properties a service knows things that have no name; what is left out counts as well.
UNIQUE = {
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
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "EventSourceArn", "Topics", "Queues"),
    "AWS::Lambda::Url": ("TargetFunctionArn", "Qualifier"),
    "AWS::Route53::RecordSet": (
        "HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier",
    ),
}  # fmt: skip


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what is created while the same is only deleted afterwards."""
    leaving: dict[str, Resource] = {}
    for change in facts.changes.values():
        old = facts.before.resource(change.name) if change.kind is Kind.REMOVED else None
        if old and old.type in UNIQUE and existence(facts.before, old) is not None:
            leaving.setdefault(_identity(old), old)
    for change in facts.changes.values():
        new = facts.after.resource(change.name) if change.kind is Kind.ADDED else None
        if new is None or new.type not in UNIQUE or existence(facts.after, new) is None:
            continue
        same = leaving.get(_identity(new))
        if same is None or given_name(new):  # which R107 reports
            continue
        conditional = "Condition" in new.attributes or "Condition" in same.attributes
        yield Hit(
            new.name,
            f"is the same as {same.name}, which is deleted only afterwards: keep the logical ID, or"
            " remove the one in a deployment before the other is added",
            Certainty.MAY if conditional else Certainty.WILL,
        )


def _identity(resource: Resource) -> str:
    values = {key: resource.properties.get(key) for key in UNIQUE[resource.type]}
    return canonical({"Type": resource.type, **values})


RULE = Rule(
    title="A resource gets another logical ID, and cannot exist twice",
    help=(
        "CloudFormation creates what is new before it deletes what has left the template. The "
        "service already has such a route, rule, record or association, refuses a second one, and "
        "the update is rolled back. Keep the logical ID; or remove the resource in one deployment "
        "and add it again in the next."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
