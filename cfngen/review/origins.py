"""The lines of blueprints that findings come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cfngen.review.model import Review, StackReview

Origins = Mapping[tuple[str, str], str]


def with_origins(review: Review, origins: Mapping[str, Origins]) -> Review:
    """Return a review whose findings and changes name a blueprint's `file:line`.

    Args:
        review: the review.
        origins: for each template, which line added what, by section and name.
    """
    return replace(
        review,
        stacks=tuple(_located(stack, origins.get(stack.name, {})) for stack in review.stacks),
    )


def _located(stack: StackReview, origins: Origins) -> StackReview:
    return replace(
        stack,
        findings=tuple(
            replace(finding, origin=origins.get((finding.section, finding.subject), ""))
            for finding in stack.findings
        ),
        resources=tuple(
            replace(change, origin=origins.get(("Resources", change.name), ""))
            for change in stack.resources
        ),
        entries=tuple(
            replace(change, origin=origins.get((change.section, change.name), ""))
            for change in stack.entries
        ),
    )
