"""What a change of templates means for the stacks that are running: no account, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cfngen.errors import Problems, RenderError
from cfngen.review import exports
from cfngen.review.entries import entries, told
from cfngen.review.exposures import exposures
from cfngen.review.losses import losses
from cfngen.review.model import (
    Certainty,
    Concern,
    Exposure,
    Extent,
    Finding,
    Kind,
    PowerChange,
    ResourceChange,
    Review,
    StackReview,
)
from cfngen.review.powers import powers
from cfngen.review.refusals import refusals
from cfngen.review.resources import compare
from cfngen.review.stack import Stack
from cfngen.sections import Sections

CONCERNS = tuple(Concern)
# CloudFormation takes a template inline up to this size (AWS page "CloudFormation quotas").
INLINE_LIMIT = 51_200
MOST_ACTIONS = 6  # that a finding names; all of them stand with the powers

__all__ = ["CONCERNS", "Review", "review"]


def review(
    base: Mapping[str, str],
    head: Mapping[str, str],
    *,
    labels: tuple[str, str] = ("base", "head"),
    files: Mapping[str, str] | None = None,
) -> Review:
    """Return what changes for the stacks that are made of some templates.

    Args:
        base: the templates as they are deployed: text by name.
        head: the templates as they would be deployed.
        labels: what the two sides are called.
        files: where a template is, as a person would type it; its name without.

    Raises:
        Problems: texts that are no templates, all of them at once.
    """
    names = [name for name in sorted({*base, *head}) if base.get(name) != head.get(name)]
    problems: list[str] = []
    pairs = [
        (name, _read(base, name, labels[0], problems), _read(head, name, labels[1], problems))
        for name in names
    ]
    if problems:
        raise Problems(problems)
    sides = exports.Side(base), exports.Side(head)
    stacks = [
        _stack(name, old, new, sides, (files or {}).get(name, name)) for name, old, new in pairs
    ]
    changed = tuple(stack for stack in stacks if not stack.empty)
    return Review(*labels, changed, len({*base, *head}) - len(changed))


def _read(texts: Mapping[str, str], name: str, side: str, problems: list[str]) -> Sections | None:
    try:
        return Sections(texts[name]) if name in texts else None
    except RenderError as error:
        problems.append(f"{name} ({side}): {error}")
        return None


def _stack(
    name: str,
    old: Sections | None,
    new: Sections | None,
    sides: tuple[exports.Side, exports.Side],
    file: str,
) -> StackReview:
    kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.CHANGED
    before, after = Stack(old), Stack(new)
    if moved := told(before, after):
        before, after = Stack(old, told=moved), Stack(new, told=moved)
    compared = compare(before, after)
    changes = compared.changes
    replaced = {n: c for n, c in changes.items() if c.replacement is not Certainty.NO}
    others = list(entries(before, after, replaced))
    own = [change.name for change in changes.values() if change.kind is not Kind.AFFECTED]
    rights = powers(before, after, own)
    ways = exposures(before, after, own)
    findings: list[Finding] = []
    if kind is Kind.CHANGED:  # nothing that runs is touched by a template that is new
        findings += compared.refused
        findings += refusals(before, after, changes, others)
        findings += _replacements(after, changes)
    if kind is not Kind.ADDED:
        findings += exports.refused(name, before, after, others, *sides)
        findings += losses(before, after, changes, kind)
    if kind is not Kind.REMOVED:
        findings += _broadened(rights, ways)
    return StackReview(
        name,
        kind,
        file,
        tuple(_placed(finding, before, after) for finding in _sorted(findings)),
        tuple(changes.values()),
        tuple(others),
        rights,
        ways,
        tuple(compared.payloads),
        tuple(_references(before, after, changes)),
        tuple(_notes(before, after)),
    )


def _replacements(after: Stack, changes: dict[str, ResourceChange]) -> Iterator[Finding]:
    for change in changes.values():
        resource = after.resource(change.name)
        if change.replacement is Certainty.NO or resource is None or resource.schema.revised:
            continue
        causes = [d for d in change.properties if d.replacement is change.replacement]
        paths = ", ".join(dict.fromkeys(d.path for d in causes))
        first = " (deleted before the new one is made)" if resource.schema.deletes_first else ""
        why = f"{causes[0].note or 'changes'}" if causes else ""
        message = f"{change.replacement} be replaced{first}: {paths} {why}".rstrip()
        yield Finding(
            Concern.REPLACE,
            change.replacement,
            change.name,
            message,
            "; ".join(change.because),
            path=causes[0].path if causes else "",
        )


def _broadened(rights: tuple[PowerChange, ...], ways: tuple[Exposure, ...]) -> Iterator[Finding]:
    for power in rights:
        if power.extent in (Extent.BROADENED, Extent.MIXED):
            yield Finding(Concern.BROADEN, Certainty.WILL, power.holder, _gain(power))
    for way in ways:
        if way.opened:
            yield Finding(Concern.BROADEN, Certainty.WILL, way.resource, way.what)


def _gain(power: PowerChange) -> str:
    """Return the first of what is gained, and how much more there is."""
    if not power.gained:
        return f"{power.policy}: a limit is gone"
    first = power.gained[0]
    condition = f" if {first.condition}" if first.condition else ""
    who = "" if first.who == power.holder else f"{first.who} "
    verb = "may" if first.effect == "Allow" else "is no longer kept from"
    more = len(power.gained) - 1
    rest = f", and {more} more" if more else ""
    actions = ", ".join(first.actions[:MOST_ACTIONS])
    if len(first.actions) > MOST_ACTIONS:
        actions += f" and {len(first.actions) - MOST_ACTIONS} more"
    return f"{who}{verb} {actions} on {first.on}{condition}{rest}"


def _sorted(findings: list[Finding]) -> list[Finding]:
    """Return findings by concern, then in the order of the template; each of them once."""
    place = {concern: number for number, concern in enumerate(Concern)}
    return sorted(dict.fromkeys(findings), key=lambda finding: place[finding.concern])


def _placed(finding: Finding, before: Stack, after: Stack) -> Finding:
    """Return a finding with the line it is about, where it has none."""
    if finding.line:
        return finding
    gone = finding.subject not in after.names and finding.subject in before.names
    if not gone:
        return replace(finding, line=after.line(finding.section, finding.subject))
    line = before.line(finding.section, finding.subject)
    return replace(finding, line=line, side="base", near=_near(finding.subject, before, after))


def _near(name: str, before: Stack, after: Stack) -> int:
    """Return the line in head of what stood before a resource that is gone."""
    earlier = before.names[: before.names.index(name)]
    kept = next((other for other in reversed(earlier) if other in after.names), "")
    return after.line("Resources", kept)


def _references(
    before: Stack, after: Stack, changes: dict[str, ResourceChange]
) -> Iterator[tuple[str, str]]:
    for name in changes:
        resource = after.resource(name) or before.resource(name)
        for other in sorted({n for n, _ in resource.references} if resource else ()):
            if other in changes and other != name:
                yield name, other


def _notes(before: Stack, after: Stack) -> Iterator[str]:
    if not (before.sections and after.sections):
        return
    old, new = (len(side.text.encode()) for side in (before.sections, after.sections))
    if old <= INLINE_LIMIT < new:
        yield (
            f"{new:,} bytes, over the {INLINE_LIMIT:,} that CloudFormation takes inline: deploy it"
            " with --s3-bucket now"
        )
