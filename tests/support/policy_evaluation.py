"""What IAM makes of a policy's statements: an evaluation, with denials and conditions.

Sources: AWS pages "Policy evaluation logic", "IAM JSON policy elements: Condition operators" and
"Creating a condition with multiple keys or values". What is not known here is refused, rather than
left out of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class UnknownPolicyError(ValueError):
    """A policy has something that this evaluation does not know."""


def allowed(
    statements: Iterable[Mapping[str, Any]],
    action: str,
    on: str,
    context: Mapping[str, str | list[str]] | None = None,
) -> bool:
    """Whether statements of identity-based policies allow a request.

    Args:
        statements: the statements as deployed, with functions replaced by their values.
        action: such as `s3:GetObject`.
        on: the resource's ARN, or `*` for an action without resources.
        context: the request's condition keys and their values; a key that is not in it is not in
            the request.

    Raises:
        UnknownPolicyError: a statement has an element, operator or variable that is not known.
    """
    effects = [
        statement["Effect"]
        for statement in statements
        if _about(statement, action, on) and _holds(statement, context or {})
    ]
    return "Allow" in effects and "Deny" not in effects


def like(text: str, pattern: str, *, case: bool = True) -> bool:
    """Whether a text matches a pattern of IAM's, in which only `*` and `?` are special.

    Raises:
        UnknownPolicyError: the pattern has a policy variable.
    """
    if "${" in pattern:
        raise UnknownPolicyError(f"{pattern}: a policy variable")
    translated = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(translated, text, re.DOTALL | (0 if case else re.IGNORECASE)))


def listed(value: Any) -> list[Any]:
    """Return what a policy names, which may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def _about(statement: Mapping[str, Any], action: str, on: str) -> bool:
    if strange := set(statement) - ELEMENTS:
        raise UnknownPolicyError(f"{', '.join(sorted(strange))}: not in an identity-based policy")
    named = "Action" in statement
    actions = listed(statement["Action" if named else "NotAction"])
    if any(like(action, pattern, case=False) for pattern in actions) != named:
        return False
    named = "Resource" in statement
    resources = listed(statement["Resource" if named else "NotResource"])
    return any(_is(on, pattern) for pattern in resources) == named


def _is(on: str, pattern: str) -> bool:
    """Whether a resource is one that a policy names; a star does not go over an ARN's colons."""
    if on == "*" or pattern == "*":
        return pattern == "*"
    parts, patterns = on.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(like, parts, patterns))


def _holds(statement: Mapping[str, Any], context: Mapping[str, str | list[str]]) -> bool:
    """Whether all conditions of a statement hold."""
    known = {key.lower(): listed(value) for key, value in context.items()}
    return all(
        _condition(operator, known.get(key.lower()), [str(v) for v in listed(values)])
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _condition(operator: str, actual: list[str] | None, values: list[str]) -> bool:
    quantifier, _, operator = operator.rpartition(":")
    if operator == "Null":
        return (actual is None) == (values == ["true"])
    name = operator.removesuffix("IfExists")
    negative = "Not" in name
    test = OPERATORS.get(name.replace("Not", ""))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownPolicyError(f"{operator}: a condition operator")
    if actual is None:
        # A key that is not there never equals, and so is always unequal.
        return name != operator or negative or quantifier == "ForAllValues"
    if not quantifier and len(actual) > 1:
        raise UnknownPolicyError(f"{operator}: one of several values, without a quantifier")
    found = [any(test(value, pattern) for pattern in values) != negative for value in actual]
    return any(found) if quantifier == "ForAnyValue" else all(found)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda value, other: value.lower() == other.lower(),
    "StringLike": like,
    "ArnEquals": _is,
    "ArnLike": _is,
    "Bool": lambda value, other: value.lower() == other.lower(),
}
