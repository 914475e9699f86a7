"""Where templates are deployed: to which account, and to which of its Regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cfngen.cloudformation.template import TemplateBody
from cfngen.errors import CfngenError
from cfngen.project.manifest import TemplateConfig

REGION = "AWS::Region"
DEFAULT_ACCOUNT = "the default account"


def in_one_account(entries: Sequence[TemplateConfig]) -> list[TemplateConfig]:
    """Return the templates of the default account, or all if they share another one.

    Raises:
        CfngenError: they are for several accounts, none of them the default one.
    """
    default = [entry for entry in entries if not entry.account]
    if not default:
        refuse_several(entries)
    return default or list(entries)


def refuse_several(entries: Sequence[TemplateConfig]) -> None:
    """Refuse templates of several accounts: a script runs with the credentials of one.

    Raises:
        CfngenError: with the templates of each account.
    """
    groups: dict[str, list[str]] = {}
    for entry in entries:
        groups.setdefault(entry.account, []).append(entry.name)
    if len(groups) > 1:
        listed = "; ".join(
            f"{account or DEFAULT_ACCOUNT}: {', '.join(names)}" for account, names in groups.items()
        )
        raise CfngenError(f"a script is for one account, and these are for several: {listed}")


def regions(entry: TemplateConfig, template: TemplateBody) -> tuple[str, ...]:
    """Return where a template is deployed: what its rules allow, of what its entry names."""
    allowed = allowed_regions(template)
    if allowed is None:
        return entry.regions
    both = tuple(region for region in entry.regions if region in allowed)
    return both or tuple(sorted(allowed))


def allowed_regions(template: TemplateBody) -> set[str] | None:
    """Return the Regions in which no rule refuses the stack, `None` for all.

    >>> assertion = {"Assert": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}
    >>> allowed_regions(TemplateBody.of({"Rules": {"There": {"Assertions": [assertion]}}}))
    {'us-east-1'}
    """
    allowed: set[str] | None = None
    for rule in template.rules.values():
        if "RuleCondition" in rule:
            continue
        assertions = rule.get("Assertions")
        for assertion in assertions if isinstance(assertions, list) else ():
            asserted = _asserted(assertion.get("Assert") if isinstance(assertion, dict) else None)
            if asserted is not None:
                allowed = asserted if allowed is None else allowed & asserted
    return allowed


def _asserted(assertion: Any) -> set[str] | None:
    """Return the Regions that an assertion allows, `None` if it is about something else."""
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
