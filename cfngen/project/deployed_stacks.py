"""Running stacks with their parameters, as `aws cloudformation describe-stacks` prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from cfngen.errors import CfngenError
from cfngen.plurals import counted
from cfngen.project.printed_json import read_printed, refuse_part
from cfngen.review.deployed import DeployedParameter, DeployedStack

OPTION = "--deployed-parameters"
MAX_NAMED = 5
# Stacks that do not run have no values that a deployment would keep.
GONE = frozenset(("DELETE_COMPLETE", "REVIEW_IN_PROGRESS"))


def read_stacks(path: Path) -> list[DeployedStack]:
    """Return the running stacks in a file, without those inside of others.

    Raises:
        CfngenError: it is not what describe-stacks prints, or only a part of it.
    """
    printed = read_printed(path, OPTION)
    refuse_part(printed, path, OPTION)
    whole = printed.get("Stacks") if isinstance(printed, dict) and "Stacks" in printed else printed
    listed: list[Any] = (
        whole if isinstance(whole, list) else [whole]
    )  # one, with `--query 'Stacks[0]'`
    if not listed or not all(_is_stack(item) for item in listed):
        raise CfngenError(f"{OPTION}: {path}: not what `aws cloudformation describe-stacks` prints")
    stacks = [
        DeployedStack(item["StackName"], dict(_parameters(item.get("Parameters") or [])))
        for item in listed
        if not item.get("ParentId") and str(item.get("StackStatus")) not in GONE
    ]
    for name, number in Counter(stack.name for stack in stacks).items():
        if number > 1:
            raise CfngenError(
                f"{OPTION}: {path}: has {number} stacks that are called {name}; leave in the one of"
                " the account and region that is reviewed"
            )
    return stacks


def _is_stack(item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("StackName"), str):
        return False
    parameters = item.get("Parameters") or []
    return isinstance(parameters, list) and all(
        isinstance(parameter, dict) and isinstance(parameter.get("ParameterKey"), str)
        for parameter in parameters
    )


def _parameters(listed: list[dict[str, Any]]) -> Iterator[tuple[str, DeployedParameter]]:
    for item in listed:
        value, resolved = item.get("ParameterValue"), item.get("ResolvedValue")
        yield (
            item["ParameterKey"],
            DeployedParameter(
                value if isinstance(value, str) else None,
                resolved if isinstance(resolved, str) else None,
            ),
        )


def matched(
    stacks: Collection[DeployedStack], names: Collection[str]
) -> tuple[dict[str, DeployedStack], list[str]]:
    """Return stacks by the names of the templates that they are of, and sentences about them.

    A stack is called as its template is. Where there is one of each, they belong together.

    >>> matched([DeployedStack("shop-prod")], ["shop"])[0]["shop"].name
    'shop-prod'
    >>> result, notes = matched([DeployedStack("shop"), DeployedStack("web")], ["app/shop", "mail"])
    >>> list(result), notes[1:]
    (['app/shop'], ['1 deployed stack matches no template: web', 'no deployed stack for: mail'])
    """
    by_name: dict[str, list[str]] = {}
    for name in names:
        for called in {name, _own_name(name)}:
            by_name.setdefault(called, []).append(name)
    of_stack = {stack.name: by_name.get(stack.name, []) for stack in stacks}
    if len(stacks) == len(names) == 1:
        of_stack = {stack.name: list(names) for stack in stacks}
    by_template = {
        of_stack[stack.name][0]: stack for stack in stacks if len(of_stack[stack.name]) == 1
    }
    several = [name for name, templates in of_stack.items() if len(templates) > 1]
    nothing = [name for name, templates in of_stack.items() if not templates]
    lacking = [name for name in names if name not in by_template]
    sentences = []
    if by_template:
        pairs = [f"{stack.name} ({name})" for name, stack in by_template.items()]
        which = "deployed stack" if len(by_template) == 1 else "deployed stacks"
        sentences.append(f"with the parameters of the {which} {_some(pairs)}")
    if several:
        sentences.append(f"several templates are called like the deployed stack {_some(several)}")
    if nothing:
        match = "matches" if len(nothing) == 1 else "match"
        number = counted(len(nothing), "deployed stack")
        sentences.append(f"{number} {match} no template: {_some(nothing)}")
    if lacking:
        sentences.append(f"no deployed stack for: {_some(lacking)}")
    return by_template, sentences


def _own_name(name: str) -> str:
    """Return the last part of a template's name; the CDK calls them `NAME.template.json`."""
    return name.rpartition("/")[2].removesuffix(".template")


def _some(named: Collection[str]) -> str:
    names = list(named)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"
