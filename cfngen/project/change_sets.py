"""Change sets, as `aws cloudformation describe-change-set` prints them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.errors import CfngenError, RenderError
from cfngen.project.deployed_stacks import matched
from cfngen.project.printed_json import read_printed, refuse_part
from cfngen.review.change_set import ChangeSet, ListedChange, ListedDetail
from cfngen.review.deployed import DeployedStack
from cfngen.review.pairs import sections

OPTION = "--change-set"
COMPLETE = "CREATE_COMPLETE"


def read_change_set(path: Path) -> ChangeSet:
    """Return the change set in a file.

    Raises:
        CfngenError: it is not what describe-change-set prints, only a part of it, has failed, is
            not complete, out of date, or has no changes.
    """
    printed = read_printed(path, OPTION)
    refuse_part(printed, path, OPTION)
    whole = printed if isinstance(printed, dict) else {}
    name, stack = _text(whole, "ChangeSetName"), _text(whole, "StackName")
    if not (name and stack and isinstance(whole.get("Changes", []), list)):
        raise CfngenError(
            f"{OPTION}: {path}: not what `aws cloudformation describe-change-set` prints"
        )
    about = f"{OPTION}: {path}: the change set {name} of the stack {stack}"
    _refuse_unfinished(printed, about)
    changes = list(map(_change, printed.get("Changes") or []))
    if None in changes:
        raise CfngenError(f"{about} has a change without a logical ID or an action")
    listed = {change.resource: change for change in changes if change}
    if not listed:
        raise CfngenError(f"{about} has no changes, so there is nothing to compare with")
    return ChangeSet(name, stack, tuple(listed.values()))


def _refuse_unfinished(printed: Mapping[str, Any], about: str) -> None:
    status, reason = printed.get("Status"), printed.get("StatusReason")
    if status == "FAILED":
        raise CfngenError(f"{about} has failed: {reason or 'CloudFormation gives no reason'}")
    if status != COMPLETE:
        raise CfngenError(
            f"{about} is not complete: its status is {status}; wait for it with `aws cloudformation"
            " wait change-set-create-complete`"
        )
    if printed.get("ExecutionStatus") == "OBSOLETE":
        raise CfngenError(f"{about} is obsolete: the stack has changed since; make another")


def _change(item: Any) -> ListedChange | None:
    change = item.get("ResourceChange") if isinstance(item, dict) else None
    if not isinstance(change, dict):
        return None
    resource, action = _text(change, "LogicalResourceId"), _text(change, "Action")
    if not resource or not action:
        return None
    details = change.get("Details")
    return ListedChange(
        resource,
        action,
        _text(change, "Replacement"),
        _text(change, "PolicyAction"),
        tuple(map(_detail, details)) if isinstance(details, list) else (),
    )


def _detail(item: Any) -> ListedDetail:
    detail = item if isinstance(item, dict) else {}
    target = detail.get("Target")
    target = target if isinstance(target, dict) else {}
    return ListedDetail(
        _text(target, "Attribute"),
        _text(target, "Name"),
        _text(target, "RequiresRecreation") or "Never",
        _text(detail, "Evaluation"),
        _text(detail, "ChangeSource"),
        _text(detail, "CausingEntity"),
    )


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def by_template(
    change_sets: Collection[ChangeSet],
    base: Mapping[str, Source],
    head: Mapping[str, Source],
    deployed: Mapping[str, DeployedStack],
) -> dict[str, ChangeSet]:
    """Return change sets by the names of the templates that they are of.

    Args:
        change_sets: what was read.
        base: the templates of base.
        head: the templates of head.
        deployed: stacks of templates whose names are known to belong together.

    Raises:
        CfngenError: a change set is of no template that is compared, or two are of one.
    """
    names = list(dict.fromkeys((*head, *base)))
    result: dict[str, ChangeSet] = {}
    for change_set in change_sets:
        about = f"{OPTION}: the change set {change_set.name} is of the stack {change_set.stack}"
        own = {stack.name: name for name, stack in deployed.items()}
        name = own.get(change_set.stack)
        if name is None:
            free = [name for name in names if name not in deployed]
            stacks, _ = matched([DeployedStack(change_set.stack)], free)
            name = next(iter(stacks), None)
        if name is None:
            raise CfngenError(f"{about}, and no template that is compared is called so")
        if name in result:
            raise CfngenError(f"{about}, and so is {result[name].name}; give one of them")
        if not _is_about(change_set, name, base, head):
            raise CfngenError(f"{about}: none of its resources is in the template {name}")
        result[name] = change_set
    return result


def _is_about(
    change_set: ChangeSet, name: str, base: Mapping[str, Source], head: Mapping[str, Source]
) -> bool:
    """Whether a resource of a change set is in a template; what nobody can read may have it."""
    try:
        templates = [sections(side[name]) for side in (base, head) if name in side]
    except RenderError:
        return True
    if any(template.value("Transform") is not None for template in templates):
        return True
    own = {resource for template in templates for resource in template.resources}
    return any(change.resource in own for change in change_set.changes)
