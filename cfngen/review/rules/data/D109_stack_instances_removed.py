"""Stacks of a stack set that are deleted since their account or region is no longer named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import canonical, scalar, shown
from cfngen.review.alternatives import if_alternatives
from cfngen.review.facts import Facts
from cfngen.review.nested_parameters import STACK_SET
from cfngen.review.rule import Hit, Rule
from cfngen.review.stack import Resource

GROUPS, TARGETS = "StackInstancesGroup", "DeploymentTargets"
MAX_NAMED = 4  # that a finding names


def check(facts: Facts) -> Iterator[Hit]:
    """Yield the stack sets that have fewer stacks: the others are deleted, with their data."""
    for resource in facts.updated:
        if resource.new.type != STACK_SET:
            continue
        if gone := _places(resource.old) - _places(resource.new):
            names = sorted(gone)
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            message = (
                f"the stacks in {', '.join(names[:MAX_NAMED])}{more} are deleted, losing the data"
                " that they do not retain"
            )
            yield Hit(resource.new.name, message, path=GROUPS)


def _places(resource: Resource) -> set[str]:
    """Return where the set has stacks: each account or unit with each region, as text."""
    return {
        f"{target} {region}"
        for group in _items(resource.properties.get(GROUPS))
        for target in _targets(group)
        for region in _texts(group.get("Regions") if isinstance(group, dict) else group)
    }


def _targets(group: Any) -> list[str]:
    targets = group.get(TARGETS) if isinstance(group, dict) else None
    if not isinstance(targets, dict):
        return [shown(targets)]
    # Which of a unit's accounts are meant is a part of where it is.
    rest = {k: v for k, v in targets.items() if k not in ("Accounts", "OrganizationalUnitIds")}
    filter_text = f" ({canonical(rest)})" if rest else ""
    units = _texts(targets.get("OrganizationalUnitIds"))
    accounts = _texts(targets.get("Accounts"))
    return [
        f"{name}{filter_text}" for name in (units if filter_text and units else [*units, *accounts])
    ]


def _texts(value: Any) -> list[str]:
    return [
        shown(item) if isinstance(item, dict | list) else shown(scalar(item))
        for item in _items(value)
    ]


def _items(value: Any) -> Iterator[Any]:
    """Yield the items of a list, for each alternative of it."""
    for _, branch in if_alternatives(value):
        yield from branch if isinstance(branch, list) else [] if branch is None else [branch]


RULE = Rule(
    title="A stack set has fewer stacks",
    help=(
        "CloudFormation deletes the stacks in the accounts and Regions that are no longer listed, "
        "with all that their templates do not retain. Retain the stacks, or their data, before the "
        "deployment."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackinstances-delete.html",
)
