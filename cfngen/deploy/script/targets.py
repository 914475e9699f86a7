"""Where templates are deployed: in which account, and in which of its regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cfngen.errors import CfngenError
from cfngen.project.manifest import TemplateConfig

REGION = "AWS::Region"
USUAL = "the usual account"


def in_one_account(entries: Sequence[TemplateConfig]) -> list[TemplateConfig]:
    """Return those that belong into the usual account, all if they share another.

    Raises:
        CfngenError: they belong into several accounts, none of them the usual one.
    """
    usual = [entry for entry in entries if not entry.account]
    if not usual:
        refuse_several(entries)
    return usual or list(entries)


def refuse_several(entries: Sequence[TemplateConfig]) -> None:
    """Refuse templates of several accounts: a script runs with the credentials of one.

    Raises:
        CfngenError: with the templates of each account.
    """
    groups: dict[str, list[str]] = {}
    for entry in entries:
        groups.setdefault(entry.account, []).append(entry.name)
    if len(groups) > 1:
        told = "; ".join(f"{account or USUAL}: {', '.join(g)}" for account, g in groups.items())
        raise CfngenError(f"a plan is for one account, and these are for several: {told}")


def regions(entry: TemplateConfig, body: Any) -> tuple[str, ...]:
    """Return where a template is deployed: what its rules allow, of what its entry names."""
    allowed = _allowed(body)
    if allowed is None:
        return entry.regions
    both = tuple(region for region in entry.regions if region in allowed)
    return both or tuple(sorted(allowed))


def _allowed(body: Any) -> set[str] | None:
    """Return the regions in which no rule refuses the stack, `None` for all."""
    allowed: set[str] | None = None
    rules = body.get("Rules") if isinstance(body, dict) else None
    for rule in rules.values() if isinstance(rules, dict) else ():
        if not isinstance(rule, dict) or "RuleCondition" in rule:
            continue
        assertions = rule.get("Assertions")
        for assertion in assertions if isinstance(assertions, list) else ():
            found = _asserted(assertion.get("Assert") if isinstance(assertion, dict) else None)
            if found is not None:
                allowed = found if allowed is None else allowed & found
    return allowed


def _asserted(assertion: Any) -> set[str] | None:
    """Return the regions that an assertion asks for, `None` if it is about something else."""
    if not isinstance(assertion, dict) or len(assertion) != 1:
        return None
    ((function, argument),) = assertion.items()
    here = {"Ref": REGION}
    if not isinstance(argument, list) or here not in argument or len(argument) != 2:
        return None
    other = argument[1 - argument.index(here)]
    if function == "Fn::Equals" and isinstance(other, str):
        return {other}
    if function == "Fn::Contains" and isinstance(other, list):
        return {region for region in other if isinstance(region, str)}
    return None
