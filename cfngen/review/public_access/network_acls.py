"""What network ACLs deny, and let in from the internet."""

from __future__ import annotations

from cfngen.cloudformation.values import scalar
from cfngen.review.alternatives import Condition, if_alternatives
from cfngen.review.permissions.conditions import is_internet_wide
from cfngen.review.public_access.rule_comparison import BLOCKED, COUNTED, Rule
from cfngen.review.public_access.rule_matching import Traffic
from cfngen.review.public_access.rule_reader import Rules, priority_of
from cfngen.review.public_access.security_groups import Ingress, traffic
from cfngen.review.stack import Resource


def entry(resource: Resource, when: Condition) -> Rules:
    """Yield what an entry of a network ACL denies, or lets in from the internet."""
    properties = resource.properties
    ports = properties.get("PortRange")
    ports = ports if isinstance(ports, dict) else {}
    rule = {
        "IpProtocol": properties.get("Protocol", "-1"),
        "FromPort": ports.get("From"),
        "ToPort": ports.get("To"),
    }
    egress = scalar(properties.get("Egress", "false")).lower() == "true"
    for action_condition, action in if_alternatives(properties.get("RuleAction")):
        denies = scalar(action).lower() == "deny"
        for key in ("CidrBlock", "Ipv6CidrBlock"):
            for block_condition, block in if_alternatives(properties.get(key)):
                if block is None or not (
                    denies or (is_internet_wide(scalar(block)) and not egress)
                ):
                    continue
                for traffic_condition, protocol, first, last in traffic(rule):
                    ingress = Ingress("", protocol, first, last, scalar(block))
                    yield Rule(
                        resource.name,
                        str(ingress).replace(" from ", " to ") if egress else str(ingress),
                        Traffic(ingress, egress),
                        BLOCKED if denies else COUNTED,
                        not denies,
                        priority_of(properties.get("RuleNumber")),
                        when | action_condition | block_condition | traffic_condition,
                    )
