"""The corpus: pairs of templates, each with what AWS does when the second follows the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfngen.cloudformation.values import shown
from cfngen.review import review
from cfngen.review.model import MISSING, Extent, Kind, ResourceChange, Review

CORPUS = Path(__file__).parent / "corpus"
CONCERNS = {
    "changes", "data", "inside", "internet", "nothing", "payloads", "powers", "refused",
    "replacement",
}  # fmt: skip
KEYS = {
    "claim", "closed", "entries", "findings", "nothing", "opened", "payloads", "powers",
    "properties", "replacement", "resources", "source",
}  # fmt: skip
PAIRS = sorted(path.parent for path in CORPUS.glob("*/*/expected.yaml"))


@dataclass(frozen=True)
class Pair:
    """One folder of the corpus; what `expected.yaml` leaves out is not there at all."""

    folder: Path
    expected: dict[str, Any] = field(repr=False)

    def side(self, name: str) -> dict[str, str]:
        """Return the templates of `before` or `after`: one called `stack`, or those of a folder."""
        one = self.folder / f"{name}.yaml"
        if one.is_file():
            return {"stack": one.read_text("utf-8")}
        several = sorted((self.folder / name).glob("*.yaml"))
        return {path.stem: path.read_text("utf-8") for path in several}

    @cached_property
    def review(self) -> Review:
        """What the engine says."""
        return review(self.side("before"), self.side("after"))

    @cached_property
    def resources(self) -> dict[str, ResourceChange]:
        """The resources that the engine tells of; no two templates of a pair share a logical ID."""
        return {r.name: r for stack in self.review.stacks for r in stack.resources}


@cache
def opened(folder: Path) -> Pair:
    """Open a folder once for all tests, which ask one review different questions."""
    return Pair(folder, yaml.safe_load((folder / "expected.yaml").read_text("utf-8")))


@pytest.fixture(params=PAIRS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def pair(request: pytest.FixtureRequest) -> Pair:
    """Open one folder after the other."""
    return opened(request.param)


def word(value: Any) -> str:
    """Return a verdict as it was written: YAML reads `no` as false."""
    return "no" if value is False else str(value)


def told(found: Any, expected: Any, pair: Pair) -> None:
    """Compare, and say what should have been told of which pair."""
    assert found == expected, f"{pair.folder.relative_to(CORPUS)}: {pair.expected['claim'].strip()}"


def test_findings(pair: Pair) -> None:
    """A reviewer is warned of what the pair is about, and of nothing else."""
    expected = {
        (f["concern"], f["certainty"], f["subject"]) for f in pair.expected.get("findings", ())
    }
    found = {(str(f.concern), str(f.certainty), f.subject) for f in pair.review.findings}
    told(found, expected, pair)


def test_nothing(pair: Pair) -> None:
    """A pair that means the same is told of with no word, and any other with some."""
    full = [stack.name for stack in pair.review.stacks if not stack.empty]
    told(not full, bool(pair.expected.get("nothing")), pair)


def test_resources(pair: Pair) -> None:
    """The resources added, removed, changed and affected are these, no more and no less."""
    found = {name: str(resource.kind) for name, resource in pair.resources.items()}
    told(found, pair.expected.get("resources", {}), pair)


def test_replacement(pair: Pair) -> None:
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
    told(found, expected, pair)


def test_properties(pair: Pair) -> None:
    """Old and new value of these properties can be seen, worked out."""
    for name, paths in pair.expected.get("properties", {}).items():
        seen = {
            detail.path: [
                None if value is MISSING else shown(value)
                for value in (detail.before, detail.after)
            ]
            for detail in (pair.resources[name].properties if name in pair.resources else ())
        }
        told({path: seen.get(path) for path in paths}, paths, pair)


def test_powers(pair: Pair) -> None:
    """These holders may do more, less, or the same by other words; no other policy is told of."""
    found: dict[str, set[Extent]] = {}
    for power in (power for stack in pair.review.stacks for power in stack.permissions):
        found.setdefault(power.attached_to, set()).add(power.extent)
    expected = pair.expected.get("powers", {})
    told({holder: str(together(extents)) for holder, extents in found.items()}, expected, pair)


def together(extents: set[Extent]) -> Extent:
    """Return what the changes of several policies of one holder come to."""
    of = extents - {Extent.SAME}
    return Extent.SAME if not of else of.pop() if len(of) == 1 else Extent.MIXED


def test_exposures(pair: Pair) -> None:
    """Ways in from the internet that are opened or closed are these."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for exposure in (one for stack in pair.review.stacks for one in stack.exposures):
        found[exposure.opened].add(exposure.resource)
    told(found[True], set(pair.expected.get("opened", ())), pair)
    told(found[False], set(pair.expected.get("closed", ())), pair)


def test_payloads(pair: Pair) -> None:
    """Texts that run in AWS are told of as texts, by their names or their resources' names."""
    found = [one for stack in pair.review.stacks for one in stack.payloads]
    expected = pair.expected.get("payloads", [])
    told(len(found), len(expected), pair)
    for name in expected:
        told([one.name for one in found if name in (one.name, one.resource)] != [], True, pair)
    told([one.name for one in found if not one.diff], [], pair)


def test_entries(pair: Pair) -> None:
    """Parameters, outputs, conditions and mappings that are not the same are these."""
    found = {
        f"{entry.section}.{entry.name}": str(entry.kind)
        for stack in pair.review.stacks
        for entry in stack.entries
    }
    told(found, pair.expected.get("entries", {}), pair)


def test_the_corpus_is_whole() -> None:
    """At least 60 pairs, of every concern, one claim each; an expectation with a slip is none."""
    assert len(PAIRS) >= 60
    assert {folder.parent.name for folder in PAIRS} == CONCERNS
    claims: dict[str, Path] = {}
    for folder in PAIRS:
        expected = opened(folder).expected
        assert set(expected) <= KEYS, folder
        assert claims.setdefault(expected["claim"], folder) == folder
        only = set(expected) - {"claim", "source"}
        assert (only == {"nothing"}) == (folder.parent.name == "nothing"), folder
        sides = {path.name.removesuffix(".yaml") for path in folder.iterdir()}
        assert {"before", "after"} & sides, folder
        assert sides <= {"before", "after", "expected"}, folder
