"""Each rule of the review, alone: what it finds, and what comes near."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfngen.errors import RenderError
from cfngen.review.rules import rules
from cfngen.testing.rule_cases import RuleCase, missing_cases, rule_cases, unexpected

CASES = Path(__file__).with_name("rules")


@pytest.mark.parametrize(
    "case", rule_cases(CASES), ids=lambda case: f"{case.code}-{case.claim[:40]}"
)
def test_a_rule_finds_what_its_cases_say(case: RuleCase) -> None:
    """And nothing else."""
    assert unexpected(case, rules()) == []


def test_each_rule_has_a_case_that_it_finds_and_one_that_it_does_not() -> None:
    """In one file of its name, and no file is of a rule that is no more."""
    assert list(missing_cases(rules(), CASES)) == []


LOG = """
- claim: {claim}
  before: {{Resources: {{Log: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: 30}}}}}}}}
  after: {{Resources: {{Log: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: 7}}}}}}}}
  hits: {hits}
"""


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file of cases, and return the directory of all of them."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("hits", "wrong"),
    [
        ("[{subject: Log, path: RetentionInDays, certainty: will}]", []),
        ("[{subject: Log, path: RetentionInDays, certainty: will, message: older}]", []),
        ("[]", ["also found: "]),
        ("[{subject: Log, path: RetentionInDays}]", ["not found: ", "also found: "]),
        ("[{subject: Log, certainty: will}]", ["not found: ", "also found: "]),
        (
            "[{subject: Log, path: RetentionInDays, certainty: will, message: newer}]",
            ["not found: ", "also found: "],
        ),
        (
            "[{subject: Log, path: RetentionInDays, certainty: will}, {subject: Log}]",
            ["not found: "],
        ),
    ],
)
def test_a_case_that_says_otherwise_is_noticed(hits: str, wrong: list[str], tmp_path: Path) -> None:
    """Too much, too little, another certainty, another property or another message."""
    text = LOG.format(claim="a", hits=hits)
    (case,) = rule_cases(written(tmp_path, "D103_retention_shortened.yaml", text))
    problems = unexpected(case, rules())
    assert [problem.partition("{")[0] for problem in problems] == wrong


def test_a_rule_without_a_hit_or_a_near_miss_is_noticed(tmp_path: Path) -> None:
    """And so is a file that no rule is called like."""
    hit = LOG.format(claim="a", hits="[{subject: Log, path: RetentionInDays, certainty: will}]")
    own = {"D103": rules()["D103"]}
    written(tmp_path, "D103_retention_shortened.yaml", hit)
    assert list(missing_cases(own, tmp_path)) == [
        "data/D103_retention_shortened.yaml: no case that comes near, and D103 finds nothing in"
    ]
    (tmp_path / "data/D103_retention_shortened.yaml").rename(tmp_path / "data/D103_other.yaml")
    assert list(missing_cases(own, tmp_path)) == [
        "data/D103_other.yaml: no rule is called so",
        "data/D103_retention_shortened.yaml: no case that D103 finds something in",
        "data/D103_retention_shortened.yaml: no case that comes near, and D103 finds nothing in",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {claim: a, hit: [], hits: []}\n", "case 1: hit: no such key"),
        ("- {claim: a}\n", "case 1: it needs a claim and hits"),
        ("- {claim: a, hits: [}\n", "not YAML"),
    ],
)
def test_a_misspelt_case_is_refused(text: str, says: str, tmp_path: Path) -> None:
    """It would be a case of nothing."""
    with pytest.raises((ValueError, RenderError), match=says):
        rule_cases(written(tmp_path, "D103_retention_shortened.yaml", text))
