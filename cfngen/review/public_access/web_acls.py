"""What web ACLs block: those of AWS WAF, and of AWS WAF Classic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.alternatives import Condition, if_alternatives
from cfngen.review.public_access.rule_comparison import BLOCKED, CHALLENGED, COUNTED
from cfngen.review.public_access.rule_reader import Reader, Rules


def web_acl(reader: Reader) -> Rules:
    """Yield what a web ACL does."""
    for when, action in reader.lookup("DefaultAction"):
        blocks = isinstance(action, dict) and ("Block" in action or _type(action) == "BLOCK")
        level = BLOCKED if blocks else COUNTED
        yield reader.rule("requests that match none of its rules", "default", level, when)
    yield from _rules(reader)


def web_rule_group(reader: Reader) -> Rules:
    """Yield what a group of rules for web ACLs does."""
    yield reader.rest()
    yield from _rules(reader)


def _rules(reader: Reader) -> Rules:
    for when, rule in reader.lookup("Rules", "*"):
        if not isinstance(rule, dict):
            continue
        match = rule.get("Statement", {"RuleId": rule.get("RuleId")})
        name = shown(rule.get("Name", rule.get("RuleId", "?")))
        description = f"requests that the rule {name} matches"
        for inner, level, passes in _actions(rule):
            priority = rule.get("Priority")
            yield reader.rule(
                description, match, level, when | inner, passes=passes, priority=priority
            )


def _actions(rule: dict[str, Any]) -> Iterator[tuple[Condition, int, bool]]:
    """Yield how strict a rule is, and whether it lets requests through."""
    if "Action" not in rule:
        for when, action in if_alternatives(rule.get("OverrideAction")):
            counts = isinstance(action, dict) and ("Count" in action or _type(action) == "COUNT")
            yield when, COUNTED if counts else BLOCKED, False
        return
    for when, action in if_alternatives(rule["Action"]):
        kind = next(iter(action), "") if isinstance(action, dict) else ""
        kind = (_type(action) if kind == "Type" else kind).upper()
        level = {"BLOCK": BLOCKED, "CAPTCHA": CHALLENGED, "CHALLENGE": CHALLENGED}.get(
            kind, COUNTED
        )
        yield when, level, kind == "ALLOW"


def _type(action: dict[str, Any]) -> str:
    return str(scalar(action.get("Type", "")).upper())
