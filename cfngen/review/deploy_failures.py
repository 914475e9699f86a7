"""Why CloudFormation will or may refuse to deploy the changed template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfngen.cloudformation.capabilities import IAM, NAMED, needs
from cfngen.cloudformation.values import canonical, shown
from cfngen.review.constructs import construct_path
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    EntryChange,
    Finding,
    Kind,
    ResourceChange,
)
from cfngen.review.names import given_name
from cfngen.review.stack import Stack

CUSTOM_NAMES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-properties-name.html"
)
PARAMETERS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "parameters-section-structure.html"
)
CAPABILITIES = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html"
)
# What a value that a running stack has may break when it changes.
CONSTRAINTS = frozenset(
    ("Type", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue")
)


def deploy_failures(
    before: Stack, after: Stack, changes: dict[str, ResourceChange], entries: list[EntryChange]
) -> Iterator[Finding]:
    """Yield why a deployment of the changed template will or may be refused."""
    for change in changes.values():
        yield from _same_name(before, after, change)
    for entry in entries:
        if entry.section == "Parameters":
            yield from _parameter(entry)
    yield from _capabilities(before, after)


def _same_name(before: Stack, after: Stack, change: ResourceChange) -> Iterator[Finding]:
    """Yield a resource that has to be replaced but keeps its custom name."""
    old, new = before.resource(change.name), after.resource(change.name)
    if change.replacement is Certainty.NO or not (old and new):
        return
    schema, name = new.schema, shown(given_name(new))
    moved = any(detail.path.partition(".")[0] in schema.names for detail in change.properties)
    if not name or moved or schema.deletes_first or schema.revised:
        return
    message = (
        f"{change.replacement} be replaced, but keeps the name {name}: CloudFormation creates the"
        f" new one first; change {' or '.join(schema.names)} as well"
    )
    yield Finding(
        Concern.REFUSED, change.replacement, change.name, message, CUSTOM_NAMES, code="R101"
    )


def _parameter(entry: EntryChange) -> Iterator[Finding]:
    paths = {detail.path for detail in entry.details}
    if entry.kind is Kind.ADDED and "Default" not in paths:
        message = f"has no default: pass a value with --parameter-overrides {entry.name}=…"
        yield Finding(
            Concern.REFUSED,
            Certainty.WILL,
            entry.name,
            message,
            PARAMETERS,
            "Parameters",
            code="R102",
        )
    elif entry.kind is Kind.CHANGED and (narrowed := _all_narrowed(entry)):
        message = (
            f"{', '.join(narrowed)} changed: the current value of a running stack may not be"
            " allowed any more"
        )
        yield Finding(
            Concern.REFUSED,
            Certainty.MAY,
            entry.name,
            message,
            PARAMETERS,
            "Parameters",
            code="R103",
        )


def _all_narrowed(entry: EntryChange) -> list[str]:
    return sorted({key for detail in entry.details if (key := _narrowed(detail))})


def _narrowed(detail: Detail) -> str:
    """Return the name of a constraint that a value may have met before and may not meet now."""
    key = detail.path.partition("[")[0]
    before, after = detail.before, detail.after
    if key not in CONSTRAINTS or after is MISSING:
        return ""
    if key == "AllowedValues" and isinstance(before, list) and isinstance(after, list):
        gone = {canonical(value) for value in before} - {canonical(value) for value in after}
        return key if gone else ""
    if key[:3] in ("Min", "Max") and before is not MISSING:
        try:
            tighter = float(after) > float(before)
        except (TypeError, ValueError):
            return key
        return key if tighter == (key[:3] == "Min") else ""
    return key


def _capabilities(before: Stack, after: Stack) -> Iterator[Finding]:
    """Yield the capabilities that the deploy command has to name now, and did not before.

    `cdk deploy` names those for IAM by itself, so nothing is refused of what the CDK makes.
    """
    if not (before.sections and after.sections):
        return
    old, new = (
        needs(side.body, transforms="Transform" in side.text)
        for side in (before.sections, after.sections)
    )
    had = {need.capability for need in old}
    if NAMED in had:
        had.add(IAM)
    for need in new:
        if need.capability not in had and not by_cdk(after, need.reasons):
            named = need.reasons[0] in after.names
            subject = need.reasons[0] if named else "Transform"
            cause = cause_phrase(subject, need.reasons)
            message = f"deploying it now requires --capabilities {need.capability}{cause}"
            section = "Resources" if named else "Transform"
            yield Finding(
                Concern.REFUSED,
                Certainty.WILL,
                subject,
                message,
                CAPABILITIES,
                section,
                code="R104",
            )


def cause_phrase(subject: str, resources: Sequence[str]) -> str:
    """Return which resources need a capability; nothing where that is the subject alone.

    >>> cause_phrase("Role", ["Role", "Key"]), cause_phrase("Role", ["Role"])
    (', because of Role, Key', '')
    """
    return "" if list(resources) == [subject] else f", because of {', '.join(resources)}"


def by_cdk(after: Stack, names: Iterable[str]) -> bool:
    """Whether all of some resources are made by constructs of the CDK."""
    return all((r := after.resource(name)) and construct_path(r.attributes) for name in names)
