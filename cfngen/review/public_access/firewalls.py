"""The firewalls of a template: web ACLs, network firewalls, the one for DNS, network ACLs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from cfngen.cloudformation.values import scalar
from cfngen.review.alternatives import ALWAYS, existence, referenced_name, type_of
from cfngen.review.assumptions import default_parameters, with_parameters
from cfngen.review.model import Exposure
from cfngen.review.public_access.network_acls import entry
from cfngen.review.public_access.network_firewalls import dns_rule_group, network_rule_group, policy
from cfngen.review.public_access.protected_resources import (
    PROTECTIONS,
    lost_protections,
    removed_firewalls,
)
from cfngen.review.public_access.rule_comparison import Firewall, Rule, weakened
from cfngen.review.public_access.rule_reader import LISTS, Reader, Rules
from cfngen.review.public_access.web_acls import web_acl, web_rule_group
from cfngen.review.stack import Stack

NETWORK_ACL, ENTRY = "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry"
READERS: dict[str, Callable[[Reader], Rules]] = {
    "AWS::WAFv2::WebACL": web_acl,
    "AWS::WAF::WebACL": web_acl,
    "AWS::WAFRegional::WebACL": web_acl,
    "AWS::WAFv2::RuleGroup": web_rule_group,
    "AWS::NetworkFirewall::FirewallPolicy": policy,
    "AWS::NetworkFirewall::RuleGroup": network_rule_group,
    "AWS::Route53Resolver::FirewallRuleGroup": dns_rule_group,
}
FIREWALL_TYPES = frozenset((*READERS, *LISTS, NETWORK_ACL, ENTRY))


def read_firewalls(
    stack: Stack, both: Collection[str], parameters: dict[str, str]
) -> dict[str, Firewall]:
    """Return the firewalls of a template, by logical ID; network ACLs by what entries refer to.

    Args:
        stack: the template.
        both: the logical IDs that both sides have: a group under a new one is what it says.
        parameters: what parameters usually are.
    """
    firewalls: dict[str, Firewall] = {}
    entries: dict[str, list[Rule]] = {}
    for name in stack.names:
        kind = type_of(stack, name)
        if kind not in READERS and kind not in (NETWORK_ACL, ENTRY):
            continue
        resource = stack.resource(name)
        when = existence(stack, resource) if resource else None
        if resource is None or when is None:
            continue
        resource = replace(resource, properties=with_parameters(resource.properties, parameters))
        if kind == ENTRY:
            acl = resource.properties.get("NetworkAclId")
            entries.setdefault(referenced_name(acl) or str(scalar(acl)), []).extend(
                entry(resource, when)
            )
        else:
            rules = READERS[kind](Reader(stack, resource, both)) if kind in READERS else ()
            firewalls[name] = Firewall(name, kind, tuple(rules), when)
    for name, own in entries.items():
        when = firewalls[name].condition if name in firewalls else ALWAYS
        firewalls[name] = Firewall(name, NETWORK_ACL, tuple(own), when)
    return firewalls


def firewall_exposures(before: Stack, after: Stack, names: Collection[str]) -> Iterator[Exposure]:
    """Yield what firewalls block on one side only, for changed resources of some names.

    Where there is no template on one side, nothing is opened that was there before.
    """
    if not (before.sections and after.sections):
        return
    kinds = {type_of(stack, name) for name in names for stack in (before, after)}
    if kinds.isdisjoint(FIREWALL_TYPES | PROTECTIONS.keys()):
        return
    parameters, both = default_parameters(before, after), set(before.names) & set(after.names)
    sides = (
        (before, read_firewalls(before, both, parameters)),
        (after, read_firewalls(after, both, parameters)),
    )
    for opened, (was, now) in ((True, sides), (False, sides[::-1])):
        gaps = dict.fromkeys(
            (
                *(
                    gap
                    for name in was[1]
                    if name in now[1]
                    for gap in weakened(was[1][name], now[1][name])
                ),
                *lost_protections(was, now),
                *removed_firewalls(was, now),
            )
        )
        yield from (Exposure(name, description, opened) for name, description in gaps)
