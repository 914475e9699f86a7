"""The firewalls of a template: web ACLs, network firewalls, the one for DNS, network ACLs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from cfngen.cloudformation.values import scalar
from cfngen.review.assumptions import assumed, usual
from cfngen.review.model import Exposure
from cfngen.review.permissions.alternatives import ALWAYS, existence, referred, type_of
from cfngen.review.public_access.network_acls import entry
from cfngen.review.public_access.network_firewalls import dns_rule_group, network_rule_group, policy
from cfngen.review.public_access.protected_resources import GUARDS, taken_off, unguarded
from cfngen.review.public_access.rule_comparison import Firewall, Rule, lost
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
FILTERS = frozenset((*READERS, *LISTS, NETWORK_ACL, ENTRY))


def filters(stack: Stack, both: Collection[str], known: dict[str, str]) -> dict[str, Firewall]:
    """Return the firewalls of a template, by logical ID; network ACLs by what entries refer to.

    Args:
        stack: the template.
        both: the logical IDs that both sides have: a group under a new one is what it says.
        known: what parameters usually are.
    """
    found: dict[str, Firewall] = {}
    entries: dict[str, list[Rule]] = {}
    for name in stack.names:
        kind = type_of(stack, name)
        if kind not in READERS and kind not in (NETWORK_ACL, ENTRY):
            continue
        resource = stack.resource(name)
        when = existence(stack, resource) if resource else None
        if resource is None or when is None:
            continue
        resource = replace(resource, properties=assumed(resource.properties, known))
        if kind == ENTRY:
            acl = resource.properties.get("NetworkAclId")
            entries.setdefault(referred(acl) or scalar(acl), []).extend(entry(resource, when))
        else:
            rules = READERS[kind](Reader(stack, resource, both)) if kind in READERS else ()
            found[name] = Firewall(name, kind, tuple(rules), when)
    for name, own in entries.items():
        when = found[name].when if name in found else ALWAYS
        found[name] = Firewall(name, NETWORK_ACL, tuple(own), when)
    return found


def let_through(before: Stack, after: Stack, names: Collection[str]) -> Iterator[Exposure]:
    """Yield what firewalls block on one side only, for changed resources of some names.

    Where there is no template on one side, nothing is opened that was there before.
    """
    if not (before.sections and after.sections):
        return
    kinds = {type_of(stack, name) for name in names for stack in (before, after)}
    if kinds.isdisjoint(FILTERS | GUARDS.keys()):
        return
    known, both = usual(before, after), set(before.names) & set(after.names)
    sides = (
        (before, filters(before, both, known)),
        (after, filters(after, both, known)),
    )
    for opened, (was, now) in ((True, sides), (False, sides[::-1])):
        gaps = dict.fromkeys(
            (
                *(
                    gap
                    for name in was[1]
                    if name in now[1]
                    for gap in lost(was[1][name], now[1][name])
                ),
                *unguarded(was, now),
                *taken_off(was, now),
            )
        )
        yield from (Exposure(name, words, opened) for name, words in gaps)
