"""Exports: what another stack imports is neither changed nor taken away by an update.

Source: "Get exported outputs from a deployed CloudFormation stack" in the guide to CloudFormation;
ministack looks at deletions of stacks only. What CloudFormation says of an export that is missing
or in use are the titles of pages in AWS re:Post's knowledge center.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

# Of what such a stack would import, nothing is in use.
GONE = ("DELETE_COMPLETE", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS")


def importing(name: str) -> list[str]:
    """Return the names of the stacks that import a value."""
    return [
        stack
        for stack, found in cloudformation._stacks.items()
        if found.get("StackStatus") not in GONE
        and name in handlers._imported_export_names(found, stack)
    ]


def kept(before: dict[str, str], after: dict[str, str]) -> None:
    """Refuse an update of a stack's exports.

    Args:
        before: the values that the stack exports now, by name.
        after: those that it would export.

    Raises:
        ValueError: one that is imported would change or go.
    """
    for name, value in before.items():
        if after.get(name) == value:
            continue
        if stacks_ := importing(name):
            how = "updated" if name in after else "deleted"
            raise ValueError(
                f"Export {name} cannot be {how} as it is in use by {', '.join(stacks_)}"
            )


# What ministack says, and what CloudFormation does.
WORDS = (
    (r"Export '([^']+)' not found", r"No export named \1 found"),
    (
        r"Export (\S+) is imported by stack (\S+?)(?=<)",
        r"Export \1 cannot be deleted as it is in use by \2",
    ),
)


def worded(text: Any) -> Any:
    """Return a text in CloudFormation's own words; anything else as it is."""
    if isinstance(text, str):
        for theirs, said in WORDS:
            text = re.sub(theirs, said, text)
    return text


def plug_in() -> None:
    """Look at what a stack would export before it does."""
    event, delete = stacks._add_event, handlers._ACTION_HANDLERS["DeleteStack"]

    def told(*given: Any, **more: Any) -> Any:
        return event(*map(worded, given), **{n: worded(v) for n, v in more.items()})

    def deleted(params: Any) -> Any:
        status, headers, body = delete(params)
        text = body.decode() if isinstance(body, bytes) else body
        return status, headers, worded(text).encode()

    stacks._add_event = told
    handlers._ACTION_HANDLERS["DeleteStack"] = deleted
    theirs = stacks._resolve_stack_outputs

    def ours(defined: Any, conditions: Any, resources: Any, *more: Any) -> Any:
        outputs, made = theirs(defined, conditions, resources, *more)
        mine = more[-1]
        table = cloudformation._exports
        for name in made:
            if name in table and table[name]["StackId"] != mine:
                owner = table[name]["StackId"].split("/")[1]
                raise ValueError(f"Export with name {name} is already exported by stack {owner}")
        before = {name: e["Value"] for name, e in table.items() if e["StackId"] == mine}
        kept(before, {name: each["Value"] for name, each in made.items()})
        for name in set(before) - set(made):
            table.pop(name)
        return outputs, made

    stacks._resolve_stack_outputs = ours
