"""The lines of blueprints that findings come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cfngen.cloudformation.document import Origin
from cfngen.review.model import Review, StackReview

Origins = Mapping[tuple[str, str], Origin]


def with_origins(review: Review, origins: Mapping[str, Origins]) -> Review:
    """Return a review whose findings and changes name a blueprint's line.

    Args:
        review: the review.
        origins: for each template, which line added what, by section and name.
    """
    return replace(
        review,
        stacks=tuple(_located(stack, *_of(stack.name, origins)) for stack in review.stacks),
    )


def _of(name: str, origins: Mapping[str, Origins]) -> tuple[Origins, Origin | None]:
    """Return the origins of a template, and the default origin.

    Everything in a nested template comes from the line of the resource that contains it.
    """
    outer = max((n for n in origins if name.startswith(f"{n}/")), key=len, default="")
    if name in origins or not outer:
        return origins.get(name, {}), None
    resource = name.removeprefix(f"{outer}/").partition("/")[0].partition(" ")[0]
    return {}, origins[outer].get(("Resources", resource))


def _located(stack: StackReview, origins: Origins, default: Origin | None) -> StackReview:
    return replace(
        stack,
        findings=tuple(
            replace(finding, origin=origins.get((finding.section, finding.subject), default))
            for finding in stack.findings
        ),
        resources=tuple(
            replace(change, origin=origins.get(("Resources", change.name), default))
            for change in stack.resources
        ),
        entries=tuple(
            replace(change, origin=origins.get((change.section, change.name), default))
            for change in stack.entries
        ),
    )
