"""A web ACL that allows only listed IP addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, GetAtt
from troposphere.wafv2 import (
    AllowAction,
    BlockAction,
    DefaultAction,
    IPSet,
    IPSetReferenceStatement,
    RateBasedStatement,
    RuleAction,
    Statement,
    VisibilityConfig,
    WebACL,
    WebACLAssociation,
    WebACLRule,
)

__all__ = ["Firewall", "firewall"]


@dataclass(frozen=True)
class Firewall:
    """A web ACL, its IP set, and its association."""

    addresses: IPSet
    acl: WebACL
    association: WebACLAssociation

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.addresses, ""),
            (self.acl, "Closed but for the addresses above, and to those only at a sane rate."),
            (self.association, ""),
        ]


def firewall(title: str, *, addresses: Any, before: Any, per_five_minutes: int = 300) -> Firewall:
    """Return a web ACL that blocks all but some IPv4 addresses.

    Args:
        title: the beginning of the logical IDs.
        addresses: the IPv4 ranges, a list in CloudFormation.
        before: the ARN of the API stage it protects.
        per_five_minutes: maximum number of requests from one address in five minutes.
    """
    ip_set = IPSet(
        f"{title}Addresses", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=addresses
    )
    acl = WebACL(
        f"{title}Acl",
        Scope="REGIONAL",
        DefaultAction=DefaultAction(Block=BlockAction()),
        Rules=[
            WebACLRule(
                Name="TooMany",
                Priority=0,
                Action=RuleAction(Block=BlockAction()),
                Statement=Statement(
                    RateBasedStatement=RateBasedStatement(
                        AggregateKeyType="IP", Limit=per_five_minutes
                    )
                ),
                VisibilityConfig=_visible("TooMany"),
            ),
            WebACLRule(
                Name="Known",
                Priority=1,
                Action=RuleAction(Allow=AllowAction()),
                Statement=Statement(
                    IPSetReferenceStatement=IPSetReferenceStatement(Arn=GetAtt(ip_set, "Arn"))
                ),
                VisibilityConfig=_visible("Known"),
            ),
        ],
        VisibilityConfig=_visible("Blocked"),
    )
    association = WebACLAssociation(
        f"{title}Association", ResourceArn=before, WebACLArn=GetAtt(acl, "Arn")
    )
    return Firewall(ip_set, acl, association)


def _visible(metric: str) -> VisibilityConfig:
    return VisibilityConfig(
        CloudWatchMetricsEnabled=True, SampledRequestsEnabled=True, MetricName=metric
    )
