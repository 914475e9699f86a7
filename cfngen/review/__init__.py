"""What a change of templates means for the stacks that are running: no account, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfngen.capabilities import INLINE_LIMIT
from cfngen.errors import Problems, RenderError
from cfngen.review import exports
from cfngen.review.acting import acting
from cfngen.review.entries import entries, told
from cfngen.review.exposures import exposures
from cfngen.review.findings import broadened, in_order, replacements
from cfngen.review.losses import losses
from cfngen.review.model import (
    Certainty,
    Finding,
    Kind,
    ResourceChange,
    Review,
    StackReview,
)
from cfngen.review.places import Places
from cfngen.review.powers import powers
from cfngen.review.refusals import refusals
from cfngen.review.resources import compare
from cfngen.review.sharing import sharing
from cfngen.review.stack import Stack
from cfngen.review.unknowns import unknowns
from cfngen.sections import Sections

__all__ = ["Review", "review"]


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
        findings += replacements(after, changes)
    if kind is not Kind.ADDED:
        findings += exports.refused(name, before, after, others, *sides)
        others = exports.noted(before, after, others, findings)
        findings += losses(before, after, changes, kind)
    if kind is not Kind.REMOVED:
        findings += broadened(rights, ways)
        findings += acting(before, after, changes)
        findings += sharing(before, after, changes)
    places = Places(before, after, changes, rights)
    return StackReview(
        name,
        kind,
        file,
        tuple(map(places.located, in_order(findings))),
        tuple(changes.values()),
        tuple(others),
        rights,
        ways,
        tuple(compared.payloads),
        tuple(_references(before, after, changes)),
        (*_notes(before, after), *unknowns(after, changes)),
    )


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
