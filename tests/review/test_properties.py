"""What holds of a review whatever is reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.drawn import OURS, shapes
from support.rewritten import as_json, changed, shuffled

from cfngen.project import manifest
from cfngen.review import review
from cfngen.review.formats import FORMATS, format_review
from cfngen.review.model import Concern, Detail, Extent, Kind, Review, StackReview

TURNED = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}
OTHER_WAY = {Extent.BROADENED: Extent.NARROWED, Extent.NARROWED: Extent.BROADENED}


def templates() -> dict[str, str]:
    """Return every template that our blueprints draw, with each choice of every option."""
    return {
        f"{name}-{number}": drawn.text
        for name, entry in OURS.items()
        for number, drawn in enumerate(shapes(entry))
    }


def shipped() -> Iterator[tuple[str, str]]:
    """Yield the templates that are in the output folder."""
    project = manifest.load(Path(__file__).parent)
    for entry in project.templates.values():
        yield entry.name, (project.output / entry.file_name).read_text(encoding="utf-8")


SHIPPED = dict(shipped())
NAMES = st.sampled_from(sorted(SHIPPED))


def one(before: str, after: str) -> Review:
    """Review one template."""
    return review({"stack": before}, {"stack": after})


@pytest.mark.parametrize(
    "write",
    [
        str,
        pytest.param("{}\n# the end\n".format, marks=pytest.mark.slow),
        pytest.param(as_json, marks=pytest.mark.slow),
    ],
    ids=["as it is", "a comment", "JSON"],
)
def test_a_template_is_equal_to_itself(write) -> None:
    """A review of a template with itself, however it is written, finds nothing at all."""
    assert len(templates()) > 40
    same = {name: write(text) for name, text in templates().items()}
    assert different(review(templates(), same)) == []


@settings(max_examples=40, deadline=None)
@given(NAMES, st.integers(0, 10**6))
def test_a_shuffled_copy_is_equal(name: str, seed: int) -> None:
    """The order of keys, of statements, and of lists that have none is no change."""
    text = SHIPPED[name]
    assert different(one(text, shuffled(text, seed))) == []


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES, st.integers(0, 10**6), st.integers(1, 6))
@example("artifact-stores", 581426, 2)
def test_the_way_back_mirrors_the_way_there(name: str, seed: int, times: int) -> None:
    """What is added one way is removed the other, what is gained is lost, what opens closes."""
    hold_both_ways(name, seed, times)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES, st.integers(0, 10**6), st.integers(1, 6))
@example("artifact-stores", 495_877, 1)  # a template inside another that is none any more
@example("artifact-stores", 8788, 2)
def test_the_way_back_mirrors_the_way_there_at_length(name: str, seed: int, times: int) -> None:
    """The same, of many more changes."""
    hold_both_ways(name, seed, times)


def hold_both_ways(name: str, seed: int, times: int) -> None:
    """Review a change and its opposite, and compare what is said."""
    text = SHIPPED[name]
    other = changed(text, seed, times)
    there, back = one(text, other), one(other, text)
    unread = not_inspected(there) | not_inspected(back)
    assert [mirrored(stack) for stack in there.stacks if stack.name not in unread] == [
        told(stack) for stack in back.stacks if stack.name not in unread
    ]


def not_inspected(review: Review) -> set[str]:
    """Return the templates inside others that one of the sides cannot be read of.

    From what cannot be read to what can, a new template comes; the other way, it is only unknown
    what goes.
    """
    return {
        f"{stack.name}/{finding.subject}"
        for stack in review.stacks
        for finding in stack.findings
        if finding.concern is Concern.UNKNOWN
    }


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES, st.integers(0, 10**6), st.integers(1, 12))
def test_any_change_can_be_printed(name: str, seed: int, times: int) -> None:
    """No change, however odd, is one that a format cannot print; the same one prints the same."""
    print_twice(name, seed, times)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES, st.integers(0, 10**6), st.integers(1, 12))
def test_any_change_can_be_printed_at_length(name: str, seed: int, times: int) -> None:
    """The same, of many more changes."""
    print_twice(name, seed, times)


def print_twice(name: str, seed: int, times: int) -> None:
    """Print a change in each format, twice, and compare."""
    found = one(SHIPPED[name], changed(SHIPPED[name], seed, times))
    for form in FORMATS:
        assert format_review(found, form) == format_review(found, form)


def different(found: Review) -> list[StackReview]:
    """Return the stacks that differ in more than their size: JSON takes more room."""
    return [stack for stack in found.stacks if not replace(stack, notes=()).empty]


def told(stack: StackReview) -> object:
    """Return what a review says, in an order that does not depend on the side."""
    return (
        "inside" if "/" in stack.name else stack.kind,
        sorted(
            (c.name, c.type, c.type_before, c.kind, c.replacement, details(c.properties))
            for c in stack.resources
        ),
        sorted((e.section, e.name, e.kind, details(e.details)) for e in stack.entries),
        sorted(
            (p.attached_to, p.policy, p.extent, sorted(p.gained), sorted(p.lost))
            for p in stack.permissions
        ),
        sorted((x.resource, x.description, x.opened) for x in stack.exposures),
        sorted((p.resource, p.path) for p in stack.payloads),
    )


def mirrored(stack: StackReview) -> object:
    """Return what the review of the way back has to say.

    A template inside another comes as a new one and goes with all of its resources: its stack does
    not stay, so that it is one that changes.
    """
    return (
        "inside" if "/" in stack.name else TURNED.get(stack.kind, stack.kind),
        sorted(
            (
                c.name,
                c.type_before or c.type,
                c.type if c.type_before else "",
                TURNED.get(c.kind, c.kind),
                c.replacement,
                details(c.properties, turn=True),
            )
            for c in stack.resources
        ),
        sorted(
            (e.section, e.name, TURNED.get(e.kind, e.kind), details(e.details, turn=True))
            for e in stack.entries
        ),
        sorted(
            (
                p.attached_to,
                p.policy,
                OTHER_WAY.get(p.extent, p.extent),
                sorted(p.lost),
                sorted(p.gained),
            )
            for p in stack.permissions
        ),
        sorted((x.resource, x.description, not x.opened) for x in stack.exposures),
        sorted((p.resource, p.path) for p in stack.payloads),
    )


def details(found: tuple[Detail, ...], *, turn: bool = False) -> list[tuple[str, ...]]:
    """Return properties that differ; not those that only follow what is replaced."""
    return sorted(
        (d.path, *(map(repr, (d.after, d.before) if turn else (d.before, d.after))), d.replacement)
        for d in found
        if not d.note
    )
