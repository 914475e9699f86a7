"""What was really asked for while stacks were up: by which roles, about which resources."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator

ROLES: set[str] = set()  # names of roles whose policies granted something
TOUCHED: set[str] = set()  # ARNs of what requests, rules and schedules were about
POLICIES: set[str] = set()  # ARNs of resources whose own policy was asked, and let a service in


def forget() -> None:
    """Begin anew."""
    for kept in (ROLES, TOUCHED, POLICIES):
        kept.clear()


def plug_in() -> None:
    """Note each decision."""
    theirs = iam_evaluator.enforce

    def ours(key: str, action: str, service: str, *given: Any, **more: Any) -> Any:
        denied = theirs(key, action, service, *given, **more)
        principal = iam_evaluator.resolve_credential(key) if key else None
        arn = getattr(principal, "principal_arn", "")
        if denied is None and ":assumed-role/" in arn:
            ROLES.add(arn.split("/")[1])
            TOUCHED.add(str(more.get("resource_arn", "")))
        return denied

    iam_evaluator.enforce = ours
