"""What web ACLs block: those of AWS WAF, and of AWS WAF Classic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import scalar, shown
from cfngen.review.permissions.alternatives import When, branches
from cfngen.review.public_access.rule_comparison import ASKED, BLOCKED, COUNTED
from cfngen.review.public_access.rule_reader import Reader, Rules


def web_acl(reader: Reader) -> Rules:
    """Yield what a web ACL does."""
    for when, action in reader.look("DefaultAction"):
        blocks = isinstance(action, dict) and ("Block" in action or _type(action) == "BLOCK")
        level = BLOCKED if blocks else COUNTED
        yield reader.rule("requests that no rule of it matches", "default", level, when)
    yield from _rules(reader)


def web_rule_group(reader: Reader) -> Rules:
    """Yield what a group of rules for web ACLs does."""
    yield reader.rest()
    yield from _rules(reader)


def _rules(reader: Reader) -> Rules:
    for when, rule in reader.look("Rules", "*"):
        if not isinstance(rule, dict):
            continue
        match = rule.get("Statement", {"RuleId": rule.get("RuleId")})
        name = shown(rule.get("Name", rule.get("RuleId", "?")))
        words = f"requests that the rule {name} matches"
        for inner, level, passes in _actions(rule):
            place = rule.get("Priority")
            yield reader.rule(words, match, level, when | inner, passes=passes, place=place)


def _actions(rule: dict[str, Any]) -> Iterator[tuple[When, int, bool]]:
    """Yield how strict a rule is, and whether it lets requests through."""
    if "Action" not in rule:
        for when, action in branches(rule.get("OverrideAction")):
            counts = isinstance(action, dict) and ("Count" in action or _type(action) == "COUNT")
            yield when, COUNTED if counts else BLOCKED, False
        return
    for when, action in branches(rule["Action"]):
        kind = next(iter(action), "") if isinstance(action, dict) else ""
        kind = (_type(action) if kind == "Type" else kind).upper()
        level = {"BLOCK": BLOCKED, "CAPTCHA": ASKED, "CHALLENGE": ASKED}.get(kind, COUNTED)
        yield when, level, kind == "ALLOW"


def _type(action: dict[str, Any]) -> str:
    return scalar(action.get("Type", "")).upper()
