"""Policy documents within a resource's properties, whatever its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.values import OPEN
from cfngen.review.permissions.alternatives import ALWAYS, When, branches
from cfngen.review.permissions.statements import document, is_policy, statements

# The properties of any resource that are policies, where nobody can see that from their value.
DOCUMENTS = {
    "PolicyDocument", "KeyPolicy", "RepositoryPolicyText", "FileSystemPolicy", "ResourcePolicy",
    "AccessPolicy", "AccessPolicies", "PolicyText", "Policy", "ResourcePolicyDocument",
    "DestinationPolicy", "PermissionsPolicyDocument", "NamespaceResourcePolicy",
}  # fmt: skip


def kind_of(key: str, body: Any) -> str:
    """Return which kind of policy a document is, as `PowerChange.policy` says it."""
    if key == "AssumeRolePolicyDocument":
        return "trust"
    if _unreadable(body, key):
        return "resource"
    each = (one for _, one in statements(body) if isinstance(one, dict))
    named = any(one.keys() & {"Principal", "NotPrincipal"} for one in each)
    return "resource" if named else "permissions"


def _unreadable(value: Any, key: str) -> bool:
    """Whether a value stands where a policy does, and is a text or function that says no more."""
    if isinstance(value, dict):
        return key in DOCUMENTS and any(name.startswith("Fn::") for name in value)
    if not isinstance(value, str):
        return False
    return (key in DOCUMENTS and OPEN in value) or (value[:1] == "{" and '"Statement"' in value)


def documents(value: Any, key: str = "", within: When = ALWAYS) -> Iterator[tuple[When, str, Any]]:
    """Yield every policy document within a value, with when it is there and its property."""
    for inner, found in branches(value):
        when = within | inner
        read = document(found)
        if is_policy(read) or _unreadable(read, key):
            yield when, key, read
        elif isinstance(found, dict):
            for name, item in found.items():
                yield from documents(item, name, when)
        elif isinstance(found, list):
            for item in found:
                yield from documents(item, key, when)
