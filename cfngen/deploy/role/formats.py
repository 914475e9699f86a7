"""A policy as documents that IAM takes: YAML with comments, or JSON and notes."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.quotas import MANAGED_POLICY, ROLE_POLICIES
from cfngen.deploy.role.policies import Policy
from cfngen.deploy.role.statements import Statement
from cfngen.errors import CfngenError
from cfngen.escaping import escape_controls, escape_json

WIDTH = 100
# What YAML takes for something else than text.
NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def documents(policy: Policy, *, inline: bool = False) -> list[list[Statement]]:
    """Return the statements of each policy document, none of them too long for a managed policy.

    Args:
        policy: what to allow.
        inline: whether it is to be one document, for a role's inline policy.

    Raises:
        CfngenError: that one document is too long.
    """
    if inline:
        statements = list(policy.statements)
        if size(statements) > ROLE_POLICIES:
            raise CfngenError(
                f"{policy.name}: {size(statements):,} characters exceed the quota of"
                f" {ROLE_POLICIES:,} for a role's inline policies; without --inline,"
                f" {len(documents(policy))} managed policies are printed"
            )
        return [statements]
    parts: list[list[Statement]] = [[]]
    for statement in policy.statements:
        for piece in _pieces(statement):
            if parts[-1] and size([*parts[-1], piece]) > MANAGED_POLICY:
                parts.append([])
            parts[-1].append(piece)
    return parts


def _pieces(statement: Statement) -> Iterator[Statement]:
    """Yield a statement in pieces that fit a document each; together they allow the same."""
    longest = max(statement.actions, statement.resources, key=len)
    if size([statement]) <= MANAGED_POLICY or len(longest) < 2:
        yield statement
        return
    half = len(longest) // 2
    for part in (longest[:half], longest[half:]):
        if longest is statement.actions:
            yield from _pieces(replace(statement, actions=part))
        else:
            yield from _pieces(replace(statement, resources=part))


def size(statements: list[Statement]) -> int:
    """Return how many characters a document has as IAM counts them."""
    return len(json.dumps(document(statements), separators=(",", ":")))


def document(statements: list[Statement]) -> dict[str, Any]:
    """Return a policy document."""
    used: dict[str, int] = {}
    return {
        "Version": "2012-10-17",
        "Statement": [_plain(statement, used) for statement in statements],
    }


def _plain(statement: Statement, used: dict[str, int]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "Sid": _sid(statement, used),
        "Effect": "Allow",
        "Action": _single_or_list(statement.actions),
        "Resource": _single_or_list(statement.resources),
    }
    for operator, key, values in statement.condition:
        plain.setdefault("Condition", {}).setdefault(operator, {})[key] = _single_or_list(values)
    return plain


def _single_or_list(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _sid(statement: Statement, used: dict[str, int]) -> str:
    services = {action.partition(":")[0] for action in statement.actions}
    if statement.condition:  # such a statement has one action
        name = statement.actions[0].partition(":")[2]
    elif statement.resources == ("*",):
        name = "AnyResource"
    else:
        name = "".join(part.capitalize() for part in sorted(services)[0].split("-"))
    used[name] = used.get(name, 0) + 1
    return name + (chr(ord("A") + used[name] - 1) if used[name] > 1 else "")


def heading(policy: Policy, parts: list[list[Statement]], part: int, *, inline: bool) -> list[str]:
    """Return what is to be said before a document."""
    which = f", {part} of {len(parts)}" if len(parts) > 1 else ""
    quota = f"{MANAGED_POLICY:,} characters of a managed policy"
    if inline:
        quota = f"{ROLE_POLICIES:,} characters of a role's inline policies"
    count = f"{size(parts[part - 1]):,} of the {quota}"
    lines = [f"What CloudFormation needs to deploy {policy.name}{which}: {count}."]
    if part == 1:
        lines.append(
            "For a role that cloudformation.amazonaws.com may assume, given to it with --role-arn."
            " A template in a bucket is read with the caller's own rights."
        )
        lines += policy.warnings
    return lines


def ending(policy: Policy, *, explain: bool) -> list[str]:
    """Return what is to be said after the last document: how it came about."""
    lines = list(policy.explanations)
    for omitted in policy.omitted:
        if explain:
            listed = (f"{type_} {', '.join(actions)}" for type_, actions in omitted.actions.items())
            lines.append(f"Left out, since {omitted.reason}: {'; '.join(listed)}.")
        else:
            counted = ", ".join(f"{len(a)} of {type_}" for type_, a in omitted.actions.items())
            counted = counted.replace(
                " of ", " action of " if counted[:2] == "1 " else " actions of ", 1
            )
            lines.append(f"Left out, since {omitted.reason}: {counted}; --explain lists them.")
    return lines


def as_yaml(policy: Policy, *, inline: bool = False, explain: bool = False) -> str:
    """Return the documents as YAML, each statement below a comment on what it is for.

    Args:
        policy: what to allow.
        inline: one document, for a role's inline policy.
        explain: list the actions that are left out, instead of counting them.
    """
    parts = documents(policy, inline=inline)
    written = []
    for number, statements in enumerate(parts, 1):
        heads = heading(policy, parts, number, inline=inline)
        lines = [line for text in heads for line in _comment(text, "")]
        lines += ["Version: '2012-10-17'", "Statement:" if statements else "Statement: []"]
        plain = document(statements)["Statement"]
        for statement, body in zip(statements, plain, strict=True):
            for note in statement.notes:
                lines += _comment(note, "  ")
            lines += _statement(body)
        written.append("\n".join(lines) + "\n")
    last = [line for text in ending(policy, explain=explain) for line in _comment(text, "")]
    return "---\n".join(written) + "".join(f"{line}\n" for line in last)


def _statement(body: dict[str, Any]) -> Iterator[str]:
    """Yield a statement's lines; every text in it is quoted, or letters only."""
    start = "  - "
    for key, value in body.items():
        if isinstance(value, dict):
            yield f"{start}{key}:"
            for operator, keys in value.items():
                yield f"      {operator}:"
                for name, wanted in keys.items():
                    yield from _values(f"        {name}", "          ", wanted)
        else:
            yield from _values(f"{start}{key}", "      ", value)
        start = "    "


def _values(key: str, indent: str, value: Any) -> Iterator[str]:
    """Yield a key with its value: a text, or a list of them."""
    if isinstance(value, list):
        yield f"{key}:"
        yield from (f"{indent}- {_scalar(item)}" for item in value)
    else:
        yield f"{key}: {_scalar(value)}"


def _scalar(text: str) -> str:
    """Return a text as YAML has it; quoted, unless it can be nothing else than text."""
    plain = re.fullmatch(r"[A-Za-z]([\w:./-]*[\w/])?", text, re.ASCII)
    return text if plain and text.lower() not in NOT_TEXT else "'" + text.replace("'", "''") + "'"


def _comment(text: str, indent: str) -> list[str]:
    """Return a comment's lines; whatever a template's names are, none of them ends one."""
    room = WIDTH - len(indent) - 2
    wrapped = textwrap.wrap(
        escape_controls(text), room, break_long_words=False, break_on_hyphens=False
    )
    return [f"{indent}# {line}" for line in wrapped]


def as_json(policy: Policy, *, inline: bool = False) -> str:
    """Return the document as JSON, or a list of them where one is not enough."""
    plain = [document(statements) for statements in documents(policy, inline=inline)]
    return escape_json(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2)) + "\n"


def comments(policy: Policy, *, inline: bool = False, explain: bool = False) -> list[str]:
    """Return the lines that JSON has no room for: what is said of documents and statements."""
    lines = []
    parts = documents(policy, inline=inline)
    for number, statements in enumerate(parts, 1):
        lines += heading(policy, parts, number, inline=inline)
        plain = document(statements)["Statement"]
        for statement, body in zip(statements, plain, strict=True):
            if len(statement.notes) > 1:
                lines.append(f"{body['Sid']}: {'; '.join(statement.notes)}")
    lines += ending(policy, explain=explain)
    return [line for text in lines for line in _comment(text, "")]
