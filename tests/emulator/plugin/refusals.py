"""Handlers of CloudFormation's types, and refusals before they create or update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def before(kind: str, check: Callable[[Properties], None]) -> None:
    """Have properties looked at before a resource is created or updated with them.

    Args:
        kind: the resource type.
        check: raises what the resource's event will say.
    """
    handlers = provisioners._RESOURCE_HANDLERS
    if kind not in handlers:
        return
    theirs = handlers[kind]
    handlers[kind] = {**theirs, "create": first(theirs["create"], check, at=1)}
    if "update" in theirs:
        handlers[kind]["update"] = first(theirs["update"], check, at=2)


def of(kind: type) -> dict[str, Callable[..., Any]]:
    """Return the handlers of a type."""
    names = ("create", "update", "delete")
    return {name: getattr(kind, name) for name in names if hasattr(kind, name)}


def first(
    theirs: Callable[..., Any], check: Callable[[Properties], None], at: int
) -> Callable[..., Any]:
    """Return a handler that has its properties, an argument of it, looked at first."""

    def ours(*given: Any, **more: Any) -> Any:
        check(given[at])
        return theirs(*given, **more)

    return ours
