"""Policy documents, as IAM and the services that keep policies read them.

Sources: IAM user guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements:
Condition operators" and "IAM and AWS STS quotas".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERSIONS = ("2008-10-17", "2012-10-17")
ELEMENTS = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource"),
    *("NotResource", "Condition"),
}
PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Bool|BinaryEquals|Arn(Not)?(Equals|Like)"
    r"|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|(Not)?IpAddress)(IfExists)?|Null",
    re.IGNORECASE,
)
ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
ARN = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)
SID = re.compile(r"[A-Za-z0-9]*")


@dataclass(frozen=True)
class Kind:
    """What a kind of policy has.

    Attributes:
        principal: whether its statements say whom they are about.
        resource: whether they say what they are about: they must, may or must not.
        most: characters that it may have, blanks apart.
    """

    principal: bool
    resource: bool | None
    most: int


IDENTITY = Kind(principal=False, resource=True, most=10_240)
MANAGED = Kind(principal=False, resource=True, most=6_144)
TRUST = Kind(principal=True, resource=False, most=2_048)
RESOURCE = Kind(principal=True, resource=True, most=20_480)
ITS_OWN = Kind(principal=True, resource=None, most=20_480)  # where the resource goes without saying


def problems(document: Any, kind: Kind) -> list[str]:
    """Return what is malformed in a policy document, given as text or as plain data."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return ["it is no JSON"]
    if not isinstance(document, dict):
        return ["it is no object"]
    return list(_document(document, kind))


def size(document: Any) -> int:
    """Return the characters that count in a document: all but blanks."""
    text = document if isinstance(document, str) else json.dumps(document)
    return len(re.sub(r"\s", "", text))


def _document(document: dict[str, Any], kind: Kind) -> Iterator[str]:
    yield from (
        f"unknown element {name}" for name in set(document) - {"Version", "Id", "Statement"}
    )
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        yield f"Version {document['Version']!r}"
    statements = _listed(document.get("Statement", []))
    if not statements:
        yield "no Statement"
    if size(document) > kind.most:
        yield f"{size(document):,} characters, {kind.most:,} at most"
    names = [s.get("Sid") for s in statements if isinstance(s, dict) and s.get("Sid")]
    if len(names) != len(set(names)):
        yield "Statement IDs (SID) in a single policy must be unique"
    for number, statement in enumerate(statements):
        if isinstance(statement, dict):
            yield from (f"statement {number}: {p}" for p in _statement(statement, kind))
        else:
            yield f"statement {number} is no object"


def _statement(statement: dict[str, Any], kind: Kind) -> Iterator[str]:
    yield from (f"unknown element {name}" for name in sorted(set(statement) - ELEMENTS))
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is {statement.get('Effect')!r}"
    if not kind.principal and not SID.fullmatch(str(statement.get("Sid", ""))):
        yield f"Sid {statement['Sid']!r}: letters and digits only"
    for element in ("Principal", "Action", "Resource"):
        if element in statement and f"Not{element}" in statement:
            yield f"both {element} and Not{element}"
    yield from _actions(statement, kind)
    yield from _resources(statement, kind)
    yield from _principals(statement, kind)
    yield from _conditions(statement.get("Condition", {}))


def _actions(statement: dict[str, Any], kind: Kind) -> Iterator[str]:
    actions = _of(statement, "Action")
    if not actions:
        yield "no Action"
    for action in actions:
        if not isinstance(action, str) or not ACTION.fullmatch(action):
            yield f"action {action!r} has no service before it"
        elif kind is TRUST and not action.startswith("sts:"):
            yield f"AssumeRole policy may only specify STS AssumeRole actions, not {action}"


def _resources(statement: dict[str, Any], kind: Kind) -> Iterator[str]:
    resources = _of(statement, "Resource")
    if kind.resource and not resources:
        yield "no Resource"
    if kind.resource is False and resources:
        yield "Has prohibited field Resource"
    for resource in resources:
        if not isinstance(resource, str) or not ARN.fullmatch(resource):
            yield f'Resource {resource!r} must be in ARN format or "*"'


def _principals(statement: dict[str, Any], kind: Kind) -> Iterator[str]:
    element = "Principal" if "Principal" in statement else "NotPrincipal"
    found = statement.get(element)
    if kind.principal == (found is None):
        yield "no Principal" if kind.principal else "a principal, which an identity's has not"
        return
    if kind is TRUST and element == "NotPrincipal":
        yield "AssumeRole policy must not contain NotPrincipal field"
    if isinstance(found, dict):
        yield from (f"unknown kind of principal {name}" for name in set(found) - PRINCIPALS)
        if not any(_listed(value) for value in found.values()):
            yield "nobody in Principal"
        for service in _listed(found.get("Service", [])):
            if not isinstance(service, str) or not re.fullmatch(
                r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)", service
            ):
                yield f'Invalid principal in policy: "SERVICE":"{service}"'
        for name in _listed(found.get("AWS", [])):
            if not re.fullmatch(r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+", str(name)):
                yield f'Invalid principal in policy: "AWS":"{name}"'
    elif found not in ("*", None):
        yield f"Invalid principal in policy: {found!r}"


def _conditions(conditions: Any) -> Iterator[str]:
    if not isinstance(conditions, dict):
        yield "Condition is no object"
        return
    for operator, keys in conditions.items():
        if not OPERATOR.fullmatch(operator):
            yield f"Invalid Condition type : {operator}"
        if not isinstance(keys, dict):
            yield f"{operator} has no keys"
            continue
        yield from (f"condition key {key!r} has no vendor" for key in keys if ":" not in key)
        for key, values in keys.items():
            if any(isinstance(value, (dict, list)) for value in _listed(values)):
                yield f"{key}: a value is no text"


def _of(statement: dict[str, Any], element: str) -> list[Any]:
    return _listed(statement.get(element, statement.get(f"Not{element}", [])))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
