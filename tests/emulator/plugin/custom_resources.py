"""Custom resources: neither their function nor the type of any resource changes by an update.

Sources: "AWS::CloudFormation::CustomResource" in CloudFormation's template reference (ServiceToken:
"Updates are not supported") and the words of CloudFormation, "Modifying service token is not
allowed." and "Update of resource type is not permitted.", as issues of aws-cdk quote them.
"""

from __future__ import annotations

from typing import Any

import own
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, helpers, stacks

Properties = dict[str, Any]


def same_function(old: Properties, new: Properties) -> None:
    """Refuse another function for a custom resource that is there.

    Raises:
        RefusalError: it would get one.
    """
    if "ServiceToken" in old and old["ServiceToken"] != new.get("ServiceToken"):
        raise own.RefusalError("Modifying service token is not allowed.")


def other_types(before: Properties, after: Properties) -> list[str]:
    """Return the logical IDs of resources that two templates give different types."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    return sorted(
        title
        for title in old.keys() & new.keys()
        if isinstance(old[title], dict) and old[title].get("Type") != new[title].get("Type")
    )


def plug_in() -> None:
    """Look at updates before anything is done."""
    update = stacks._update_resource

    def ours(kind: str, identity: str, old: Properties, new: Properties, *more: Any) -> Any:
        same_function(old, new)
        return update(kind, identity, old, new, *more)

    stacks._update_resource = ours
    for action in ("CreateChangeSet", "UpdateStack"):
        theirs = handlers._ACTION_HANDLERS[action]
        handlers._ACTION_HANDLERS[action] = keeping_types(theirs)


def keeping_types(theirs: Any) -> Any:
    """Return an operation that refuses a template with another type for what is there."""

    def ours(params: Any) -> Any:
        named = helpers._p(params, "StackName")
        name = named.split("/")[1] if named.startswith("arn:") else named
        stack = cloudformation._stacks.get(name, {})
        body, wrong = helpers._resolve_template(params)
        if not wrong and body and stack.get("StackStatus") != "REVIEW_IN_PROGRESS":
            changed = other_types(stack.get("_template", {}), handlers._parse_template(body))
            if changed:
                message = (
                    "Update of resource type is not permitted. The new template modifies resource"
                    f" type of the following resources: [{', '.join(changed)}]"
                )
                return helpers._error("ValidationError", message, 400)
        return theirs(params)

    return ours
