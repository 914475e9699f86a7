"""What the real CDK synthesises, in pairs: each with what AWS does when it is deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.cdk_pairs import EXPECTED, PAIRS, CdkPair, cdk_pair, matching

from cfngen.cli import main

KEYS = {
    "claim", "concern", "findings", "less", "nothing", "payloads", "resources", "source",
}  # fmt: skip
CONCERNS = {
    "changes", "data", "internet", "nothing", "payloads", "powers", "refused", "replacement",
}  # fmt: skip


@pytest.fixture(params=EXPECTED, ids=lambda path: path.stem)
def pair(request: pytest.FixtureRequest) -> CdkPair:
    """Each pair."""
    return cdk_pair(request.param)


@pytest.fixture
def reviewed(
    pair: CdkPair,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """What `cfngen review` says of a pair, in JSON."""
    monkeypatch.chdir(tmp_path)
    pair.written(tmp_path)
    assert main(["review", "before", "after", "--format", "json"]) == 0
    review: dict[str, Any] = json.loads(capsys.readouterr().out)
    return review


def of_all(review: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return what all stacks of a review have under a key."""
    return [entry for stack in review["stacks"] for entry in stack[key]]


def named(findings: list[dict[str, str]]) -> set[tuple[str, str, str]]:
    """Return findings by the constructs that they are about."""
    return {(f["concern"], f["certainty"], f.get("construct") or f["subject"]) for f in findings}


def test_a_reviewer_is_warned_of_what_aws_does(pair: CdkPair, reviewed: dict[str, Any]) -> None:
    """Of each pair, and of nothing else."""
    found = named([*of_all(reviewed, "findings"), *reviewed.get("unknowns", ())])
    subjects = {subject for _, _, subject in found}
    less = pair.expected.get("less", ())
    expected = {
        (finding["concern"], "may" if subject in less else finding["certainty"], subject)
        for finding in pair.expected.get("findings", ())
        for subject in matching(finding["subject"], subjects)
    }
    assert found == expected, pair.expected["claim"]


def test_what_changes_is_named_by_its_construct(pair: CdkPair, reviewed: dict[str, Any]) -> None:
    """Where a pair names all that changes; nothing is said of one that changes nothing."""
    assert bool(reviewed["stacks"]) != bool(pair.expected.get("nothing"))
    changes = [r for r in of_all(reviewed, "resources") if r["kind"] != "affected"]
    found = {change["construct"]: change["kind"] for change in changes}
    if "resources" in pair.expected:
        assert found == pair.expected["resources"], pair.expected["claim"]
    assert len(of_all(reviewed, "payloads")) == len(pair.expected.get("payloads", ()))


def test_every_template_is_compared(pair: CdkPair, reviewed: dict[str, Any]) -> None:
    """Each template that both sides have counts once, whether it is a stack or nested in one."""
    before, after = (pair.templates(side).keys() for side in ("before", "after"))
    assert reviewed["scope"]["compared"] == len(before & after)
    left_out = [one["path"] for one in reviewed["scope"]["left_out"]]
    assert [path for path in left_out if not path.endswith(".assets.json")] == []


def test_the_pairs_are_whole() -> None:
    """At least 60, of every concern, one claim each; an expectation with a slip is none."""
    pairs = [cdk_pair(path) for path in EXPECTED]
    assert len(pairs) >= 60
    assert {pair.expected["concern"] for pair in pairs} == CONCERNS
    assert len({pair.expected["claim"] for pair in pairs}) == len(pairs)
    for pair in pairs:
        assert pair.expected.keys() <= KEYS, pair.name
        assert pair.files.keys() == {"before", "after"}, pair.name
        assert pair.expected.keys() - {"claim", "concern", "source"}, pair.name
    assert {path.stem for path in PAIRS.glob("*.json")} == {pair.name for pair in pairs}
