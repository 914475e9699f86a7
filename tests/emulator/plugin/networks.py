"""Types of EC2 that ministack lacks, with EC2's quota and what it refuses of rules and addresses.

Sources: API references of AuthorizeSecurityGroupIngress and ReleaseAddress, "Amazon VPC quotas" and
"Error codes for the Amazon EC2 API".
"""

from __future__ import annotations

from typing import Any

import own
import refusals
from ministack.services import ec2

Properties = dict[str, Any]
Made = tuple[str, dict[str, str]]
MOST_ADDRESSES = 5  # of a region
# What makes a rule, a description apart; EC2 has more, which is not known here.
RULE = {
    *("IpProtocol", "FromPort", "ToPort", "CidrIp", "SourceSecurityGroupId"),
    *("DestinationSecurityGroupId",),
}
KNOWN = {*RULE, "GroupId", "Description"}


def permission(props: Properties) -> Properties:
    """Return a rule as EC2's API has it.

    Raises:
        RefusalError: it has something that is not known here.
    """
    if strange := set(props) - KNOWN:
        raise own.RefusalError(f"the emulator knows no {', '.join(sorted(strange))} of rules")
    rule: Properties = {"IpProtocol": str(props["IpProtocol"])}
    rule |= {key: int(props[key]) for key in ("FromPort", "ToPort") if key in props}
    said = {"Description": props["Description"]} if "Description" in props else {}
    if "CidrIp" in props:
        rule["IpRanges"] = [{"CidrIp": props["CidrIp"], **said}]
    if other := props.get("SourceSecurityGroupId") or props.get("DestinationSecurityGroupId"):
        rule["UserIdGroupPairs"] = [{"GroupId": other, **said}]
    return rule


def same(one: Properties, other: Properties) -> bool:
    """Tell whether two rules of a template let the same through."""
    return all(str(one.get(key)) == str(other.get(key)) for key in RULE)


def group_rule(way: str) -> dict[str, Any]:
    """Return the handlers of a security group's rules for a way in or out."""

    def call(verb: str, **asked: Any) -> Any:
        return getattr(own.here("ec2"), f"{verb}_security_group_{way}")(**asked)

    def rules(group: str) -> set[str]:
        asked = {"Filters": [{"Name": "group-id", "Values": [group]}]}
        found = own.here("ec2").describe_security_group_rules(**asked)["SecurityGroupRules"]
        return {rule["SecurityGroupRuleId"] for rule in found}

    def create(title: str, props: Properties, stack: str) -> Made:
        group, before = props["GroupId"], rules(props["GroupId"])
        answer = call("authorize", GroupId=group, IpPermissions=[permission(props)])
        made = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        if made in before:
            raise own.RefusalError(
                f"the specified rule of {group} already exists (InvalidPermission.Duplicate)"
            )
        return made, {"Id": made}

    def update(rule: str, old: Properties, new: Properties, stack: str) -> Made:
        """Make the new rule; the old one is revoked when the update is done."""
        if same(old, new) and old["GroupId"] == new["GroupId"]:
            return rule, {"Id": rule}  # its description
        return create("", new, stack)

    def delete(rule: str, props: Properties) -> None:
        call("revoke", GroupId=props["GroupId"], SecurityGroupRuleIds=[rule])

    return {"create": create, "update": update, "delete": delete}


def no_rule_twice(props: Properties) -> None:
    """Refuse a security group whose own rules have one twice."""
    for key in ("SecurityGroupIngress", "SecurityGroupEgress"):
        rules = props.get(key, [])
        if any(same(one, other) for n, one in enumerate(rules) for other in rules[:n]):
            raise own.RefusalError(
                f"The same permission must not appear multiple times: {key} (InvalidParameterValue)"
            )


class AddressType:
    """AWS::EC2::EIP."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Allocate it."""
        client = own.here("ec2")
        if len(client.describe_addresses()["Addresses"]) >= MOST_ADDRESSES:
            raise own.RefusalError(
                "The maximum number of addresses has been reached. (AddressLimitExceeded)"
            )
        made = client.allocate_address(Domain="vpc")
        found = {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}
        return made["PublicIp"], found

    @staticmethod
    def delete(address: str, props: Properties) -> None:
        """Release it, if nothing has it."""
        found = own.here("ec2").describe_addresses(PublicIps=[address])["Addresses"]
        number = found[0]["AllocationId"]
        if number in used():
            raise own.RefusalError(f"Address {address} is in use. (InvalidIPAddress.InUse)")
        own.here("ec2").release_address(AllocationId=number)


def used() -> set[str]:
    """Return the allocations of addresses that gateways have."""
    found = ec2._nat_gateways.values()
    return {gateway["AllocationId"] for gateway in found if gateway["State"] != "deleted"}


class NatGatewayType:
    """AWS::EC2::NatGateway."""

    @staticmethod
    def create(title: str, props: Properties, stack: str) -> Made:
        """Make it, with an address that no other has."""
        number = props.get("AllocationId")
        if number and number in used():
            raise own.RefusalError(
                f"Elastic IP address [{number}] is already associated (Resource.AlreadyAssociated)"
            )
        asked = {key: props[key] for key in ("SubnetId", "AllocationId") if key in props}
        made = own.here("ec2").create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
        return made, {"NatGatewayId": made}

    @staticmethod
    def delete(gateway: str, props: Properties) -> None:
        """Delete it."""
        own.here("ec2").delete_nat_gateway(NatGatewayId=gateway)


TYPES: dict[str, dict[str, Any]] = {
    "AWS::EC2::EIP": refusals.of(AddressType),
    "AWS::EC2::NatGateway": refusals.of(NatGatewayType),
    "AWS::EC2::SecurityGroupEgress": group_rule("egress"),
    "AWS::EC2::SecurityGroupIngress": group_rule("ingress"),
}


def plug_in() -> None:
    """Look at the rules that a group has of its own."""
    refusals.before("AWS::EC2::SecurityGroup", no_rule_twice)
