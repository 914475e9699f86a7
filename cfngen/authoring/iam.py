"""Statements and documents of IAM policies: `allow(codecommit.GitPush, on=mirror)`."""

from __future__ import annotations

from typing import Any

from cfngen.deprecation import renamed_keywords
from cfngen.errors import PolicyError

VERSION = "2012-10-17"


class Statement(dict[str, Any]):
    """One statement of a policy; `reason` is printed above it in the template."""

    reason: str = ""


@renamed_keywords(because="reason")
def allow(
    *actions: Any,
    on: Any,
    when: dict[str, Any] | None = None,
    reason: str = "",
    to: dict[str, Any] | None = None,
    sid: str = "",
    page: str = "",
) -> Statement:
    """Allow named actions on given resources.

    Args:
        actions: awacs actions, such as `codecommit.GitPush`.
        on: one ARN or several; `"*"` only together with `reason`.
        when: the statement's Condition block.
        reason: why the statement is as broad as it is; a comment in the template.
        to: the Principal, for a resource policy.
        sid: the statement's Sid, only where it is worth a name.
        page: the URL of the AWS page that documents a wildcard as the minimum;
            shown in the template below `reason`, which it needs.

    Raises:
        PolicyError: an action with a wildcard and no page and reason, no action, or `on="*"`
            without a reason.
    """
    for action in names(actions):
        if "*" in action and not (reason and page.startswith("https://")):
            raise PolicyError(
                f"allow({action}): name the actions, since a star hides what is granted; or give"
                " the address of the AWS page that documents it as the minimum as page=, and"
                " reason="
            )
    return _statement("Allow", actions, on, when, f"{reason}\n{page}".strip(), to, sid)


@renamed_keywords(because="reason")
def deny(
    *actions: Any,
    on: Any,
    when: dict[str, Any] | None = None,
    reason: str = "",
    to: dict[str, Any] | None = None,
    sid: str = "",
) -> Statement:
    """Deny actions, which may have wildcards; the arguments are those of `allow`."""
    return _statement("Deny", actions, on, when, reason, to, sid)


def tls_only(action: str, on: Any) -> Statement:
    """Deny all requests without TLS, or those of one action, in a resource policy.

    Args:
        action: such as `s3:*`.
        on: the resource's ARN, or several.
    """
    return deny(
        action,
        on=on,
        to={"AWS": "*"},
        when={"Bool": {"aws:SecureTransport": "false"}},
        sid="TlsOnly",
    )


def policy_document(*statements: Statement) -> dict[str, Any]:
    """Return a policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def trust(service: str, when: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the trust policy that lets one AWS service assume a role.

    Args:
        service: the first label of the service principal, such as `codebuild`.
        when: conditions against the confused deputy problem, such as `aws:SourceAccount`.
    """
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = Statement(Effect="Allow", Principal=principal, Action="sts:AssumeRole")
    if when:
        statement["Condition"] = when
    return policy_document(statement)


def names(actions: tuple[Any, ...]) -> list[str]:
    """Return actions as `service:Action`, whether they came from awacs or as text."""
    return [a.JSONrepr() if hasattr(a, "JSONrepr") else str(a) for a in actions]


def _statement(
    effect: str,
    actions: tuple[Any, ...],
    on: Any,
    when: dict[str, Any] | None,
    reason: str,
    to: dict[str, Any] | None,
    sid: str,
) -> Statement:
    if not actions:
        raise PolicyError(f"{effect.lower()}(): name at least one action")
    resources = list(on) if isinstance(on, (list, tuple)) else [on]
    if effect == "Allow" and "*" in [r for r in resources if isinstance(r, str)] and not reason:
        raise PolicyError(
            f'allow({", ".join(names(actions))}, on="*"): say reason=, or name the resources'
        )
    statement = Statement()
    if sid:
        statement["Sid"] = sid
    statement["Effect"] = effect
    if to:
        statement["Principal"] = to
    # One is written as one, as AWS's own examples do.
    named = names(actions)
    statement["Action"] = named[0] if len(named) == 1 else named
    statement["Resource"] = resources[0] if len(resources) == 1 else resources
    if when:
        statement["Condition"] = when
    statement.reason = reason
    return statement
