"""Findings as SARIF are where reviewers look, and keep their identity."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from review import handmade

from cfngen.review.formats import format_review
from cfngen.review.model import Certainty, Concern, Finding, Kind, Review, Side, StackReview


def results(review: Review) -> list[Any]:
    """Return what SARIF says of a review."""
    found = json.loads(format_review(review, "sarif", version="1.2.3"))
    assert set(found) == {"$schema", "version", "runs"}
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("cfngen", "1.2.3")
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    return list(run["results"])


def place(location: Any) -> tuple[str, int]:
    """Return the file and line of a location."""
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def test_a_finding_is_located_in_the_template_and_in_the_blueprint() -> None:
    """The gravest comes first, at its line of YAML, with the line of Python that added it."""
    found = results(handmade.everything())
    assert [result["ruleId"] for result in found] == [
        "cfngen/refused",
        "cfngen/refused",
        "cfngen/data",
        "cfngen/replace",
        "cfngen/replace",
        "cfngen/broaden",
        "cfngen/broaden",
        "cfngen/broaden",
    ]
    assert place(found[0]["locations"][0]) == ("output/backlog-proxy-efs.yaml", 31)
    assert place(found[0]["relatedLocations"][0]) == (
        "blueprints/backlog_proxy/blueprint.py",
        40,
    )
    assert "relatedLocations" not in found[1]


def test_a_line_of_base_is_told_and_not_pointed_at() -> None:
    """What is gone has no line in head: the nearest one stands for it, or the first."""
    result = results(handmade.everything())[1]
    assert place(result["locations"][0]) == ("output/backlog-proxy-efs.yaml", 1)
    assert result["message"]["text"].endswith("It was on line 212 in main.")
    review = handmade.one(Concern.DATA, Certainty.WILL)
    (finding,) = review.findings
    gone = replace(finding, side=Side.BASE, nearest_head_line=7)
    moved = replace(review, stacks=(replace(review.stacks[0], findings=(gone,)),))
    assert place(results(moved)[0]["locations"][0]) == ("stack.yaml", 7)
    removed = replace(moved, stacks=(replace(moved.stacks[0], kind=Kind.REMOVED),))
    assert place(results(removed)[0]["locations"][0]) == ("stack.yaml", 3)


@pytest.mark.parametrize(
    ("concern", "certainty", "level"),
    [
        (Concern.REFUSED, Certainty.WILL, "error"),
        (Concern.REFUSED, Certainty.MAY, "warning"),
        (Concern.DATA, Certainty.WILL, "error"),
        (Concern.DATA, Certainty.MAY, "warning"),
        (Concern.REPLACE, Certainty.WILL, "warning"),
        (Concern.REPLACE, Certainty.MAY, "note"),
        (Concern.BROADEN, Certainty.WILL, "warning"),
        (Concern.BROADEN, Certainty.MAY, "note"),
    ],
)
def test_a_finding_has_a_level(concern: Concern, certainty: Certainty, level: str) -> None:
    """What fails or loses data is an error; what may happen is less."""
    (result,) = results(handmade.one(concern, certainty))
    assert result["level"] == level


def test_the_identity_of_a_finding_is_not_its_line() -> None:
    """Lines above do not make a new alert; another resource does, and twins are told apart."""

    def identities(*findings: Finding) -> list[str]:
        stack = StackReview("stack", Kind.CHANGED, "stack.yaml", findings=findings)
        found = results(Review("a", "b", (stack,)))
        return [result["partialFingerprints"]["cfngen/v1"] for result in found]

    (finding,) = handmade.one(Concern.DATA, Certainty.WILL).findings
    first = identities(finding)
    assert first == identities(replace(finding, line=99, message="said otherwise"))
    assert first != identities(replace(finding, subject="Other"))
    assert len(set(identities(finding, finding, replace(finding, path="Name")))) == 3


@pytest.mark.slow
def test_no_more_results_than_are_shown() -> None:
    """GitHub shows 5,000 results: the gravest are among them, and the rest is counted."""
    found = json.loads(format_review(handmade.huge(1000), "sarif"))["runs"][0]
    assert len(found["results"]) == 5000
    assert {result["level"] for result in found["results"][:2000]} == {"error", "warning"}
    notes = found["invocations"][0]["toolExecutionNotifications"]
    warning = next(note["message"]["text"] for note in notes if note["level"] == "warning")
    assert warning.startswith("2000 more findings")
