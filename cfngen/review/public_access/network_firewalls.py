"""What network firewalls block, and Route 53's firewall for DNS."""

from __future__ import annotations

import re
from typing import Any

from cfngen.cloudformation.text import AnyText
from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import Condition, if_alternatives, text_alternatives
from cfngen.review.public_access.rule_comparison import (
    BLOCKED,
    CHALLENGED,
    COUNTED,
    INSPECTED,
    Rule,
)
from cfngen.review.public_access.rule_reader import FIRST, Reader, Rules

MAX_DESCRIPTION = 80
# A rule in the language of Suricata: what it does, and with what.
SURICATA = re.compile(r"^[ \t]*(drop|reject\w*|pass)[ \t]+(.*)$", re.MULTILINE)
UNRULY = re.compile(r"\b(?:sid|rev|msg|metadata|gid)\s*:[^;]*;\s*")
# Each kind of default, what it is about, and how strict its actions are.
DEFAULTS = {
    "StatelessDefaultActions": "packets that no stateless rule matches",
    "StatelessFragmentDefaultActions": "fragments of packets that no stateless rule matches",
    "StatefulDefaultActions": "packets that no stateful rule matches",
}


def policy(reader: Reader) -> Rules:
    """Yield what a policy does where no rule matches, and whose rules it has."""
    for key, description in DEFAULTS.items():
        for when, actions in reader.lookup("FirewallPolicy", key):
            level = max(
                (_strictness(text) for _, text in text_alternatives(actions)), default=COUNTED
            )
            yield reader.rule(description, key, level, when)
    for key in ("StatelessRuleGroupReferences", "StatefulRuleGroupReferences"):
        for when, group in reader.lookup("FirewallPolicy", key, "*"):
            if not isinstance(group, dict):
                continue
            arn = group.get("ResourceArn")
            description = f"packets that the rule group {shown(arn)} blocks"
            level = COUNTED if group.get("Override") else BLOCKED
            yield reader.rule(description, {"ResourceArn": arn}, level, when)


def _strictness(action: AnyText) -> int:
    if action in ("aws:drop", "aws:drop_strict"):
        return BLOCKED
    if action.startswith("aws:drop"):
        return CHALLENGED
    return INSPECTED if action == "aws:forward_to_sfe" else COUNTED


def network_rule_group(reader: Reader) -> Rules:
    """Yield what a group of rules for network firewalls does."""
    source = ("RuleGroup", "RulesSource")
    yield reader.rest()
    for when, rule in reader.lookup(*source, "StatefulRules", "*"):
        if isinstance(rule, dict):
            action = str(scalar(rule.get("Action", "")).upper())
            options = [option for option in rule.get("RuleOptions") or () if not _is_id(option)]
            match = {"Header": rule.get("Header"), "RuleOptions": options}
            description = _cut(f"packets of {shown(rule.get('Header'))}")
            yield _stateful(reader, action, description, match, when)
    for when, text in reader.lookup(*source, "RulesString"):
        for line in SURICATA.finditer(shown(text)) if isinstance(text, AnyText) else ():
            description = _cut(f"packets of {shown(line[2].partition('(')[0].strip())}")
            yield _stateful(reader, line[1].upper(), description, UNRULY.sub("", line[2]), when)
    for when, listed in reader.lookup(*source, "RulesSourceList"):
        yield from _domains(reader, listed, when)
    for when, rule in reader.lookup(
        *source, "StatelessRulesAndCustomActions", "StatelessRules", "*"
    ):
        definition = rule.get("RuleDefinition") if isinstance(rule, dict) else None
        if isinstance(definition, dict):
            texts = [text for _, text in text_alternatives(definition.get("Actions"))]
            level = max(map(_strictness, texts), default=COUNTED)
            description = (
                f"packets that the stateless rule of priority {shown(rule.get('Priority'))} matches"
            )
            yield reader.rule(
                description,
                definition.get("MatchAttributes"),
                level,
                when,
                passes="aws:pass" in texts,
                priority=rule.get("Priority"),
            )


def _stateful(reader: Reader, action: str, description: str, match: Any, when: Condition) -> Rule:
    level = BLOCKED if action.startswith(("DROP", "REJECT")) else COUNTED
    # Without an order of its own, what passes does so before anything is dropped.
    return reader.rule(description, match, level, when, passes=action == "PASS", priority=FIRST)


def _domains(reader: Reader, listed: Any, when: Condition) -> Rules:
    if not isinstance(listed, dict):
        return
    kind = scalar(listed.get("GeneratedRulesType", "")).upper()
    allows = kind.startswith("ALLOW")
    if allows:
        types = {"TargetTypes": listed.get("TargetTypes")}
        yield reader.rule("packets to domains that are not listed", types, BLOCKED, when)
    for inner, target in text_alternatives(listed.get("Targets")):
        level = BLOCKED if kind.startswith(("DENY", "REJECT")) else COUNTED
        match = {"Target": target, "TargetTypes": listed.get("TargetTypes")}
        description = f"packets to {shown(target)}"
        yield reader.rule(description, match, level, when | inner, passes=allows, priority=FIRST)


def dns_rule_group(reader: Reader) -> Rules:
    """Yield what a group of rules for DNS queries does."""
    yield reader.rest()
    for when, rule in reader.lookup("FirewallRules", "*"):
        if not isinstance(rule, dict):
            continue
        for inner, action in if_alternatives(rule.get("Action")):
            kind = scalar(action).upper()
            priority = rule.get("Priority")
            domains = rule.get("FirewallDomainListId", rule.get("DnsThreatProtection"))
            match = {
                "Domains": domains,
                **{key: rule[key] for key in ("Qtype", "ConfidenceThreshold") if key in rule},
            }
            yield reader.rule(
                f"DNS queries that the rule of priority {shown(priority)} matches",
                match,
                BLOCKED if kind == "BLOCK" else COUNTED,
                when | inner,
                passes=kind == "ALLOW",
                priority=priority,
            )


def _is_id(option: Any) -> bool:
    return isinstance(option, dict) and scalar(option.get("Keyword", "")) in ("sid", "rev", "msg")


def _cut(description: str) -> str:
    return (
        description
        if len(description) <= MAX_DESCRIPTION
        else description[: MAX_DESCRIPTION - 1] + "…"
    )
