"""Policy documents within a resource's properties, whatever its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.text import Text
from cfngen.review.alternatives import ALWAYS, Condition, if_alternatives
from cfngen.review.permissions.statements import document, is_policy, raw_statements

# The properties of any resource that are policies, where nobody can see that from their value.
DOCUMENTS = {
    "PolicyDocument", "KeyPolicy", "RepositoryPolicyText", "FileSystemPolicy", "ResourcePolicy",
    "AccessPolicy", "AccessPolicies", "PolicyText", "Policy", "ResourcePolicyDocument",
    "DestinationPolicy", "PermissionsPolicyDocument", "NamespaceResourcePolicy",
}  # fmt: skip


def kind_of(key: str, body: Any) -> str:
    """Return the kind of a policy document, as `PermissionChange.policy` has it."""
    if key == "AssumeRolePolicyDocument":
        return "trust"
    if _unreadable(body, key):
        return "resource"
    each = (statement for _, statement in raw_statements(body) if isinstance(statement, dict))
    named = any(statement.keys() & {"Principal", "NotPrincipal"} for statement in each)
    return "resource" if named else "permissions"


def _unreadable(value: Any, key: str) -> bool:
    """Whether a value is where a policy is expected, but is a text or function."""
    if isinstance(value, dict):
        return key in DOCUMENTS and any(name.startswith("Fn::") for name in value)
    if isinstance(value, Text):
        if key in DOCUMENTS:
            return True
        value = value.beginning if any('"Statement"' in part for part in value.literals) else ""
        return bool(value[:1] == "{")
    return isinstance(value, str) and value[:1] == "{" and '"Statement"' in value


def documents(
    value: Any, key: str = "", within: Condition = ALWAYS
) -> Iterator[tuple[Condition, str, Any]]:
    """Yield every policy document within a value, with its condition and its property."""
    for inner, alternative in if_alternatives(value):
        when = within | inner
        read = document(alternative)
        if is_policy(read) or _unreadable(read, key):
            yield when, key, read
        elif isinstance(alternative, dict):
            for name, item in alternative.items():
                yield from documents(item, name, when)
        elif isinstance(alternative, list):
            for item in alternative:
                yield from documents(item, key, when)
