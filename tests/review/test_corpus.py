"""The corpus: pairs of templates, each with what AWS does when the second follows the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from support.corpus import CASES, CORPUS, Case, case, parse

from cfngen.cloudformation.values import shown
from cfngen.review import review
from cfngen.review.model import MISSING, Extent, Kind, ResourceChange, Review

CONCERNS = {
    "changes", "data", "inside", "internet", "nothing", "payloads", "powers", "refused",
    "replacement",
}  # fmt: skip
KEYS = {
    "claim", "closed", "entries", "findings", "nothing", "opened", "payloads", "powers",
    "properties", "replacement", "resources", "source",
}  # fmt: skip


Answers = Iterator[tuple[Any, Any]]  # what the engine says, what it should say


@dataclass(frozen=True)
class Pair:
    """One case of the corpus, and what the engine says of it."""

    case: Case

    @property
    def expected(self) -> dict[str, Any]:
        """What a reviewer has to be told."""
        return self.case.expected

    @cached_property
    def review(self) -> Review:
        """What the engine says."""
        return review(self.case.before, self.case.after)

    @cached_property
    def resources(self) -> dict[str, ResourceChange]:
        """The resources that the engine tells of; no two templates of a pair share a logical ID."""
        return {r.name: r for stack in self.review.stacks for r in stack.resources}


def word(value: Any) -> str:
    """Return a verdict as it was written: YAML reads `no` as false."""
    return "no" if value is False else str(value)


def findings(pair: Pair) -> Answers:
    """A reviewer is warned of what the pair is about, and of nothing else."""
    expected = {
        (f["concern"], f["certainty"], f["subject"]) for f in pair.expected.get("findings", ())
    }
    yield {(str(f.concern), str(f.certainty), f.subject) for f in pair.review.findings}, expected


def nothing(pair: Pair) -> Answers:
    """A pair that means the same is told of with no word, and any other with some."""
    full = [stack.name for stack in pair.review.stacks if not stack.empty]
    yield not full, bool(pair.expected.get("nothing"))


def resources(pair: Pair) -> Answers:
    """The resources added, removed, changed and affected are these, no more and no less."""
    found = {name: str(resource.kind) for name, resource in pair.resources.items()}
    yield found, pair.expected.get("resources", {})


def replacement(pair: Pair) -> Answers:
    """What is replaced is these; every other resource that changes stays where it is."""
    stays = {
        name: "no"
        for name, kind in pair.expected.get("resources", {}).items()
        if kind in ("changed", "affected")
    }
    verdicts = pair.expected.get("replacement", {})
    expected = stays | {name: word(verdict) for name, verdict in verdicts.items()}
    found = {
        name: str(resource.replacement)
        for name, resource in pair.resources.items()
        if resource.kind in (Kind.CHANGED, Kind.AFFECTED)
    }
    yield found, expected


def properties(pair: Pair) -> Answers:
    """Old and new value of these properties can be seen, worked out."""
    for name, paths in pair.expected.get("properties", {}).items():
        seen = {
            detail.path: [
                None if value is MISSING else shown(value)
                for value in (detail.before, detail.after)
            ]
            for detail in (pair.resources[name].properties if name in pair.resources else ())
        }
        yield {path: seen.get(path) for path in paths}, paths


def powers(pair: Pair) -> Answers:
    """These holders may do more, less, or the same by other words; no other policy is told of."""
    found: dict[str, set[Extent]] = {}
    for power in (power for stack in pair.review.stacks for power in stack.permissions):
        found.setdefault(power.attached_to, set()).add(power.extent)
    expected = pair.expected.get("powers", {})
    yield {holder: str(together(extents)) for holder, extents in found.items()}, expected


def together(extents: set[Extent]) -> Extent:
    """Return what the changes of several policies of one holder come to."""
    of = extents - {Extent.SAME}
    return Extent.SAME if not of else of.pop() if len(of) == 1 else Extent.MIXED


def exposures(pair: Pair) -> Answers:
    """Ways in from the internet that are opened or closed are these."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for exposure in (one for stack in pair.review.stacks for one in stack.exposures):
        found[exposure.opened].add(exposure.resource)
    yield found[True], set(pair.expected.get("opened", ()))
    yield found[False], set(pair.expected.get("closed", ()))


def payloads(pair: Pair) -> Answers:
    """Texts that run in AWS are told of as texts, by their names or their resources' names."""
    found = [one for stack in pair.review.stacks for one in stack.payloads]
    expected = pair.expected.get("payloads", [])
    yield len(found), len(expected)
    for name in expected:
        yield [one.name for one in found if name in (one.name, one.resource)] != [], True
    yield [one.name for one in found if not one.diff], []


def entries(pair: Pair) -> Answers:
    """Parameters, outputs, conditions and mappings that are not the same are these."""
    found = {
        f"{entry.section}.{entry.name}": str(entry.kind)
        for stack in pair.review.stacks
        for entry in stack.entries
    }
    yield found, pair.expected.get("entries", {})


QUESTIONS = (
    findings, nothing, resources, replacement, properties, powers, exposures, payloads, entries,
)  # fmt: skip


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_reviewer_is_told_what_is_expected(path: Path) -> None:
    """Every question about one review has the answer of the case; those that have not are named."""
    pair = Pair(case(path))
    wrong = [
        f"{question.__name__}: {found!r}, not {expected!r}"
        for question in QUESTIONS
        for found, expected in question(pair)
        if found != expected
    ]
    assert wrong == [], pair.expected["claim"].strip()


def test_the_corpus_is_whole() -> None:
    """At least 60 cases, of every theme, one claim each; an expectation with a slip is none."""
    assert len(CASES) >= 60
    assert {path.parent.name for path in CASES} == CONCERNS
    claims: dict[str, Path] = {}
    for path in CASES:
        expected = case(path).expected
        assert set(expected) <= KEYS, path
        assert claims.setdefault(expected["claim"], path) == path
        only = set(expected) - {"claim", "source"}
        assert (only == {"nothing"}) == (path.parent.name == "nothing"), path


def test_a_case_is_one_file() -> None:
    """Nothing else lies in the corpus."""
    assert {path for path in CORPUS.rglob("*") if path.is_file()} == set(CASES)


TEXT = """\
claim: a claim
--- # before/a.yaml
Resources: {}
Resources: {}
---
a: second document
--- # before/b.yaml
{"Resources": {}}
--- # after/a.yaml, quoted
"\\uFEFFResources: {}\\r\\n--- # after\\r\\n"
"""


def test_a_template_is_read_as_it_stands() -> None:
    """Repeated keys, separators, JSON; byte order marks and line ends, if it is quoted."""
    found = parse(TEXT, "theme/name")
    assert found.expected == {"claim": "a claim"}
    repeated = "Resources: {}\nResources: {}\n---\na: second document\n"
    assert found.before == {"a": repeated, "b": '{"Resources": {}}\n'}
    assert found.after == {"a": "\ufeffResources: {}\r\n--- # after\r\n"}
    assert found.theme == "theme"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claim: a\n---\nResources: {}\n", "no line `--- # before` or"),
        ("claim: a\n--- # before\na\n--- # before\nb\n", "before has a template twice"),
        ("claim: a\n--- # after/x.yaml\na\n--- # after/x.yaml\nb\n", "after has x twice"),
        ("claim: a\n--- # after, quoted\nResources: {}\n", "after is quoted, and no string"),
    ],
)
def test_a_case_that_says_nothing_is_refused(text: str, message: str) -> None:
    """A slip in a separator may not make a case that holds whatever the engine says."""
    with pytest.raises(ValueError, match=f"theme/name: {message}"):
        parse(text, "theme/name")
