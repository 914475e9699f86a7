"""What a firewall blocks no longer is told when it opens, and when it closes, and not otherwise."""

from __future__ import annotations

import itertools
import time

import pytest

from cfngen.cloudformation.sections import Sections
from cfngen.review.public_access import exposures
from cfngen.review.public_access.rule_matching import Match
from cfngen.review.stack import Stack

HEAD = """
Parameters:
  Given: {Type: String}
  Usual: {Type: String, Default: BLOCK}
Conditions:
  C: !Equals [!Ref Given, x]
Resources:
  Vpc: {Type: AWS::EC2::VPC}
"""
ACL = "Acl: {Type: AWS::WAFv2::WebACL, Properties: {DefaultAction: {%s: {}}, Rules: [%s]}}"
RULE = "{Name: %s, Priority: %s, Action: {%s: {}}, Statement: %s}"
GEO = "{GeoMatchStatement: {CountryCodes: [%s]}}"
CLASSIC = (
    "Acl: {Type: AWS::WAFRegional::WebACL, Properties: {DefaultAction: {Type: %s}, Rules: [%s]}}"
)
STATELESS = (
    "Group: {Type: AWS::NetworkFirewall::RuleGroup, Properties: {RuleGroup: {RulesSource:"
    " {StatelessRulesAndCustomActions: {StatelessRules: [{Priority: 1, RuleDefinition:"
    " {Actions: ['aws:%s'], MatchAttributes: {Sources: [%s]}}}]}}}}}"
)
STATEFUL = (
    "Group: {Type: AWS::NetworkFirewall::RuleGroup, Properties: {RuleGroup: {RulesSource:"
    " {StatefulRules: [{Action: %s, Header: {Protocol: TCP, Destination: %s}, RuleOptions: [{"
    "Keyword: sid, Settings: ['%s']}]}]}}}}"
)
TEXT = (
    "Group: {Type: AWS::NetworkFirewall::RuleGroup, Properties: {RuleGroup: {RulesSource:"
    " {RulesString: %s}}}}"
)
POLICY = (
    "Policy: {Type: AWS::NetworkFirewall::FirewallPolicy, Properties: {FirewallPolicy:"
    " {StatelessDefaultActions: ['aws:forward_to_sfe'], StatefulRuleGroupReferences: [%s]}}}"
)
ENTRY = (
    "Entry: {Type: AWS::EC2::NetworkAclEntry, Properties: {NetworkAclId: %s, Egress: %s,"
    " RuleNumber: %s, Protocol: %s, RuleAction: %s, CidrBlock: %s}}"
)


def stack(*resources: str) -> Stack:
    """Return a template that has some resources, each on one line."""
    return Stack(Sections(HEAD + "".join(f"  {resource}\n" for resource in resources)))


def compared(before: Stack, after: Stack) -> tuple[list[str], list[str]]:
    """Return what is opened and closed, having seen that the reverse is the mirror image."""
    changed = [
        name
        for name in dict.fromkeys((*before.names, *after.names))
        if before.resource(name) != after.resource(name)
    ]
    found, reverse = exposures(before, after, changed), exposures(after, before, changed)
    assert {(e.description, not e.opened) for e in reverse} == {
        (e.description, e.opened) for e in found
    }
    return [e.description for e in found if e.opened], [
        e.description for e in found if not e.opened
    ]


OPENED = [
    (ACL % ("Block", ""), ACL % ("Allow", ""), "requests that match none of its rules"),
    (
        ACL % ("Allow", RULE % ("A", 1, "Block", GEO % "JP")),
        ACL % ("Allow", RULE % ("A", 1, "Captcha", GEO % "JP")),
        "requests that the rule A matches",
    ),
    (
        ACL % ("Allow", RULE % ("A", 1, "Block", GEO % "JP")),
        ACL % ("Allow", f"!If [C, {RULE % ('A', 1, 'Block', GEO % 'JP')}, !Ref AWS::NoValue]"),
        "requests that the rule A matches",
    ),
    (CLASSIC % ("BLOCK", ""), CLASSIC % ("ALLOW", ""), "requests that match none of its rules"),
    (
        CLASSIC % ("!Ref Usual", ""),
        CLASSIC % ("ALLOW", ""),
        "requests that match none of its rules",
    ),
    (
        CLASSIC % ("ALLOW", "{RuleId: r, Priority: 1, Action: {Type: BLOCK}}"),
        CLASSIC % ("ALLOW", "{RuleId: r, Priority: 1, Action: {Type: COUNT}}"),
        "requests that the rule r matches",
    ),
    (
        STATELESS % ("drop", "{AddressDefinition: 10.0.0.0/8}"),
        STATELESS % ("forward_to_sfe", "{AddressDefinition: 10.0.0.0/8}"),
        "packets that the stateless rule of priority 1 matches",
    ),
    (
        STATEFUL % ("DROP", "192.0.2.1/32", 1),
        STATEFUL % ("ALERT", "192.0.2.1/32", 1),
        'packets of {"Protocol": "TCP", "Destination": "192.0.2.1/32"}',
    ),
    (
        TEXT % '"drop tls any any -> any any (sid:1;)\\ndrop dns any any -> any any (sid:2;)"',
        TEXT % '"drop tls any any -> any any (sid:1;)\\n# drop dns any any -> any any (sid:2;)"',
        "packets of dns any any -> any any",
    ),
    (POLICY % "{ResourceArn: arn:a}", POLICY % "", "packets that the rule group arn:a blocks"),
    (
        POLICY % "{ResourceArn: arn:a}",
        POLICY % "{ResourceArn: arn:a, Override: {Action: DROP_TO_ALERT}}",
        "packets that the rule group arn:a blocks",
    ),
    (
        ENTRY % ("acl-1", "true", 1, 6, "deny", "192.0.2.0/24"),
        ENTRY % ("acl-1", "true", 1, 6, "allow", "192.0.2.0/24"),
        "all of tcp to 192.0.2.0/24",
    ),
]


@pytest.mark.parametrize(("strict", "lax", "words"), OPENED)
def test_what_is_blocked_no_more_is_told(strict: str, lax: str, words: str) -> None:
    """It is opened by the change, and closed by the change back."""
    assert compared(stack(strict), stack(lax)) == ([words], [])


ALIKE = [
    (
        ACL % ("Block", RULE % ("A", 1, "Allow", GEO % "JP")),
        ACL % ("Block", RULE % ("B", 9, "Allow", GEO % "JP")),
    ),
    (
        ACL % ("Allow", RULE % ("A", 1, "Allow", GEO % "JP")),
        ACL % ("Allow", RULE % ("A", 1, "Allow", GEO % "DE")),
    ),
    (
        ACL % ("Allow", RULE % ("A", 1, "Block", GEO % "JP, DE")),
        ACL % ("Allow", RULE % ("A", 1, "Block", GEO % "DE, JP")),
    ),
    (STATEFUL % ("DROP", "192.0.2.1/32", 1), STATEFUL % ("DROP", "192.0.2.1/32", 7)),
    (
        TEXT % "'drop ip any any -> any any (sid:1;)'",
        TEXT % "'drop ip any any -> any any (sid:2;)'",
    ),
    (TEXT % "'alert ip any any -> any any (msg:\" drop \"; sid:1;)'", TEXT % "''"),
    (
        ENTRY % ("acl-1", "true", 1, 6, "allow", "10.0.0.0/8"),
        ENTRY % ("acl-1", "true", 1, 6, "allow", "0.0.0.0/0"),
    ),
    (
        ENTRY % ("acl-1", "false", 1, 6, "allow", "10.0.0.0/8"),
        ENTRY % ("acl-1", "false", 1, 6, "allow", "10.0.0.0/9"),
    ),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_blocks_the_same_is_not_told(one: str, other: str) -> None:
    """A name, a number or an order changes nothing that is blocked."""
    assert compared(stack(one), stack(other)) == ([], [])


def test_a_firewall_that_is_taken_off_is_told_once() -> None:
    """Not for each of its rules, and not if another one blocks the same."""
    rules = ", ".join(
        RULE % (f"R{n}", n, "Block", GEO % code) for n, code in enumerate(("JP", "DE"))
    )
    acl = ACL % ("Allow", rules)
    assert compared(stack(acl), stack()) == (
        ["everything it blocked: the firewall was removed"],
        [],
    )
    other = acl.replace("Acl:", "Other:")
    assert compared(stack(acl), stack(other)) == ([], [])
    weaker = (ACL % ("Allow", RULE % ("R", 1, "Block", GEO % "JP"))).replace("Acl:", "Other:")
    opened, _ = compared(stack(acl), stack(weaker))
    assert opened == ["everything it blocked: the firewall was removed"]


def test_a_firewall_under_a_condition_blocks_less() -> None:
    """Where the condition does not hold there is none."""
    acl = ACL % ("Block", "")
    opened, closed = compared(stack(acl), stack(acl.replace("Type:", "Condition: C, Type:")))
    assert opened == ["everything it blocks, where its condition is false"]
    assert closed == []


def test_a_group_of_rules_under_a_new_logical_id_is_what_it_says() -> None:
    """A policy that refers to it by its new name has the same rules."""
    group = STATEFUL % ("DROP", "192.0.2.1/32", 1)
    before = stack(group, POLICY % "{ResourceArn: !Ref Group}")
    renamed = group.replace("Group:", "Rules:", 1)
    assert compared(before, stack(renamed, POLICY % "{ResourceArn: !Ref Rules}")) == ([], [])
    weaker = renamed.replace("DROP", "ALERT")
    opened, _ = compared(before, stack(weaker, POLICY % "{ResourceArn: !Ref Rules}"))
    assert opened == ["packets that the rule group ${Group} blocks"]


GUARDED = (
    "Net: {Type: AWS::NetworkFirewall::Firewall, Properties: {VpcId: %s, FirewallPolicyArn: p}}"
)


def test_what_is_gone_itself_needs_no_firewall() -> None:
    """The words are about what is still there."""
    opened, _ = compared(stack(GUARDED % "!Ref Vpc"), stack())
    assert opened == ["packets of ${Vpc} that no network firewall checks"]
    gone = Stack(Sections("Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"))
    before = stack(GUARDED % "!Ref Vpc")
    assert [e for e in exposures(before, gone, before.names) if e.opened] == []


COVERING = [
    (GEO % "JP, DE", GEO % "JP", True),
    (
        "{NotStatement: {Statement: %s}}" % (GEO % "JP"),
        "{NotStatement: {Statement: %s}}" % (GEO % "JP, DE"),
        True,
    ),
    (
        "{AndStatement: {Statements: [%s]}}" % (GEO % "JP"),
        "{AndStatement: {Statements: [%s, {LabelMatchStatement: {Key: k}}]}}" % (GEO % "JP"),
        True,
    ),
    (
        "{OrStatement: {Statements: [%s, {LabelMatchStatement: {Key: k}}]}}" % (GEO % "JP"),
        "{OrStatement: {Statements: [%s]}}" % (GEO % "JP"),
        True,
    ),
    (
        "{RateBasedStatement: {Limit: 100}}",
        "{RateBasedStatement: {Limit: 200, ScopeDownStatement: {LabelMatchStatement: {Key: k}}}}",
        True,
    ),
    ("{A: {Addresses: [10.0.0.0/8]}}", "{A: {Addresses: [10.1.0.0/16, 10.2.0.0/16]}}", True),
    ("{RateBasedStatement: {Limit: !Ref Given}}", "{RateBasedStatement: {Limit: 1}}", False),
    ("{A: {TextTransformations: [{P: 1}, {P: 2}]}}", "{A: {TextTransformations: [{P: 1}]}}", False),
]


@pytest.mark.parametrize(("wide", "narrow", "both"), COVERING)
def test_a_statement_that_matches_more_covers_one_that_matches_less(
    wide: str,
    narrow: str,
    both: bool,  # noqa: FBT001
) -> None:
    """And never the other way round; what cannot be told is not covered."""
    one, other = (
        Match(stack(f"It: {{Type: T, Properties: {text}}}").resources["It"].properties)
        for text in (wide, narrow)
    )
    assert one.covers(other) is both
    assert not other.covers(one)
    assert one.covers(one)


ODD = [
    "''",
    "1",
    "[]",
    "{}",
    "[[{}]]",
    "{a: {b: [c]}}",
    "!If [C, {a: 1}, [x]]",
    "!Ref Given",
    "[1]",
]
PATHS = {
    "WAFv2::WebACL": ("DefaultAction", "Rules"),
    "WAFRegional::WebACL": ("DefaultAction", "Rules"),
    "WAFv2::WebACLAssociation": ("ResourceArn", "WebACLArn"),
    "CloudFront::Distribution": ("DistributionConfig",),
    "NetworkFirewall::FirewallPolicy": ("FirewallPolicy",),
    "NetworkFirewall::RuleGroup": ("RuleGroup",),
    "Route53Resolver::FirewallRuleGroup": ("FirewallRules",),
    "EC2::NetworkAclEntry": ("NetworkAclId", "RuleAction", "CidrBlock", "PortRange", "RuleNumber"),
}
INNER = {
    "WAFv2::WebACL": "{DefaultAction: {Block: %s}, Rules: [{Name: %s, Action: %s, Statement: %s}]}",
    "NetworkFirewall::RuleGroup": "{RuleGroup: {RulesSource: {StatefulRules: [%s], RulesString: %s,"
    " RulesSourceList: %s, StatelessRulesAndCustomActions: {StatelessRules: [%s]}}}}",
    "NetworkFirewall::FirewallPolicy": "{FirewallPolicy: {StatelessDefaultActions: %s,"
    " StatefulDefaultActions: %s, StatelessRuleGroupReferences: %s,"
    " StatefulRuleGroupReferences: [%s]}}",
    "Route53Resolver::FirewallRuleGroup": "{FirewallRules: [{Action: %s, Priority: %s,"
    " FirewallDomainListId: %s, Qtype: %s}]}",
}


@pytest.mark.parametrize("type_", PATHS)
def test_no_shape_of_a_firewall_ends_in_an_error(type_: str) -> None:
    """A stranger's template may have anything anywhere."""
    for before, after in itertools.product(ODD, ODD):
        compared(*(stack(*_odd(type_, value)) for value in (before, after)))


def _odd(type_: str, value: str) -> list[str]:
    properties = ", ".join(f"{name}: {value}" for name in PATHS[type_])
    found = [f"It: {{Type: AWS::{type_}, Properties: {{{properties}}}}}"]
    if type_ in INNER:
        inner = INNER[type_] % ((value,) * 4)
        found.append(f"In: {{Type: AWS::{type_}, Properties: {inner}}}")
    return found


def test_thousands_of_rules_take_time_in_proportion() -> None:
    """Three thousand rules, each of which changes, are compared within some seconds of work."""
    lines = [f"drop tcp any any -> any {n} (sid:{n};)" for n in range(3_000)]
    texts = [
        TEXT % f"'{chr(10).join(lines[i:])}'".replace("\n", "\\n").replace("'", '"') for i in (0, 1)
    ]
    start = time.process_time()
    opened, _ = compared(*map(stack, texts))
    assert len(opened) == 1
    other = TEXT % '"{}"'.format("\\n".join(line.replace("tcp", "udp") for line in lines))
    opened, closed = compared(stack(texts[0]), stack(other))
    assert len(opened) == len(closed) == 3_000
    assert time.process_time() - start < 15
